/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A socket filter in front of the AF_PACKET source: keeps back frames of flows
 * that inspection asked to shunt, of flows that sampling leaves out, and copies of
 * frames that passed before. Both directions of a flow have one key and so one
 * fate. What is kept back was counted by the accounting programs before.
 */
#ifndef SPANWATCH_FEED_H
#define SPANWATCH_FEED_H

#include "dedup.h"
#include "parse.h"
#include "shunt.h"

struct copy {
	__u8 bytes[COPY_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct copy);
	__uint(max_entries, 1);
} feed_copy SEC(".maps");

static __always_inline int feed_done(__u32 verdict, __u32 len)
{
	feed_count(verdict, len);
	return verdict >= FEED_SHED_SHUNTED ? 0 : -1;
}

/*
 * The copy of the frame that p is of. The empty asm uses ctx, as the compiler would
 * pass anything for an argument that is not, and the verifier refuse that.
 */
static __always_inline struct view view_copy(const struct __sk_buff *ctx, const struct packet *p)
{
	__u32 zero = 0;

	asm volatile("" : : "r"(ctx));
	return (struct view) {
		.data = bpf_map_lookup_elem(&feed_copy, &zero),
		.copied = 1,
		.have = p ? p->have : 0,
	};
}

#define PARSER_CTX struct __sk_buff
#define PARSER_NAME(f) f##_copy
#define PARSER_VIEW(ctx) view_copy(ctx, p)
#include "parser.h"

/* As parse_copy, for packets that nearly all packets are; may say "no" too often. */
static __always_inline int feed_fast(struct packet *p, struct copy *copy, __u32 have)
{
	void *end = copy->bytes + have;
	struct plain pl;

	if (parse_plain(copy->bytes, end, &pl, p->limit, p->vlan_count, p->key.vlans[0])) {
		packet_of_plain(p, &pl);
		return 1;
	}
	return parse_fast6(copy->bytes, end, p, p->limit);
}

SEC("socket")
int sw_feed(struct __sk_buff *ctx)
{
	__u32 zero = 0, len = ctx->len, have = len;
	struct packet p = {};
	struct copy *copy;

	packet_begin(&p, len, ctx->vlan_present, ctx->vlan_tci);
	len = p.worth;
	if (!shunt_looks() && !dedup_window)
		return feed_done(FEED_HANDED, len);
	copy = bpf_map_lookup_elem(&feed_copy, &zero);
	if (!copy)
		return feed_done(FEED_HANDED, len);
	if (have > COPY_SIZE)
		have = COPY_SIZE;
	if (have < 1 || bpf_skb_load_bytes(ctx, 0, copy->bytes, have))
		return feed_done(FEED_HANDED, len);
	p.have = have;
	for (int depth = 0; depth <= MAX_DEPTH; depth++) {
		int fate;

		if (!(!depth && feed_fast(&p, copy, have)) && parse_copy(ctx, &p))
			break;
		if (!depth && dedup_window && duplicate_copy(ctx, &p, DEDUP_FEED))
			return feed_done(FEED_SHED_DUPLICATE, len);
		if (!depth && sampled_out(&p.key))
			return feed_done(FEED_SHED_SAMPLED, len);
		fate = shunt_fate(&p.key, p.tcp_flags, p.worth);
		if (fate)
			return feed_done(fate == SHUNT_ENDS ? FEED_HANDED_END : FEED_SHED_SHUNTED, len);
		if (!p.inner || depth >= max_depth)
			break;
		packet_inner(&p);
	}
	return feed_done(FEED_HANDED, len);
}

#endif
