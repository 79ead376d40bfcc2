//go:build ignore
/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The accounting program as it is, fed with many flows; and what that feeding costs alone. */
#include "bench_vary.h"
#include "store_array.h"
#include "account_xdp.h"

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("xdp")
int bench_nop(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp")
int bench_feed(struct xdp_md *ctx)
{
	return bench_vary(ctx) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int bench_array(struct xdp_md *ctx)
{
	return bench_vary(ctx) ? account_xdp(ctx) : XDP_DROP;
}
