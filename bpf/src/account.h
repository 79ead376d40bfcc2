/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The programs that count every frame, by whatever store was included before:
 *
 *	frame ─► totals, VLAN ─► parse ─┬─► reason
 *	                                └─► duplicate? ─► flow ─► packet within ─► flow …
 */
#ifndef SPANWATCH_ACCOUNT_H
#define SPANWATCH_ACCOUNT_H

#include "dedup.h"
#include "parse.h"
#include "totals.h"

volatile const __u8 has_frags; /* the kernel has XDP buffers of several pieces (5.18) */

#define NEXT_PROGRAM -1 /* TCX_NEXT: whatever else is attached decides */

/* What one frame counts for. A packet that the stack merged is several of the wire. */
struct frame {
	__u32 len;
	__u32 segments;
	int side;
};

#define PARSER(name, ctx_type)                                                    \
	__noinline int name(ctx_type *ctx, struct packet *p)                      \
	{                                                                         \
		struct view v = {                                                 \
			.data = (void *)(long)ctx->data,                          \
			.end = (void *)(long)ctx->data_end,                       \
		};                                                                \
		if (!p)                                                           \
			return REASON_TRUNCATED;                                  \
		return parse(&v, p);                                              \
	}

PARSER(parse_xdp, struct xdp_md)
PARSER(parse_skb, struct __sk_buff)

/* Bytes on the wire of all segments: each has the headers again. */
static __always_inline __u64 segments_bytes(__u64 bytes, __u32 segments, __u32 headers)
{
	return bytes + (__u64)(segments - 1) * headers;
}

/* Counts an outermost packet that was parsed with result r. */
static __always_inline void account_outer(const struct view *v, struct packet *p, int r, const struct frame *f,
					  struct cpu_totals *t, __u32 cpu, __u64 now)
{
	__u64 bytes = p->worth, packets = f->segments;

	if (packets > 1)
		bytes = segments_bytes(bytes, packets, p->header_end + (p->worth - f->len));
	count_add(&t->total[f->side], packets, bytes);
	if (p->vlan_count)
		count_vlan(p->key.vlans[0], f->side, packets, bytes);
	if (!r && dedup_window && duplicate(v, p)) {
		p->inner = TUNNEL_NONE;
		r = REASON_DUPLICATE;
	}
	if (r) {
		p->inner = TUNNEL_NONE;
		refuse(r, 0, packets, bytes);
		return;
	}
	store_add(p, t, cpu, f->side, packets, bytes, now);
}

/* Counts a packet within a tunnel; start is where it begins in the frame. */
static __always_inline void account_inner(struct packet *p, int r, const struct frame *f, __u32 start,
					  struct cpu_totals *t, __u32 cpu, __u64 now)
{
	__u64 bytes = p->worth, packets = f->segments;

	if (packets > 1 && p->header_end > start)
		bytes = segments_bytes(bytes, packets, p->header_end - start);
	count_add(&t->inner, packets, bytes);
	if (r) {
		p->inner = TUNNEL_NONE;
		refuse(r, 1, packets, bytes);
		return;
	}
	store_add(p, t, cpu, f->side, packets, bytes, now);
}

/* Walks into the tunnels of the packet that was counted last. */
#define ACCOUNT_TUNNELS(parser, ctx, p, f, t, cpu, now)                                      \
	do {                                                                                 \
		for (int _d = 0; _d <= MAX_DEPTH && (p)->inner; _d++) {                      \
			__u32 _start = (p)->inner_off;                                       \
			packet_inner(p);                                                     \
			if (_d >= max_depth) {                                               \
				account_inner(p, REASON_TUNNEL_DEPTH, f, _start, t, cpu, now); \
				break;                                                       \
			}                                                                    \
			account_inner(p, parser(ctx, p), f, _start, t, cpu, now);            \
		}                                                                            \
	} while (0)

