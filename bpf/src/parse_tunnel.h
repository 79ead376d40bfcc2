/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Recognises what carries another packet; parse.h then goes on with that. */
#ifndef SPANWATCH_PARSE_TUNNEL_H
#define SPANWATCH_PARSE_TUNNEL_H

#include "packet.h"
#include "parse_link.h"

volatile const __u8 max_depth; /* tunnels followed; 0 follows none */
volatile const struct udp_tunnel udp_tunnels[UDP_TUNNELS];

/* What is in p from off to p->limit is a packet of its own. */
static __always_inline int carry(struct packet *p, __u8 kind, __u32 id, __u16 type, __u32 off)
{
	p->inner = kind;
	p->inner_id = id;
	p->inner_type = type;
	p->inner_off = off;
	p->inner_limit = p->limit;
	return REASON_NONE;
}

/* RFC 7348 section 5. */
static __always_inline int tunnel_vxlan(const struct view *v, struct packet *p)
{
	const __u8 *b;

	if (p->off + 8 + ETHERNET_LEN > p->limit)
		return 0;
	b = at(v, p->off, 8 + ETHERNET_LEN);
	if (!b || !(b[0] & 0x08))
		return 0;
	switch (be16(b + 8 + 12)) {
	case ETHER_IPV4: case ETHER_IPV6: case ETHER_ARP: case ETHER_VLAN:
	case ETHER_QINQ: case ETHER_QINQ_OLD: case ETHER_MPLS: case ETHER_MPLS_MULTI:
		carry(p, TUNNEL_VXLAN, be32(b + 4) >> 8, ETHER_BRIDGE, p->off + 8);
		return 1;
	}
	return 0;
}

/* RFC 8926 section 3.4. */
static __always_inline int tunnel_geneve(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 size, type;

	if (p->off + 8 > p->limit)
		return 0;
	b = at(v, p->off, 8);
	if (!b || b[0] >> 6)
		return 0;
	size = 8 + (b[0] & 0x3f) * 4;
	type = be16(b + 2);
	if (p->off + size > p->limit)
		return 0;
	switch (type) {
	case ETHER_BRIDGE: case ETHER_IPV4: case ETHER_IPV6: case ETHER_ARP:
		carry(p, TUNNEL_GENEVE, be32(b + 4) >> 8, type, p->off + size);
		return 1;
	}
	return 0;
}

/* 3GPP TS 29.281 section 5. */
static __always_inline int tunnel_gtpu(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 off = p->off, end, teid;
	__u8 flags, next = 0;

	if (off + 8 > p->limit)
		return 0;
	b = at(v, off, 8);
	if (!b)
		return 0;
	flags = b[0];
	if ((flags & 0xf0) != 0x30 || b[1] != 0xff)
		return 0;
	end = off + 8 + be16(b + 2);
	teid = be32(b + 4);
	if (end > p->limit)
		return 0;
	off += 8;
	if (flags & 0x07) {
		if (off + 4 > end)
			return 0;
		b = at(v, off, 4);
		if (!b)
			return 0;
		if (flags & 0x04)
			next = b[3];
		off += 4;
		for (int i = 0; i < 8 && next; i++) {
			__u32 n;

			if (off + 1 > end)
				return 0;
			b = at(v, off, 1);
			if (!b)
				return 0;
			n = b[0] * 4;
			if (!n || off + n > end)
				return 0;
			b = at(v, off + n - 1, 1);
			if (!b)
				return 0;
			next = b[0];
			off += n;
		}
		if (next)
			return 0;
	}
	if (off + 1 > end)
		return 0;
	b = at(v, off, 1);
	if (!b)
		return 0;
	switch (b[0] >> 4) {
	case 4:
		carry(p, TUNNEL_GTPU, teid, ETHER_IPV4, off);
		p->inner_limit = end;
		return 1;
	case 6:
		carry(p, TUNNEL_GTPU, teid, ETHER_IPV6, off);
		p->inner_limit = end;
		return 1;
	}
	return 0; /* the packet does not say what kind of session it is of */
}

/* A port alone proves nothing: the payload has to look like the tunnel. */
static __always_inline int tunnel_udp(const struct view *v, struct packet *p)
{
	for (int i = 0; i < UDP_TUNNELS; i++) {
		__u16 port = udp_tunnels[i].port;
		int found = 0;

		if (!udp_tunnels[i].kind)
			break;
		if (p->dst_port != port && !(udp_tunnels[i].any_port && p->src_port == port))
			continue;
		switch (udp_tunnels[i].kind) {
		case TUNNEL_VXLAN:
			found = tunnel_vxlan(v, p);
			break;
		case TUNNEL_GENEVE:
			found = tunnel_geneve(v, p);
			break;
		case TUNNEL_GTPU:
			found = tunnel_gtpu(v, p);
			break;
		}
		if (found)
			break;
	}
	return REASON_NONE;
}

/* IP within IP; RFC 2003, RFC 2473, RFC 4213. */
static __always_inline int tunnel_ip(const struct view *v, struct packet *p)
{
	int six = p->key.proto == 41;
	__u32 size = six ? 40 : 20;
	const __u8 *b;

	if (p->version == 6) {
		NEED(b, size, REASON_TUNNELED_IP);
		if (b[0] >> 4 != (six ? 6 : 4))
			return REASON_TUNNELED_IP;
	}
	return carry(p, six ? TUNNEL_IPV6 : TUNNEL_IPIP, 0, six ? ETHER_IPV6 : ETHER_IPV4, p->off);
}

