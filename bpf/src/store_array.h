/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Flows in an array that user space maps: one shard for each CPU, sets of WAYS
 * slots, and a word of tags for each set.
 *
 *	tags   | 7 bits for each way, 0 = free, and whether it was used lately |  …
 *	flows  | slot | slot | slot | slot |  …    64 bytes each
 *	names  | key  | key  | key  | key  |  …    of flows that are not plain
 *
 * A look-up compares all tags of the set at once and goes straight to the one
 * slot. A set that is full hands a slot that was not used lately to the eviction
 * ring of its CPU, as the clock algorithm does. A CPU writes its own shard and ring
 * only, and programs that count never interrupt each other there, so nothing locks.
 * A reader checks the sequence number of a slot.
 */
#ifndef SPANWATCH_STORE_ARRAY_H
#define SPANWATCH_STORE_ARRAY_H

#include "parse_fast.h"
#include "totals.h"

volatile const __u32 set_bits = 1; /* sets of one shard, as a power of two */
volatile const __u32 shards = 1;

/*
 * An element is as many sets as the loader likes: best the whole shard, so that
 * the address of a slot is a sum and needs no look-up that waits for the hash.
 */
volatile const __u32 block_bits = 1; /* sets of one element, as a power of two */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u32[2]);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
} tags SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct flow_slot[2 * WAYS]);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct flow_name[2 * WAYS]);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
} names SEC(".maps");

/*
 * A ring of lines for each CPU: a slot, and behind that of a flow that is not plain
 * its name. The kernel's own ring buffer takes a lock and several calls a record.
 */
volatile const __u32 ring_bits = 1; /* lines of one ring, as a power of two */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct flow_slot[2]);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
} evictions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct eviction_marks);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
} eviction_marks SEC(".maps");

/*
 * Writers mark a slot by an odd number, and the end of a ring. On arm64 other CPUs
 * may see plain stores in another order; an exchange is a full barrier there.
 */
#ifdef __TARGET_ARCH_arm64
#define publish(p, n) ((void)__sync_lock_test_and_set(p, n))
#else
#define publish(p, n)                           \
	do {                                    \
		barrier();                      \
		*(volatile typeof(n) *)(p) = n; \
		barrier();                      \
	} while (0)
#endif

static __always_inline void seq_set(struct flow_slot *s, __u32 n)
{
	publish(&s->seq, n);
}

#define LANES 0x01010101U
#define LANE_TAG 0x7f7f7f7fU
#define LANE_USED 0x80808080U

/* The top bit of each lane of x that is zero but for its top bit. */
static __always_inline __u32 zero_lanes(__u32 x)
{
	return ~((x & LANE_TAG) + LANE_TAG) & LANE_USED;
}

/* The way of the lowest lane whose top bit is set: a multiply adds up its number. */
static __always_inline __u32 lane_way(__u32 m)
{
	return ((m & -m) >> 7) * (1U << 22 | 2U << 14 | 3U << 6) >> 30;
}

/* The bit of a way that says whether it was used lately. */
static __always_inline __u32 lane_used(__u32 way)
{
	return 0x80U << 8 * way;
}

/* A set of this CPU's shard. */
struct flow_set {
	__u32 *tags;
	struct flow_slot *slots;
	__u32 tag;
	__u32 way; /* where a flow goes if there is room: its likeliest slot */
	__u32 cpu;
	__u32 block; /* element of the arrays that holds it */
	__u32 first; /* its first slot there */
	__u32 index; /* its number among all */
};

/* Whether there is a shard for this CPU. */
static __always_inline int set_of(__u64 hash, __u32 cpu, struct flow_set *set)
{
	__u32 in_shard = hash & ((1U << set_bits) - 1), in_block = in_shard, block = cpu;
	__u32 *tag_block;
	struct flow_slot *slot_block;

	if (cpu >= shards)
		return 0;
	if (block_bits < set_bits) {
		in_block = in_shard & ((1U << block_bits) - 1);
		block = (cpu << (set_bits - block_bits)) + (in_shard >> block_bits);
	}
	tag_block = bpf_map_lookup_elem(&tags, &block);
	slot_block = bpf_map_lookup_elem(&flows, &block);
	if (!tag_block || !slot_block)
		return 0;
	set->tags = tag_block + in_block;
	set->slots = slot_block + in_block * WAYS;
	set->tag = hash >> 57;
	set->tag += !set->tag;
	set->way = hash >> 40 & (WAYS - 1);
	set->cpu = cpu;
	set->block = block;
	set->first = in_block * WAYS;
	set->index = (cpu << set_bits) + in_shard;
	return 1;
}

