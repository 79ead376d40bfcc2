/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What both flow stores do with a packet. */
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

static __always_inline void flow_counts_begin(struct flow_counts *c, const struct packet *p, __u64 now)
{
	__builtin_memset(c, 0, sizeof(*c));
	c->first = now;
	c->first_dir = p->reversed & 1;
}

#endif
