/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * How every frame is counted, whatever hook sees it and whatever store was
 * included before:
 *
 *	frame ─► totals, VLAN ─► parse ─┬─► reason
 *	                                └─► duplicate? ─► flow ─► packet within ─► flow …
 */
#ifndef SPANWATCH_ACCOUNT_H
#define SPANWATCH_ACCOUNT_H

#include "dedup.h"
#include "parse.h"
#include "shunt.h"
#include "totals.h"

/* What one frame counts for. A packet that the stack merged is several of the wire. */
struct frame {
	__u32 len;
	__u32 segments;
	int side;
	int droppable;        /* the hook may drop it */
	int redirected;       /* it goes to a socket of ours instead of the stack */
	enum shunt_fate fate; /* of the outermost of its packets that has one */
};

/* Bytes on the wire of all segments: each has the headers again. */
static __always_inline __u64 segments_bytes(__u64 bytes, __u32 segments, __u32 headers)
{
	return bytes + (__u64)(segments - 1) * headers;
}

/*
 * On a port that is there to be watched alone, XDP drops what was counted and is
 * handed to no socket: shunted flows and duplicates. The loader sets may_drop
 * where that is asked for; drop_now ends it when the port turns out to be in use.
 */
volatile const __u8 may_drop;
volatile __u8 drop_now;

static __always_inline int drops(const struct frame *f)
{
	return f->redirected || (f->droppable && may_drop && drop_now);
}

/* A packet of flow k was counted: does that decide the frame's fate? */
static __always_inline void frame_decide(struct frame *f, const struct flow_key *k, __u8 tcp_flags, __u64 worth, int outermost)
{
	if (!drops(f) || f->fate != SHUNT_NONE)
		return;
	if (outermost && f->redirected && sampled_out(k))
		f->fate = SHUNT_SAMPLED;
	else
		f->fate = shunt_fate(k, tcp_flags, worth);
}

/* The same of a plain packet, whose id is given. */
__noinline int frame_decide_plain(struct frame *f, __u64 lo, __u64 hi, __u32 tcp_flags, __u32 worth)
{
	struct flow_id id = { .lo = lo, .hi = hi };
	struct flow_key k = { .source = source };

	if (!f)
		return 0;
	key_of_plain(&k, &id);
	frame_decide(f, &k, tcp_flags, worth, 1);
	return 0;
}

/* Whether to drop the frame, of so many bytes on the wire, that was counted in full. */
static __always_inline int frame_dropped(const struct frame *f, __u64 bytes)
{
	if (!drops(f) || f->fate < SHUNT_HELD)
		return 0;
	feed_count(f->fate == SHUNT_COPY ? FEED_SHED_DUPLICATE : FEED_DROPPED, bytes);
	return 1;
}

/* Counts a plain packet, of worth bytes in all. */
static __always_inline void account_plain(const struct plain *pl, struct frame *f, __u32 worth,
					  struct cpu_totals *t, __u32 cpu, __u64 now)
{
	__u64 bytes = worth, packets = f->segments;

	if (packets > 1)
		bytes = segments_bytes(bytes, packets, pl->header_end + (worth - f->len));
	count_add(&t->total[f->side], packets, bytes);
	if (pl->vlan_count)
		count_vlan(pl->vlan, f->side, packets, bytes);
	store_add_plain(pl, t, cpu, f->side, packets, bytes, now);
	if (drops(f) && shunt_looks())
		frame_decide_plain(f, pl->id.lo, pl->id.hi, pl->tcp_flags, bytes);
}

/* The fast way for what is no plain packet, or has to be compared with others. */
static __always_inline int parse_fast(const struct view *v, struct packet *p, __u32 len)
{
	struct plain pl;

	if (dedup_window && parse_plain(v->data, v->end, &pl, len, p->vlan_count, p->key.vlans[0])) {
		packet_of_plain(p, &pl);
		return 1;
	}
	return parse_fast6(v->data, v->end, p, len);
}

/* Counts an outermost packet, a copy of another or not, that was parsed with result r. */
static __always_inline void account_outer(struct packet *p, int r, int copy, struct frame *f,
					  struct cpu_totals *t, __u32 cpu, __u64 now)
{
	__u64 bytes = p->worth, packets = f->segments;

	if (packets > 1)
		bytes = segments_bytes(bytes, packets, p->header_end + (p->worth - f->len));
	count_add(&t->total[f->side], packets, bytes);
	if (p->vlan_count)
		count_vlan(p->key.vlans[0], f->side, packets, bytes);
	if (copy) {
		f->fate = SHUNT_COPY;
		r = REASON_DUPLICATE;
	}
	if (r) {
		p->inner = TUNNEL_NONE;
		refuse(r, 0, packets, bytes);
		return;
	}
	store_add(p, t, cpu, f->side, packets, bytes, now);
	frame_decide(f, &p->key, p->tcp_flags, bytes, 1);
}

/* Counts a packet within a tunnel; start is where it begins in the frame. */
static __always_inline void account_inner(struct packet *p, int r, struct frame *f, __u32 start,
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
	frame_decide(f, &p->key, p->tcp_flags, bytes, 0);
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

#endif
