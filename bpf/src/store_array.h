/*
 * Flows in an array that user space maps: one shard for each CPU, sets of WAYS
 * slots, and a word of tags for each set.
 *
 *	tags   | 15 bits for each way, 0 = free, and whether it was used lately |  …
 *	flows  | slot | slot | slot | slot      |  …   128 bytes each
 *
 * A look-up compares all tags of the set at once and goes straight to the one
 * slot, of which a packet of a plain flow touches one cache line. A set that is
 * full hands a slot that was not used lately to the ring buffer, as the clock
 * algorithm does. A CPU writes its own shard only, and programs that count never
 * interrupt each other there, so nothing locks. A reader checks the sequence
 * number of a slot.
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
	__type(value, __u64[2]);
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
#define LANE_TAG 0x7fff7fff7fff7fffULL
#define LANE_USED 0x8000800080008000ULL

/* The top bit of each lane of x that is zero but for its top bit. */
static __always_inline __u64 zero_lanes(__u64 x)
{
	return ~((x & LANE_TAG) + LANE_TAG) & LANE_USED;
}

/* The way of the one lane whose top bit is set: a multiply adds up its number. */
static __always_inline __u32 lane_way(__u64 m)
{
	return (m >> 15) * (1ULL << 46 | 2ULL << 30 | 3ULL << 14) >> 62;
}

/* A set of this CPU's shard. */
struct flow_set {
	__u64 *tags;
	struct flow_slot *slots;
	__u64 tag;
	__u32 index;
};

/* Whether there is a shard for this CPU. */
static __always_inline int set_of(__u64 hash, __u32 cpu, struct flow_set *set)
{
	__u32 in_shard = hash & ((1U << set_bits) - 1), in_block = in_shard, block = cpu;
	__u64 *tag_block;
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
	set->tag = hash >> 49;
	set->tag += !set->tag;
	set->index = (cpu << set_bits) + in_shard;
	return 1;
}

/*
 * The slot of a flow, or NULL. k is its key, which is looked at unless the flow
 * is plain.
 */
static __always_inline struct flow_slot *slot_find(const struct flow_set *set, const struct flow_id *id,
						   const struct flow_key *k)
{
	__u64 word = *set->tags;
	__u64 m = zero_lanes(word ^ set->tag * LANES);
	struct flow_slot *s;
	__u32 way;

	if (!m)
		return NULL;
	way = lane_way(m);
	s = set->slots + way;
	if (!slot_is(s, id, k)) {
		/* Two ways may have the same tag; one packet in many thousand comes here. */
#pragma unroll
		for (way = 0; way < WAYS; way++) {
			s = set->slots + way;
			if (m >> (16 * way + 15) & 1 && slot_is(s, id, k))
				break;
		}
		if (way == WAYS)
			return NULL;
		m = 0x8000ULL << 16 * way;
	}
	if (!(word & m))
		*set->tags = word | m;
	return s;
}

static __always_inline void slot_evict(struct flow_slot *s, __u32 index, struct cpu_totals *t)
{
	struct flow_slot *r = bpf_ringbuf_reserve(&evictions, sizeof(*r), 0);

	if (r) {
		*r = *s;
		r->head.seq = index;
		bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
		t->evicted_flows++;
		return;
	}
	count_add(&t->lost[s->key.depth ? 1 : 0], s->head.packets[0] + s->head.packets[1],
		  s->head.bytes[0] + s->head.bytes[1]);
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
	struct flow_head *h = &s->head;

	if (h->seq & 1)
		return 0;
	seq_set(h, h->seq + 1);
	h->packets[hit->reversed] += hit->packets;
	h->bytes[hit->reversed] += hit->bytes;
	h->tcp_flags[hit->reversed] |= hit->tcp_flags;
	h->sides |= hit->sides;
	h->last = hit->now;
	seq_set(h, h->seq + 1);
	return 1;
}

/* Begins a flow, and says whether it could. */
static __always_inline int slot_begin(const struct flow_set *set, const struct flow_id *id, const struct flow_key *k,
				      const struct hit *hit, struct cpu_totals *t)
{
	__u64 word = *set->tags, m = zero_lanes(word), reversed = -(__u64)hit->reversed;
	struct flow_slot *s;
	__u32 way;

	if (!m)
		m = ~word & LANE_USED;
	if (!m) {
		word &= ~LANE_USED;
		m = LANE_USED;
	}
	way = lane_way(m & -m);
	s = set->slots + way;
	if (s->head.seq & 1)
		return 0;
	if (word >> 16 * way & 0x7fff)
		slot_evict(s, set->index * WAYS + way, t);
	seq_set(&s->head, s->head.seq + 1);
	s->head.id[0] = id->lo;
	s->head.id[1] = id->hi;
	s->head.packets[0] = hit->packets & ~reversed;
	s->head.packets[1] = hit->packets & reversed;
	s->head.bytes[0] = hit->bytes & ~reversed;
	s->head.bytes[1] = hit->bytes & reversed;
	s->head.last = hit->now;
	s->head.tcp_flags[0] = hit->tcp_flags & (__u8)~reversed;
	s->head.tcp_flags[1] = hit->tcp_flags & (__u8)reversed;
	s->head.first_dir = hit->reversed;
	s->head.sides = hit->sides;
	s->head.generation++;
	s->key = *k;
	s->first = hit->now;
	seq_set(&s->head, s->head.seq + 1);
	*set->tags = (word & ~(0xffffULL << 16 * way)) | (set->tag | 0x8000) << 16 * way;
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

/* The same for a plain packet, whose key is made only for a new flow. */
static __always_inline void store_add_plain(const struct plain *f, struct cpu_totals *t, __u32 cpu, int side,
					    __u64 packets, __u64 bytes, __u64 now)
{
	struct hit hit = { .packets = packets, .bytes = bytes, .now = now, .reversed = f->reversed,
			   .tcp_flags = f->tcp_flags, .sides = 1 << side };
	struct flow_slot *s;
	struct flow_set set;

	if (set_of(f->id.hash, cpu, &set)) {
		struct flow_key k = { .source = source };

		s = slot_find(&set, &f->id, NULL);
		if (s && slot_add(s, &hit))
			return;
		key_of_plain(&k, &f->id);
		if (!s && slot_begin(&set, &f->id, &k, &hit, t))
			return;
	}
	refuse(REASON_TABLE_BUSY, 0, packets, bytes);
}

#endif
