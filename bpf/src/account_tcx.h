/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Counts socket buffers on their way into or out of the stack. */
#ifndef SPANWATCH_ACCOUNT_TCX_H
#define SPANWATCH_ACCOUNT_TCX_H

#include "account.h"

#define NEXT_PROGRAM -1 /* TCX_NEXT: whatever else is attached decides */

#define PARSER_CTX struct __sk_buff
#define PARSER_NAME(f) f##_skb
#define PARSER_VIEW(ctx) VIEW_PACKET(ctx)
#include "parser.h"

/* Segments of a packet that was merged on the way in, or will be cut on the way out. */
static __always_inline __u32 skb_segments(const struct __sk_buff *ctx, __u32 header_end)
{
	__u32 n = ctx->gso_segs, size = ctx->gso_size, len = ctx->len;

	if (n)
		return n;
	if (!size || len <= header_end)
		return 1;
	return (len - header_end + size - 1) / size;
}

static __always_inline int account_skb_other(struct __sk_buff *ctx, const struct view *v, struct frame *f,
					     struct cpu_totals *t, __u32 cpu, __u64 now)
{
	struct packet p = {};
	int r = REASON_NONE, copy;

	packet_begin(&p, f->len, ctx->vlan_present, ctx->vlan_tci);
	if (!parse_fast(v, &p, f->len)) {
		r = parse_skb(ctx, &p);
		if (r == REASON_TRUNCATED) {
			/* The headers are in pages: bring them to the front, once. */
			bpf_skb_pull_data(ctx, f->len < COPY_SIZE ? f->len : COPY_SIZE);
			__builtin_memset(&p, 0, sizeof(p));
			packet_begin(&p, f->len, ctx->vlan_present, ctx->vlan_tci);
			r = parse_skb(ctx, &p);
		}
	}
	f->segments = skb_segments(ctx, p.header_end);
	copy = !r && dedup_window && duplicate_skb(ctx, &p, DEDUP_ACCOUNT);
	account_outer(&p, r, copy, f, t, cpu, now);
	if (max_depth)
		ACCOUNT_TUNNELS(parse_skb, ctx, &p, f, t, cpu, now);
	return NEXT_PROGRAM;
}

static __always_inline int account_skb(struct __sk_buff *ctx, int side)
{
	struct view v = VIEW_PACKET(ctx);
	struct frame f = { .len = ctx->len, .side = side };
	__u32 zero = 0, cpu = bpf_get_smp_processor_id(), tagged = ctx->vlan_present;
	struct cpu_totals *t = bpf_map_lookup_elem(&totals, &zero);
	__u64 now = bpf_jiffies64();
	struct plain pl;

	if (!t)
		return NEXT_PROGRAM;
	burst_tick(t, cpu, now);
	if (!dedup_window && parse_plain(v.data, v.end, &pl, f.len, tagged, ctx->vlan_tci)) {
		f.segments = skb_segments(ctx, pl.header_end);
		account_plain(&pl, &f, f.len + (tagged ? 4 : 0), t, cpu, now);
		return NEXT_PROGRAM;
	}
	return account_skb_other(ctx, &v, &f, t, cpu, now);
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

#endif
