/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Flows of which inspection needs no more than the end, and what was held back of them. */
#ifndef SPANWATCH_SHUNT_H
#define SPANWATCH_SHUNT_H

#include "key.h"
#include "totals.h"

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

/* Whether any flow is shunted: without, nobody has to be looked for. */
volatile __u32 shunt_any;

/* One flow in so many is handed up; 0 and 1 hand up all. May change at any time. */
volatile __u32 feed_sample;

enum shunt_fate {
	SHUNT_NONE,    /* not of a shunted flow */
	SHUNT_ENDS,    /* of one, and may end it */
	SHUNT_HELD,    /* of one, and counted there */
	SHUNT_COPY,    /* a frame that passed before */
	SHUNT_SAMPLED, /* of a flow that sampling leaves out */
};

static __always_inline void feed_count(__u32 verdict, __u64 bytes)
{
	struct count *c = bpf_map_lookup_elem(&feed_counts, &verdict);

	if (c)
		count_add(c, 1, bytes);
}

/* Whether flows matter to what is handed up. */
static __always_inline int shunt_looks(void)
{
	return shunt_any || feed_sample > 1;
}

/* Whether sampling leaves out flow k. */
static __always_inline int sampled_out(const struct flow_key *k)
{
	__u32 sample = feed_sample;

	return sample > 1 && (key_hash(k) >> 16 & 0xffffffff) % sample;
}

/* What becomes of a packet of flow k. */
static __always_inline enum shunt_fate shunt_fate(const struct flow_key *k, __u8 tcp_flags, __u64 worth)
{
	struct count *held;

	if (!shunt_any)
		return SHUNT_NONE;
	held = bpf_map_lookup_elem(&shunt, k);
	if (!held)
		return SHUNT_NONE;
	if (tcp_flags & TCP_ENDS_OR_BEGINS)
		return SHUNT_ENDS;
	__sync_fetch_and_add(&held->packets, 1);
	__sync_fetch_and_add(&held->bytes, worth);
	return SHUNT_HELD;
}

#endif
