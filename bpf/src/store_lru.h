/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Flows in the kernel's own LRU hash, for hosts that cannot have the array. It
 * forgets without saying so: what it lost is the totals less what is read.
 */
#ifndef SPANWATCH_STORE_LRU_H
#define SPANWATCH_STORE_LRU_H

#include "flow_counts.h"
#include "parse_fast.h"
#include "totals.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__type(key, struct flow_key);
	__type(value, struct flow_counts);
	__uint(max_entries, 1);
} lru_flows SEC(".maps");

static __always_inline void store_add(const struct packet *p, struct cpu_totals *t, __u32 cpu, int side,
				      __u64 packets, __u64 bytes, __u64 now)
{
	struct flow_counts *c = bpf_map_lookup_elem(&lru_flows, &p->key);

	if (!c) {
		struct flow_counts none = {};

		/* Another CPU may be faster, which is as good. */
		bpf_map_update_elem(&lru_flows, &p->key, &none, BPF_NOEXIST);
		c = bpf_map_lookup_elem(&lru_flows, &p->key);
		if (!c) {
			refuse(REASON_TABLE_BUSY, p->key.depth ? 1 : 0, packets, bytes);
			return;
		}
	}
	if (!c->first) { /* new on this CPU */
		flow_counts_begin(c, p, side, packets, bytes, now);
		t->new_flows++;
		return;
	}
	flow_counts_add(c, p, side, packets, bytes, now);
}

static __always_inline void store_add_plain(const struct plain *f, struct cpu_totals *t, __u32 cpu, int side,
					    __u64 packets, __u64 bytes, __u64 now)
{
	struct packet p = { .key.source = source };

	packet_of_plain(&p, f);
	store_add(&p, t, cpu, side, packets, bytes, now);
}

#endif
