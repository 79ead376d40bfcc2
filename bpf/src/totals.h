/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Exact totals of the interface, of each VLAN and of each reason; millisecond buckets. */
#ifndef SPANWATCH_TOTALS_H
#define SPANWATCH_TOTALS_H

#include "packet.h"

#define VLAN_IDS 4096
#define BURSTS 4096 /* milliseconds kept, a power of two */

/*
 * The precise clock costs more than all the rest of a small packet, and makes the
 * processor wait for all that it has begun. So it is read with every burst_every-th
 * packet and whenever the coarse one moved; more seldom while so many take less
 * than BURST_SLACK, a 64th of a millisecond. A bucket may so hold as many packets
 * of its neighbour as burst_every, or as come in twice that time.
 */
volatile const __u32 burst_every = 16;

#define BURST_SLACK (1000000 / 64)
#define BURST_STRIDE 1024 /* at most */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct cpu_totals);
	__uint(max_entries, 1);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct count[2]);
	__uint(max_entries, VLAN_IDS);
} vlan_totals SEC(".maps");

/* [0] outermost packets, [1] packets within tunnels */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct count[2]);
	__uint(max_entries, REASON_COUNT);
} reasons SEC(".maps");

/* BURSTS milliseconds for each CPU; the loader sets the size. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct burst);
	__uint(max_entries, BURSTS);
	__uint(map_flags, BPF_F_MMAPABLE);
} bursts SEC(".maps");

static __always_inline void count_add(struct count *c, __u64 packets, __u64 bytes)
{
	c->packets += packets;
	c->bytes += bytes;
}

static __always_inline void count_vlan(__u32 vlan, int side, __u64 packets, __u64 bytes)
{
	struct count *c = bpf_map_lookup_elem(&vlan_totals, &vlan);

	if (c)
		count_add(&c[side], packets, bytes);
}

static __always_inline void refuse(__u32 reason, int inner, __u64 packets, __u64 bytes)
{
	struct count *c = bpf_map_lookup_elem(&reasons, &reason);

	if (c)
		count_add(&c[inner], packets, bytes);
}

/* Closes the millisecond that counted so far when another one has begun. */
static __always_inline void burst_tick(struct cpu_totals *t, __u32 cpu, __u64 now)
{
	__u64 ns, ms, took, stride = burst_every;
	struct burst *b;
	__u32 i;

	if (t->burst_jiffies == now && --t->burst_left)
		return;
	ns = bpf_ktime_get_ns();
	took = ns - t->burst_ns;
	if (stride > 1 && took < 2 * BURST_SLACK) {
		stride = t->burst_stride;
		if (!t->burst_left && took < BURST_SLACK && stride < BURST_STRIDE)
			stride *= 2;
	}
	t->burst_jiffies = now;
	t->burst_left = stride;
	t->burst_stride = stride;
	t->burst_ns = ns;
	ms = ns / 1000000;
	if (ms == t->burst_ms)
		return;
	i = cpu * BURSTS + (t->burst_ms & (BURSTS - 1));
	b = bpf_map_lookup_elem(&bursts, &i);
	if (b) {
		b->ms = 0;
		barrier();
		b->count[0].packets = t->total[0].packets - t->burst_mark[0].packets;
		b->count[0].bytes = t->total[0].bytes - t->burst_mark[0].bytes;
		b->count[1].packets = t->total[1].packets - t->burst_mark[1].packets;
		b->count[1].bytes = t->total[1].bytes - t->burst_mark[1].bytes;
		barrier();
		b->ms = t->burst_ms;
	}
	t->burst_mark[0] = t->total[0];
	t->burst_mark[1] = t->total[1];
	t->burst_ms = ms;
}

#endif
