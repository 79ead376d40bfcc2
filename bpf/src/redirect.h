/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Frames go to AF_XDP sockets instead of the stack, one for each queue of the
 * device, when they have been counted:
 *
 *	frame ─► account ─► fate ─┬─► shunted, sampled out, duplicate: dropped
 *	                          └─► socket of its queue; without one, the stack
 */
#ifndef SPANWATCH_REDIRECT_H
#define SPANWATCH_REDIRECT_H

#include "account_xdp.h"
#include "feed.h"

#define QUEUES 256

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__type(key, __u32);
	__type(value, __u32);
	__uint(max_entries, QUEUES);
} sockets SEC(".maps");

/* What was given to the socket of each queue. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct count);
	__uint(max_entries, QUEUES);
} queue_counts SEC(".maps");

/*
 * Writes when the frame came in front of it, nanoseconds of the monotonic clock,
 * where the kernel copies it from. Not every driver has room there; the reader
 * tells by the number itself.
 */
static __always_inline void stamp(struct xdp_md *ctx)
{
	__u64 *at;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(__u64)))
		return;
	at = (void *)(long)ctx->data_meta;
	if ((void *)(at + 1) <= (void *)(long)ctx->data)
		*at = bpf_ktime_get_ns();
}

static __always_inline __u32 verdict_of(enum shunt_fate fate)
{
	switch (fate) {
	case SHUNT_ENDS:
		return FEED_HANDED_END;
	case SHUNT_HELD:
		return FEED_SHED_SHUNTED;
	case SHUNT_COPY:
		return FEED_SHED_DUPLICATE;
	case SHUNT_SAMPLED:
		return FEED_SHED_SAMPLED;
	default:
		return FEED_HANDED;
	}
}

SEC("xdp.frags")
int sw_xdp_feed(struct xdp_md *ctx)
{
	struct frame f = { .redirected = 1 };
	__u32 queue = ctx->rx_queue_index;
	struct count *c;

	account_frame(ctx, &f);
	if (f.fate >= SHUNT_HELD) {
		feed_count(verdict_of(f.fate), f.len);
		return XDP_DROP;
	}
	c = bpf_map_lookup_elem(&queue_counts, &queue);
	if (!c || !bpf_map_lookup_elem(&sockets, &queue)) {
		feed_count(FEED_UNBOUND, f.len);
		return XDP_PASS;
	}
	feed_count(verdict_of(f.fate), f.len);
	count_add(c, 1, f.len);
	stamp(ctx);
	return bpf_redirect_map(&sockets, queue, XDP_PASS);
}

#endif