static __always_inline int account_xdp(struct xdp_md *ctx)
{
	struct view v = { .data = (void *)(long)ctx->data, .end = (void *)(long)ctx->data_end };
	struct frame f = { .segments = 1, .side = SIDE_INGRESS };
	__u32 zero = 0, cpu = bpf_get_smp_processor_id();
	struct cpu_totals *t = bpf_map_lookup_elem(&totals, &zero);
	__u64 now = bpf_jiffies64();
	struct packet p = {};
	int r = REASON_NONE;

	if (!t)
		return XDP_PASS;
	f.len = has_frags ? bpf_xdp_get_buff_len(ctx) : v.end - v.data;
	burst_tick(t, cpu, now);
	packet_begin(&p, f.len, 0, 0);
	if (link_type != TYPE_ETHERNET || !parse_fast(v.data, v.end, &p, f.len))
		r = parse_xdp(ctx, &p);
	account_outer(&v, &p, r, &f, t, cpu, now);
	if (max_depth)
		ACCOUNT_TUNNELS(parse_xdp, ctx, &p, &f, t, cpu, now);
	return XDP_PASS;
}

SEC("xdp.frags")
int sw_xdp(struct xdp_md *ctx)
{
	return account_xdp(ctx);
}

/* Segments of a packet that was merged on the way in, or will be cut on the way out. */
static __always_inline __u32 skb_segments(const struct __sk_buff *ctx, const struct packet *p)
{
	__u32 n = ctx->gso_segs, size = ctx->gso_size, len = ctx->len;

	if (n)
		return n;
	if (!size || len <= p->header_end)
		return 1;
	return (len - p->header_end + size - 1) / size;
}

static __always_inline int account_skb(struct __sk_buff *ctx, int side)
{
	struct view v = { .data = (void *)(long)ctx->data, .end = (void *)(long)ctx->data_end };
	struct frame f = { .len = ctx->len, .side = side };
	__u32 zero = 0, cpu = bpf_get_smp_processor_id();
	struct cpu_totals *t = bpf_map_lookup_elem(&totals, &zero);
	__u64 now = bpf_jiffies64();
	struct packet p = {};
	int r = REASON_NONE;

	if (!t)
		return NEXT_PROGRAM;
	burst_tick(t, cpu, now);
	packet_begin(&p, f.len, ctx->vlan_present, ctx->vlan_tci);
	if (link_type != TYPE_ETHERNET || !parse_fast(v.data, v.end, &p, f.len)) {
		r = parse_skb(ctx, &p);
		if (r == REASON_TRUNCATED) {
			/* The headers are in pages: bring them to the front, once. */
			bpf_skb_pull_data(ctx, f.len < COPY_SIZE ? f.len : COPY_SIZE);
			v.data = (void *)(long)ctx->data;
			v.end = (void *)(long)ctx->data_end;
			__builtin_memset(&p, 0, sizeof(p));
			packet_begin(&p, f.len, ctx->vlan_present, ctx->vlan_tci);
			r = parse_skb(ctx, &p);
		}
	}
	f.segments = skb_segments(ctx, &p);
	account_outer(&v, &p, r, &f, t, cpu, now);
	if (max_depth)
		ACCOUNT_TUNNELS(parse_skb, ctx, &p, &f, t, cpu, now);
	return NEXT_PROGRAM;
}

SEC("tcx/ingress")
int sw_tc_in(struct __sk_buff *ctx)
{
	return account_skb(ctx, SIDE_INGRESS);
}

SEC("tcx/egress")
int sw_tc_out(struct __sk_buff *ctx)
{
	return account_skb(ctx, SIDE_EGRESS);
}

/* What user space needs to know to tell the time of a jiffy. */
struct clock {
	__u64 jiffies;
	__u64 ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct clock);
	__uint(max_entries, 1);
} clock_now SEC(".maps");

SEC("socket")
int sw_clock(struct __sk_buff *ctx)
{
	__u32 zero = 0;
	struct clock *c = bpf_map_lookup_elem(&clock_now, &zero);

	if (c) {
		c->jiffies = bpf_jiffies64();
		c->ns = bpf_ktime_get_ns();
	}
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";

#endif
