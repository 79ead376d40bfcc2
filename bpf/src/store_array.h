/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Flows in an array that user space maps: one shard for each CPU, sets of WAYS
 * slots, and a word of tags for each set.
 *
 *	tags   | 16 bits for each way, 0 = free |  …   8 bytes a set: the whole fits a cache
 *	flows  | slot | slot | slot | slot      |  …   128 bytes each
 *
 * A look-up compares all tags of the set at once and goes straight to the one
 * slot; a set that is full hands its older of two slots to the ring buffer. A
 * CPU writes its own shard only, and programs that count never interrupt each
 * other there, so nothing locks. A reader checks the sequence number of a slot.
 */
#ifndef SPANWATCH_STORE_ARRAY_H
#define SPANWATCH_STORE_ARRAY_H

#include "flow_counts.h"
#include "key.h"
#include "totals.h"

volatile const __u32 set_bits = 1; /* sets of one shard, as a power of two */
volatile const __u32 shards = 1;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
} tags SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct flow_slot);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 12);
} evictions SEC(".maps");

/*
 * Writers mark a slot by an odd number. On arm64 other CPUs may see plain
 * stores in another order; an exchange is a full barrier there.
 */
#ifdef __TARGET_ARCH_arm64
#define seq_set(s, n) ((void)__sync_lock_test_and_set(&(s)->seq, n))
#else
#define seq_set(s, n)                      \
	do {                               \
		barrier();                 \
		*(volatile __u32 *)&(s)->seq = (n); \
		barrier();                 \
	} while (0)
#endif

#define LANES 0x0001000100010001ULL
#define LANE_LOW 0x7fff7fff7fff7fffULL

/* The top bit of each lane of x that is zero, exactly. */
static __always_inline __u64 zero_lanes(__u64 x)
{
	return ~(((x & LANE_LOW) + LANE_LOW) | x | LANE_LOW);
}

/* The way of the one lane that m marks. */
static __always_inline __u32 lane_way(__u64 m)
{
	return ((m >> 31 & 1) + 2 * (m >> 47 & 1) + 3 * (m >> 63)) & (WAYS - 1);
}

static __always_inline struct flow_slot *slot_at(__u32 set, __u32 way)
{
	__u32 i = set * WAYS + way;

	return bpf_map_lookup_elem(&flows, &i);
}

/* Two ways of a set may have the same tag; one packet in many thousand comes here. */
static __always_inline struct flow_slot *slot_search(__u32 set, __u64 word, __u64 tag, const struct flow_key *k)
{
#pragma unroll
	for (__u32 way = 0; way < WAYS; way++) {
		struct flow_slot *s;

		if ((word >> 16 * way & 0xffff) != tag)
			continue;
		s = slot_at(set, way);
		if (s && key_equal(&s->key, k))
			return s;
	}
	return NULL;
}

static __always_inline void slot_evict(struct flow_slot *s, struct cpu_totals *t)
{
	struct flow_slot *r = bpf_ringbuf_reserve(&evictions, sizeof(*r), 0);

	if (r) {
		*r = *s;
		bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
		t->evicted_flows++;
		return;
	}
	count_add(&t->lost[s->key.depth ? 1 : 0], s->counts.packets[0] + s->counts.packets[1],
		  s->counts.bytes[0] + s->counts.bytes[1]);
	t->lost_flows++;
}

/* A slot for a flow that has none: a free one, or that of the older of two. */
static __always_inline __u32 slot_choose(__u32 set, __u64 word, __u64 hash)
{
	__u64 m = zero_lanes(word);
	struct flow_slot *s, *other;
	__u32 way;

	if (m & 0x8000)
		return 0;
	if (m & 0x80000000)
		return 1;
	if (m & 0x800000000000)
		return 2;
	if (m)
		return 3;
	way = hash >> 40 & (WAYS - 1);
	s = slot_at(set, way);
	other = slot_at(set, way ^ 1);
	if (s && other && other->counts.last < s->counts.last)
		way ^= 1;
	return way;
}

static __always_inline void store_add(const struct packet *p, struct cpu_totals *t, __u32 cpu, int side,
				      __u64 packets, __u64 bytes, __u64 now)
{
	__u64 hash = key_hash(&p->key);
	__u64 tag = hash >> 48, m, word, *w;
	__u32 set = ((__u32)hash & ((1U << set_bits) - 1)) + (cpu << set_bits);
	struct flow_slot *s = NULL;

	tag += !tag;
	w = cpu < shards ? bpf_map_lookup_elem(&tags, &set) : NULL;
	if (!w) {
		refuse(REASON_TABLE_BUSY, p->key.depth ? 1 : 0, packets, bytes);
		return;
	}
	word = *w;
	m = zero_lanes(word ^ tag * LANES);
	if (m) {
		s = slot_at(set, lane_way(m));
		if (!s || !key_equal(&s->key, &p->key))
			s = slot_search(set, word, tag, &p->key);
	}
	if (!s) {
		__u32 way = slot_choose(set, word, hash);

		s = slot_at(set, way);
		if (!s || s->seq & 1) {
			refuse(REASON_TABLE_BUSY, p->key.depth ? 1 : 0, packets, bytes);
			return;
		}
		if (word >> 16 * way & 0xffff)
			slot_evict(s, t);
		seq_set(s, s->seq + 1);
		s->key = p->key;
		s->generation++;
		flow_counts_begin(&s->counts, p, side, packets, bytes, now);
		s->counts.index = set * WAYS + way;
		seq_set(s, s->seq + 1);
		*w = (word & ~(0xffffULL << 16 * way)) | tag << 16 * way;
		t->new_flows++;
		return;
	}
	if (s->seq & 1) {
		refuse(REASON_TABLE_BUSY, p->key.depth ? 1 : 0, packets, bytes);
		return;
	}
	seq_set(s, s->seq + 1);
	flow_counts_add(&s->counts, p, side, packets, bytes, now);
	seq_set(s, s->seq + 1);
}

#endif
