//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What other flow monitors do with a packet, with our parser in front so that
 * the stores are compared: a per-CPU LRU hash, and a hash without preallocation
 * whose values have a spin lock. Both read the precise clock, as theirs do.
 *
 * And the plainest thing that a flow can be kept in: an array of pairs of slots
 * for each CPU, without totals, bursts, reasons, counts of what is lost. Goals for
 * nanoseconds were set where such a sketch was measured, too, so that it tells how
 * fast a machine is.
 */
#include "bench_vary.h"
#include "flow_counts.h"
#include "parse.h"

char _license[] SEC("license") = "Dual BSD/GPL";

struct locked {
	struct bpf_spin_lock lock;
	__u32 zero;
	struct flow_counts counts;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__type(key, struct flow_key);
	__type(value, struct flow_counts);
	__uint(max_entries, 1 << 17);
} bench_lru_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct flow_key);
	__type(value, struct locked);
	__uint(max_entries, 1 << 17);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} bench_lock_map SEC(".maps");

struct pair_slot {
	__u64 seq;
	struct flow_key key;
	struct flow_counts counts;
	__u64 zero;
};

#define PAIR_SLOTS (1 << 17)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct pair_slot);
	__uint(max_entries, 2 * PAIR_SLOTS); /* of two CPUs; others share them, since test runs use one */
	__uint(map_flags, BPF_F_MMAPABLE);
} bench_pair_map SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 24);
} bench_pair_out SEC(".maps");

static __always_inline int bench_parse(struct xdp_md *ctx, struct packet *p)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct plain pl;

	packet_begin(p, end - data, 0, 0);
	if (!bench_vary(ctx) || !parse_plain((void *)(long)ctx->data, (void *)(long)ctx->data_end, &pl, p->limit, 0, 0))
		return 0;
	packet_of_plain(p, &pl);
	return 1;
}

SEC("xdp")
int bench_lru(struct xdp_md *ctx)
{
	struct packet p = {};
	struct flow_counts *c, fresh;
	__u64 now;

	if (!bench_parse(ctx, &p))
		return XDP_DROP;
	now = bpf_ktime_get_ns();
	c = bpf_map_lookup_elem(&bench_lru_map, &p.key);
	if (c) {
		flow_counts_add(c, &p, SIDE_INGRESS, 1, p.worth, now);
		return XDP_PASS;
	}
	flow_counts_begin(&fresh, &p, SIDE_INGRESS, 1, p.worth, now);
	bpf_map_update_elem(&bench_lru_map, &p.key, &fresh, BPF_NOEXIST);
	return XDP_PASS;
}

SEC("xdp")
int bench_lock(struct xdp_md *ctx)
{
	struct packet p = {};
	struct locked *l, fresh = {};
	__u64 now;

	if (!bench_parse(ctx, &p))
		return XDP_DROP;
	now = bpf_ktime_get_ns();
	l = bpf_map_lookup_elem(&bench_lock_map, &p.key);
	if (l) {
		bpf_spin_lock(&l->lock);
		flow_counts_add(&l->counts, &p, SIDE_INGRESS, 1, p.worth, now);
		bpf_spin_unlock(&l->lock);
		return XDP_PASS;
	}
	flow_counts_begin(&fresh.counts, &p, SIDE_INGRESS, 1, p.worth, now);
	bpf_map_update_elem(&bench_lock_map, &p.key, &fresh, BPF_NOEXIST);
	return XDP_PASS;
}

static __always_inline __u32 pair_hash(const struct flow_key *k)
{
	const __u64 *w = (const __u64 *)k;
	__u64 h = 0x9e3779b97f4a7c15ULL;

#pragma unroll
	for (__u32 i = 0; i < KEY_WORDS; i++) {
		h = (h ^ w[i]) * 0xff51afd7ed558ccdULL;
		h ^= h >> 32;
	}
	return h;
}

SEC("xdp")
int bench_pair(struct xdp_md *ctx)
{
	struct packet p = {};
	struct pair_slot *s, *other, *out;
	__u32 i, j;
	__u64 now;

	if (!bench_parse(ctx, &p))
		return XDP_DROP;
	now = bpf_ktime_get_coarse_ns();
	i = (pair_hash(&p.key) & (PAIR_SLOTS - 1)) + (bpf_get_smp_processor_id() & 1) * PAIR_SLOTS;
	j = i ^ 1;
	s = bpf_map_lookup_elem(&bench_pair_map, &i);
	if (!s)
		return XDP_DROP;
	if (!key_equal(&s->key, &p.key)) {
		other = bpf_map_lookup_elem(&bench_pair_map, &j);
		if (!other)
			return XDP_DROP;
		if (key_equal(&other->key, &p.key)) {
			s = other;
		} else {
			if (other->counts.last < s->counts.last)
				s = other;
			if (s->counts.first) {
				out = bpf_ringbuf_reserve(&bench_pair_out, sizeof(*out), 0);
				if (out) {
					*out = *s;
					bpf_ringbuf_submit(out, BPF_RB_NO_WAKEUP);
				}
			}
			s->seq++;
			s->key = p.key;
			flow_counts_begin(&s->counts, &p, SIDE_INGRESS, 1, p.worth, now);
			s->seq++;
			return XDP_PASS;
		}
	}
	s->seq++;
	flow_counts_add(&s->counts, &p, SIDE_INGRESS, 1, p.worth, now);
	s->seq++;
	return XDP_PASS;
}
