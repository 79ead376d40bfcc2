/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Makes many flows of the one packet that a test run repeats: writes a source
 * port and a source address into the frame, which is Ethernet,
 * IPv4 without options and TCP.
 */
#ifndef SPANWATCH_BENCH_VARY_H
#define SPANWATCH_BENCH_VARY_H

#include "packet.h"

volatile const __u32 bench_flows = 1; /* 0: every packet is a new flow */
volatile const __u8 bench_skewed;     /* the fourth power of a uniform number */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} bench_state SEC(".maps");

static __always_inline int bench_vary(struct xdp_md *ctx)
{
	__u8 *b = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 zero = 0;
	__u64 *state = bpf_map_lookup_elem(&bench_state, &zero);
	__u64 x, i;

	if (!state || b + 54 > end)
		return 0;
	x = *state;
	if (!bench_flows) {
		i = x;
		*state = x + 1;
	} else {
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
		*state = x;
		i = x >> 32;
		if (bench_skewed) {
			i = i * i >> 32;
			i = i * i >> 32;
		}
		i = i * bench_flows >> 32;
	}
	*(__u16 *)(b + 34) = i;
	*(__u32 *)(b + 26) = 10 | (__u32)(i >> 16) << 16; /* whole, as it is read: a part would have to wait */
	return 1;
}

#endif