/* Where the key of a flow that is not plain stands. */
static __always_inline struct flow_key *set_key(const struct flow_set *set, __u32 way)
{
	__u32 block = set->block;
	struct flow_name *names_block = bpf_map_lookup_elem(&names, &block);

	return names_block ? &names_block[set->first + (way & (WAYS - 1))].key : NULL;
}

/* Whether a slot holds the flow of that id; k is its key, or NULL if it is plain. */
static __always_inline int slot_is(const struct flow_set *set, __u32 way, const struct flow_id *id, const struct flow_key *k)
{
	const struct flow_slot *s = set->slots + way;
	const struct flow_key *named;

	if ((s->id[0] ^ id->lo) | (s->id[1] ^ id->hi))
		return 0;
	if (!k || id->hi)
		return 1;
	named = set_key(set, way);
	return named && key_equal(named, k);
}

/*
 * The slot of a flow, or NULL. k is its key, or NULL if it is plain. Its likeliest
 * slot is touched before the tags say which it is: the set's page has to be looked
 * up in any case, and mostly that is the line, too.
 */
static __always_inline struct flow_slot *slot_find(const struct flow_set *set, const struct flow_id *id,
						   const struct flow_key *k)
{
	__u32 word, m;
	__u32 way;

	asm volatile("" : : "r"(*(volatile __u64 *)&set->slots[set->way].id));
	word = *set->tags;
	m = zero_lanes(word ^ set->tag * LANES);
	if (!m)
		return NULL;
	way = lane_way(m);
	if (!slot_is(set, way, id, k)) {
		/* Another way has the same tag: one packet in a hundred comes here. */
#pragma unroll
		for (way = 0; way < WAYS; way++) {
			if (m & lane_used(way) && slot_is(set, way, id, k))
				break;
		}
		if (way == WAYS)
			return NULL;
	}
	m = lane_used(way);
	if (!(word & m))
		*set->tags = word | m;
	return set->slots + way;
}

/* Writes a slot's flow into the ring, or counts what is lost with it. */
static __always_inline void slot_evict(const struct flow_set *set, __u32 way, struct cpu_totals *t)
{
	const struct flow_slot *s = set->slots + way;
	const struct flow_key *k = s->id[1] ? NULL : set_key(set, way);
	__u32 cpu = set->cpu;
	struct eviction_marks *marks = bpf_map_lookup_elem(&eviction_marks, &cpu);
	struct flow_slot *ring = bpf_map_lookup_elem(&evictions, &cpu);
	__u64 at, lines = k ? 2 : 1;

	if (!marks || !ring)
		return;
	at = marks->written;
	if (at + lines - *(volatile __u64 *)&marks->read <= 1ULL << ring_bits) {
		struct flow_slot *r = ring + (at & ((1ULL << ring_bits) - 1));

		*r = *s;
		r->seq = set->index * WAYS + way;
		if (k)
			((struct flow_name *)(ring + ((at + 1) & ((1ULL << ring_bits) - 1))))->key = *k;
		publish(&marks->written, at + lines);
		t->evicted_flows++;
		return;
	}
	count_add(&t->lost[k && k->depth ? 1 : 0], (s->packets[0] + s->packets[1]) & ((1ULL << PACKET_BITS) - 1),
		  s->bytes[0] + s->bytes[1]);
	t->lost_flows++;
}

/* What one packet is to its flow. */
struct hit {
	__u64 packets;
	__u64 bytes;
	__u64 now;
	__u32 reversed; /* 0 or 1 */
	__u8 tcp_flags;
	__u8 sides;
};

