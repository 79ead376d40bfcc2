/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Where a packet begins, and where the packet within it does. */
#ifndef SPANWATCH_PARSE_H
#define SPANWATCH_PARSE_H

#include "parse_ip.h"
#include "parse_fast.h"

#define MAX_DEPTH 4 /* bound of max_depth */

/* p is all zero. The tag that the driver took out of the frame was four bytes on the wire. */
static __always_inline void packet_begin(struct packet *p, __u32 len, __u32 tagged, __u32 tci)
{
	p->type = link_type;
	p->limit = len;
	p->worth = len;
	p->key.source = source;
	if (tagged) {
		p->key.vlans[0] = tci & 0xfff;
		p->vlan_count = 1;
		p->worth += 4;
	}
}

/* Makes p the packet that it carries. Its VLANs are those of its own link header. */
static __always_inline void packet_inner(struct packet *p)
{
	__u8 depth = p->key.depth + 1, kind = p->inner;
	__u32 id = p->inner_id, off = p->inner_off, limit = p->inner_limit;
	__u16 type = p->inner_type, have = p->have;

	__builtin_memset(p, 0, sizeof(*p));
	p->have = have;
	p->key.source = source;
	p->key.depth = depth;
	p->key.tunnel = kind;
	if (kind == TUNNEL_VXLAN || kind == TUNNEL_GENEVE || kind == TUNNEL_ERSPAN)
		p->key.tunnel_id = id;
	p->off = off;
	p->limit = limit;
	p->worth = limit - off;
	p->type = type;
}

#endif
