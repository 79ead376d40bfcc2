/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A whole packet, and the packet within it. */
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
	__u16 type = p->inner_type;

	__builtin_memset(p, 0, sizeof(*p));
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

/*
 * From p->off, where p->type names the header, to the end of the transport
 * header. The key is in order iff REASON_NONE is returned.
 */
static __always_inline int parse(const struct view *v, struct packet *p)
{
	__u32 start = p->off;
	int r;

	if (p->key.depth) {
		if (p->type == ETHER_BRIDGE)
			p->type = TYPE_ETHERNET;
		else if (p->type == ETHER_ERSPAN2 || p->type == ETHER_ERSPAN3) {
			r = tunnel_erspan(v, p);
			if (r)
				return r;
		}
	}
	r = parse_link(v, p);
	if (r)
		return r;
	r = parse_ip(v, p);
	/* Within VXLAN and Geneve a packet is worth its datagram, as in decoders. */
	if (p->version && p->ip_off > start && (p->key.tunnel == TUNNEL_VXLAN || p->key.tunnel == TUNNEL_GENEVE))
		p->worth -= p->ip_off - start;
	return r;
}

#endif