/* Counts a packet, and says whether it could. */
static __always_inline int slot_add(struct flow_slot *s, const struct hit *hit)
{
	if (s->seq & 1)
		return 0;
	seq_set(s, s->seq + 1);
	s->packets[hit->reversed] += hit->packets;
	s->bytes[hit->reversed] += hit->bytes;
	s->tcp_flags[hit->reversed] |= hit->tcp_flags;
	s->sides |= hit->sides;
	s->last = hit->now;
	seq_set(s, s->seq + 1);
	return 1;
}

/* Begins a flow, and says whether it could. k is its key, or NULL if it is plain. */
static __always_inline int slot_begin(const struct flow_set *set, const struct flow_id *id, const struct flow_key *k,
				      const struct hit *hit, struct cpu_totals *t)
{
	__u32 word = *set->tags, m = zero_lanes(word);
	__u64 reversed = -(__u64)hit->reversed;
	struct flow_key *named = NULL;
	struct flow_slot *s;
	__u32 way;

	if (!m)
		m = ~word & LANE_USED;
	if (!m) {
		word &= ~LANE_USED;
		m = LANE_USED;
	}
	way = m & lane_used(set->way) ? set->way : lane_way(m);
	s = set->slots + way;
	if (k && !id->hi) {
		named = set_key(set, way);
		if (!named)
			return 0;
	}
	if (s->seq & 1)
		return 0;
	if (word >> 8 * way & 0x7f)
		slot_evict(set, way, t);
	seq_set(s, s->seq + 1);
	s->id[0] = id->lo;
	s->id[1] = id->hi;
	s->packets[0] = (hit->packets & ~reversed) | hit->now << PACKET_BITS;
	s->packets[1] = (hit->packets & reversed) | hit->now >> 16 << PACKET_BITS;
	s->bytes[0] = hit->bytes & ~reversed;
	s->bytes[1] = hit->bytes & reversed;
	s->last = hit->now;
	s->tcp_flags[0] = hit->tcp_flags & (__u8)~reversed;
	s->tcp_flags[1] = hit->tcp_flags & (__u8)reversed;
	s->sides = hit->sides | (reversed & FIRST_REVERSED);
	s->first_top = hit->now >> 32;
	s->generation++;
	if (named)
		*named = *k;
	seq_set(s, s->seq + 1);
	*set->tags = (word & ~(0xffU << 8 * way)) | (set->tag | 0x80) << 8 * way;
	t->new_flows++;
	return 1;
}

/* Counts a packet of a flow, and says whether it could. */
static __always_inline void store_add(const struct packet *p, struct cpu_totals *t, __u32 cpu, int side,
				      __u64 packets, __u64 bytes, __u64 now)
{
	struct hit hit = { .packets = packets, .bytes = bytes, .now = now, .reversed = p->reversed & 1,
			   .tcp_flags = p->tcp_flags, .sides = 1 << side };
	struct flow_slot *s;
	struct flow_set set;
	struct flow_id id;

	flow_id_of(&p->key, &id);
	if (set_of(id.hash, cpu, &set)) {
		s = slot_find(&set, &id, &p->key);
		if (s ? slot_add(s, &hit) : slot_begin(&set, &id, &p->key, &hit, t))
			return;
	}
	refuse(REASON_TABLE_BUSY, p->key.depth ? 1 : 0, packets, bytes);
}

/* The same for a plain packet, whose id is its key. */
static __always_inline void store_add_plain(const struct plain *f, struct cpu_totals *t, __u32 cpu, int side,
					    __u64 packets, __u64 bytes, __u64 now)
{
	struct hit hit = { .packets = packets, .bytes = bytes, .now = now, .reversed = f->reversed,
			   .tcp_flags = f->tcp_flags, .sides = 1 << side };
	struct flow_slot *s;
	struct flow_set set;

	if (set_of(f->id.hash, cpu, &set)) {
		s = slot_find(&set, &f->id, NULL);
		if (s ? slot_add(s, &hit) : slot_begin(&set, &f->id, NULL, &hit, t))
			return;
	}
	refuse(REASON_TABLE_BUSY, 0, packets, bytes);
}

#endif
