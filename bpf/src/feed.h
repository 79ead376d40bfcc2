/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A socket filter in front of the AF_PACKET source: keeps back frames of flows
 * that inspection asked to shunt, and of flows that sampling leaves out. Both
 * directions of a flow have one key and so one fate. What is kept back was
 * counted by the accounting programs before.
 */
#ifndef SPANWATCH_FEED_H
#define SPANWATCH_FEED_H

#include "parse.h"

#define TCP_ENDS_OR_BEGINS 0x07 /* FIN, SYN, RST */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, struct flow_key);
	__type(value, struct count);
	__uint(max_entries, 1);
} shunt SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct count);
	__uint(max_entries, FEED_COUNT);
} feed_counts SEC(".maps");

struct copy {
	__u8 bytes[COPY_SIZE];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct copy);
	__uint(max_entries, 1);
} feed_copy SEC(".maps");

/* One flow in so many is handed up; 0 and 1 hand up all. May change at any time. */
volatile __u32 feed_sample;

static __always_inline int feed_done(__u32 verdict, __u32 len)
{
	struct count *c = bpf_map_lookup_elem(&feed_counts, &verdict);

	if (c)
		count_add(c, 1, len);
	return verdict >= FEED_SHED_SHUNTED ? 0 : -1;
}

/* Parses what p announces; the copy of the frame is had bytes long. */
__noinline int parse_copy(struct packet *p, __u32 have)
{
	struct view v = { .have = have };
	__u32 zero = 0;

	if (!p)
		return REASON_TRUNCATED;
	v.data = bpf_map_lookup_elem(&feed_copy, &zero);
	if (!v.data)
		return REASON_TRUNCATED;
	return parse(&v, p);
}

SEC("socket")
int sw_feed(struct __sk_buff *ctx)
{
	__u32 zero = 0, len = ctx->len, have = len, sample = feed_sample;
	struct copy *copy = bpf_map_lookup_elem(&feed_copy, &zero);
	struct packet p = {};

	if (!copy)
		return feed_done(FEED_HANDED, len);
	if (have > COPY_SIZE)
		have = COPY_SIZE;
	if (have < 1 || bpf_skb_load_bytes(ctx, 0, copy->bytes, have))
		return feed_done(FEED_HANDED, len);
	packet_begin(&p, len, ctx->vlan_present, ctx->vlan_tci);
	len = p.worth;
	for (int depth = 0; depth <= MAX_DEPTH; depth++) {
		struct count *shed;

		if (parse_copy(&p, have))
			break;
		if (!depth && sample > 1 && (key_hash(&p.key) >> 16 & 0xffffffff) % sample)
			return feed_done(FEED_SHED_SAMPLED, len);
		shed = bpf_map_lookup_elem(&shunt, &p.key);
		if (shed) {
			if (p.tcp_flags & TCP_ENDS_OR_BEGINS)
				return feed_done(FEED_HANDED_END, len);
			__sync_fetch_and_add(&shed->packets, 1);
			__sync_fetch_and_add(&shed->bytes, p.worth);
			return feed_done(FEED_SHED_SHUNTED, len);
		}
		if (!p.inner || depth >= max_depth)
			break;
		packet_inner(&p);
	}
	return feed_done(FEED_HANDED, len);
}

#endif
