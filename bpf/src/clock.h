/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What user space needs to know to tell the time of a jiffy. */
#ifndef SPANWATCH_CLOCK_H
#define SPANWATCH_CLOCK_H

#include "types.h"

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

#endif
