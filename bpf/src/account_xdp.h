/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Counts frames as a driver, or the generic hook, received them. */
#ifndef SPANWATCH_ACCOUNT_XDP_H
#define SPANWATCH_ACCOUNT_XDP_H

#include "account.h"

volatile const __u8 has_frags; /* the kernel has XDP buffers of several pieces (5.18) */

/*
 * Asking for the length of a frame of several pieces is a call. A first piece is
 * either a buffer, which holds at least a tagged frame of the usual MTU, or the
 * headers alone, and then the IP header announces more than is there.
 */
#define FIRST_PIECE 1519

#define PARSER_CTX struct xdp_md
#define PARSER_NAME(f) f##_xdp
#define PARSER_VIEW(ctx) VIEW_PACKET(ctx)
#include "parser.h"

static __always_inline void account_xdp_other(struct xdp_md *ctx, const struct view *v, struct frame *f,
					     struct cpu_totals *t, __u32 cpu, __u64 now)
{
	struct packet p = {};
	int r = REASON_NONE, copy;

	packet_begin(&p, f->len, 0, 0);
	if (!parse_fast(v, &p, f->len)) {
		if (has_frags && f->len < FIRST_PIECE) {
			f->len = bpf_xdp_get_buff_len(ctx);
			p.limit = f->len;
			p.worth = f->len;
		}
		r = parse_xdp(ctx, &p);
	}
	copy = !r && dedup_window && duplicate_xdp(ctx, &p, DEDUP_ACCOUNT);
	account_outer(&p, r, copy, f, t, cpu, now);
	if (max_depth)
		ACCOUNT_TUNNELS(parse_xdp, ctx, &p, f, t, cpu, now);
}

/* Counts the frame f that ctx brings. */
static __always_inline void account_frame(struct xdp_md *ctx, struct frame *f)
{
	struct view v = VIEW_PACKET(ctx);
	__u32 zero = 0, cpu = bpf_get_smp_processor_id();
	struct cpu_totals *t = bpf_map_lookup_elem(&totals, &zero);
	__u64 now = bpf_jiffies64();
	struct plain pl;

	f->segments = 1;
	f->side = SIDE_INGRESS;
	f->len = v.end - v.data;
	if (has_frags && f->len >= FIRST_PIECE)
		f->len = bpf_xdp_get_buff_len(ctx);
	if (!t)
		return;
	burst_tick(t, cpu, now);
	if (!dedup_window && parse_plain(v.data, v.end, &pl, f->len, 0, 0)) {
		account_plain(&pl, f, f->len, t, cpu, now);
		return;
	}
	account_xdp_other(ctx, &v, f, t, cpu, now);
}

static __always_inline int account_xdp(struct xdp_md *ctx)
{
	struct frame f = { .droppable = 1 };

	account_frame(ctx, &f);
	return frame_dropped(&f, f.len) ? XDP_DROP : XDP_PASS;
}

SEC("xdp.frags")
int sw_xdp(struct xdp_md *ctx)
{
	return account_xdp(ctx);
}

#endif
