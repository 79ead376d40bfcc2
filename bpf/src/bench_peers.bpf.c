//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What other flow monitors do with a packet, with our parser in front so that
 * the stores are compared: a per-CPU LRU hash, and a hash without preallocation
 * whose values have a spin lock. Both read the precise clock, as theirs do.
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