/* Flags of RFC 1701, RFC 2784 and RFC 2890; of version 1 RFC 2637. */
enum {
	GRE_CHECKSUM = 0x8000,
	GRE_ROUTING = 0x4000,
	GRE_KEY = 0x2000,
	GRE_SEQUENCE = 0x1000,
	GRE_STRICT_ROUTE = 0x0800,
	GRE_RECURSION = 0x0700,
	GRE_FLAGS0 = 0x00f8,
	GRE_FLAGS1 = 0x0078,
	GRE_ACK = 0x0080,
	GRE_VERSION = 0x0007,
};

static __always_inline int gre_flags(__u32 flags, __u32 type)
{
	switch (flags & GRE_VERSION) {
	case 0:
		return flags & (GRE_RECURSION | GRE_FLAGS0) ? REASON_GRE_FLAGS : REASON_NONE;
	case 1:
		if (flags & (GRE_CHECKSUM | GRE_ROUTING | GRE_STRICT_ROUTE | GRE_RECURSION | GRE_FLAGS1))
			return REASON_GRE_FLAGS;
		if (type != ETHER_PPP)
			return REASON_GRE_PROTOCOL;
		return flags & GRE_KEY ? REASON_NONE : REASON_GRE_FLAGS;
	}
	return REASON_GRE_VERSION;
}

/* Source route entries of RFC 1701; the last has length 0. */
static __always_inline int gre_route(const struct view *v, const struct packet *p, __u32 *at_off)
{
	const __u8 *b;
	__u32 off = *at_off;

	for (int i = 0; i < 8; i++) {
		if (off + 4 > p->limit)
			return REASON_GRE_SHORT;
		b = at(v, off, 4);
		if (!b)
			return REASON_TRUNCATED;
		off += 4;
		if (!be16(b) && !b[3]) {
			*at_off = off;
			return REASON_NONE;
		}
		off += b[3];
		if (off > p->limit)
			return REASON_GRE_SHORT;
	}
	return REASON_TOO_MANY_LAYERS;
}

static __always_inline __u32 erspan_id(const struct view *v, const struct packet *p, __u32 off)
{
	const __u8 *b;

	if (off + 4 > p->limit)
		return 0;
	b = at(v, off, 4);
	return b ? be16(b + 2) & 0x3ff : 0;
}

static __always_inline int tunnel_gre(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 flags, type, off, key = 0;
	int r;

	NEED(b, 4, REASON_GRE_SHORT);
	flags = be16(b);
	type = be16(b + 2);
	r = gre_flags(flags, type);
	if (r)
		return r;
	off = p->off + 4;
	if (flags & (GRE_CHECKSUM | GRE_ROUTING))
		off += 4;
	if (flags & GRE_KEY) {
		if (off + 4 > p->limit)
			return REASON_GRE_SHORT;
		b = at(v, off, 4);
		if (!b)
			return REASON_TRUNCATED;
		key = be32(b);
		off += 4;
	}
	if (flags & GRE_SEQUENCE)
		off += 4;
	if (flags & GRE_VERSION && flags & GRE_ACK)
		off += 4;
	if (off > p->limit)
		return REASON_GRE_SHORT;
	if (flags & GRE_ROUTING && !(flags & GRE_VERSION)) {
		r = gre_route(v, p, &off);
		if (r)
			return r;
	}
	p->header_end = off;
	switch (type) {
	case ETHER_IPV4: case ETHER_IPV6: case ETHER_PPP: case ETHER_VLAN: case ETHER_BRIDGE:
	case ETHER_MPLS: case ETHER_MPLS_MULTI: case ETHER_NSH: case ETHER_ARP:
		return carry(p, TUNNEL_GRE, key, type, off);
	case ETHER_ERSPAN2: /* type I has no header of its own */
		if (!(flags & GRE_SEQUENCE))
			return carry(p, TUNNEL_ERSPAN, 0, ETHER_BRIDGE, off);
		return carry(p, TUNNEL_ERSPAN, erspan_id(v, p, off), type, off);
	case ETHER_ERSPAN3:
		return carry(p, TUNNEL_ERSPAN, erspan_id(v, p, off), type, off);
	}
	return REASON_NONE;
}

/* The ERSPAN header in front of a mirrored frame (draft-foschiano-erspan-03). */
static __always_inline int tunnel_erspan(const struct view *v, struct packet *p)
{
	int three = p->type == ETHER_ERSPAN3;
	__u32 size = three ? 12 : 8, vlan;
	const __u8 *b;

	NEED(b, size, REASON_ERSPAN_SHORT);
	if (b[0] >> 4 != (three ? 2 : 1))
		return REASON_ERSPAN_VERSION;
	vlan = be16(b) & 0xfff;
	if (three) {
		b = at(v, p->off, 12);
		if (!b)
			return REASON_TRUNCATED;
		if (b[11] & 1)
			size += 8;
		if (p->off + size > p->limit)
			return REASON_ERSPAN_SHORT;
	}
	if (vlan) {
		p->key.vlans[0] = vlan;
		p->vlan_count = 1;
	}
	p->off += size;
	p->worth -= size;
	p->type = TYPE_ETHERNET;
	return REASON_NONE;
}

#endif
