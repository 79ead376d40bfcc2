/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a packet changes in a flow of a hash. */
#ifndef SPANWATCH_FLOW_COUNTS_H
#define SPANWATCH_FLOW_COUNTS_H

#include "packet.h"

static __always_inline void flow_counts_add(struct flow_counts *c, const struct packet *p, int side,
					    __u64 packets, __u64 bytes, __u64 now)
{
	__u32 dir = p->reversed & 1;

	c->packets[dir] += packets;
	c->bytes[dir] += bytes;
	c->tcp_flags[dir] |= p->tcp_flags;
	c->sides |= 1 << side;
	c->last = now;
}

/* Writes all of c for the first packet of a flow. */
static __always_inline void flow_counts_begin(struct flow_counts *c, const struct packet *p, int side,
					      __u64 packets, __u64 bytes, __u64 now)
{
	__u64 reversed = -(__u64)(p->reversed & 1);

	c->packets[0] = packets & ~reversed;
	c->packets[1] = packets & reversed;
	c->bytes[0] = bytes & ~reversed;
	c->bytes[1] = bytes & reversed;
	c->first = now;
	c->last = now;
	c->tcp_flags[0] = p->tcp_flags & (__u8)~reversed;
	c->tcp_flags[1] = p->tcp_flags & (__u8)reversed;
	c->first_dir = p->reversed & 1;
	c->sides = 1 << side;
	c->zero = 0;
}

#endif
