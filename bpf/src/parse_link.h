/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* From the frame's first header to the network layer. */
#ifndef SPANWATCH_PARSE_LINK_H
#define SPANWATCH_PARSE_LINK_H

#include "packet.h"

enum {
	ETHER_IPV4 = 0x0800,
	ETHER_ARP = 0x0806,
	ETHER_BRIDGE = 0x6558,
	ETHER_RARP = 0x8035,
	ETHER_VLAN = 0x8100,
	ETHER_IPV6 = 0x86dd,
	ETHER_SLOW = 0x8809,
	ETHER_MAC_CONTROL = 0x8808,
	ETHER_PPP = 0x880b,
	ETHER_MPLS = 0x8847,
	ETHER_MPLS_MULTI = 0x8848,
	ETHER_PPPOE_DISC = 0x8863,
	ETHER_PPPOE = 0x8864,
	ETHER_EAPOL = 0x888e,
	ETHER_QINQ = 0x88a8,
	ETHER_ERSPAN2 = 0x88be,
	ETHER_LLDP = 0x88cc,
	ETHER_PBB = 0x88e7,
	ETHER_FABRICPATH = 0x8903,
	ETHER_VNTAG = 0x8926,
	ETHER_ETAG = 0x893f,
	ETHER_NSH = 0x894f,
	ETHER_QINQ_OLD = 0x9100,
	ETHER_ERSPAN3 = 0x22eb,

	ETHER_MAX_LENGTH = 1500, /* up to here the field is an 802.3 length */

	/* What a frame may start with; no frame can say this of itself. */
	TYPE_ETHERNET = 0x10000,
	TYPE_RAW_IP,
};

volatile const __u32 link_type = TYPE_ETHERNET; /* what frames of the interface start with */

#define ETHERNET_LEN 14
#define MAX_LAYERS 16
#define MAX_LABELS 16

#define MPLS_BOTTOM 0x100

static __always_inline int link_ethernet(const struct view *v, struct packet *p)
{
	const __u8 *b;

	NEED(b, ETHERNET_LEN, REASON_ETHERNET_SHORT);
	p->type = be16(b + 12);
	p->off += ETHERNET_LEN;
	return REASON_NONE;
}

static __always_inline int link_vlan(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 n = p->vlan_count;

	NEED(b, 4, REASON_VLAN_SHORT);
	if (n > 2)
		return REASON_VLAN_COUNT;
	p->key.vlans[n] = be16(b) & 0xfff;
	p->vlan_count = n + 1;
	p->type = be16(b + 2);
	p->off += 4;
	return REASON_NONE;
}

/* The payload shows by its first nibble, RFC 4928 section 2. */
static __always_inline int link_mpls(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 entry = 0;

	for (int i = 0; i < MAX_LABELS; i++) {
		NEED(b, 4, REASON_MPLS_SHORT);
		entry = be32(b);
		p->off += 4;
		if (entry & MPLS_BOTTOM)
			break;
	}
	if (!(entry & MPLS_BOTTOM))
		return REASON_TOO_MANY_LAYERS;
	switch (entry >> 12) {
	case 0:
		p->type = ETHER_IPV4;
		return REASON_NONE;
	case 2:
		p->type = ETHER_IPV6;
		return REASON_NONE;
	}
	if (entry >> 12 < 16)
		return REASON_MPLS_LABEL;
	NEED(b, 1, REASON_MPLS_SHORT);
	switch (b[0] >> 4) {
	case 4:
		p->type = ETHER_IPV4;
		return REASON_NONE;
	case 6:
		p->type = ETHER_IPV6;
		return REASON_NONE;
	case 0:
		NEED(b, 4, REASON_MPLS_SHORT);
		p->off += 4;
		p->type = TYPE_ETHERNET;
		return REASON_NONE;
	}
	return REASON_MPLS_PAYLOAD;
}

/* PPP protocol numbers in use that carry no IP (IANA ppp-numbers). */
static __always_inline int ppp_assigned(__u32 proto)
{
	switch (proto) {
	case 0x0023: case 0x0025: case 0x0027: case 0x0029: case 0x002b:
	case 0x002d: case 0x0031: case 0x0033: case 0x0035:
	case 0x0201: case 0x0231: case 0x0233:
	case 0x8021: case 0x8023: case 0x8025: case 0x8027: case 0x8029:
	case 0x802b: case 0x8031: case 0x8033: case 0x8035:
	case 0x8053: case 0x8055: case 0x8057: case 0x80fd: case 0x8281:
	case 0xc021: case 0xc023: case 0xc025: case 0xc223:
		return 1;
	}
	return 0;
}

static __always_inline int link_ppp(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 proto;

	if (p->off + 2 <= p->limit) {
		b = at(v, p->off, 2);
		if (!b)
			return REASON_TRUNCATED;
		if (b[0] == 0xff && b[1] == 0x03)
			p->off += 2;
	}
	NEED(b, 1, REASON_PPP_SHORT);
	proto = b[0];
	p->off++;
	if (!(proto & 1)) { /* an odd first byte is a compressed field */
		NEED(b, 1, REASON_PPP_SHORT);
		proto = proto << 8 | b[0];
		p->off++;
	}
	switch (proto) {
	case 0x0021:
	case 0x002f:
		if (p->off + 20 > p->limit)
			return REASON_PPP_SHORT;
		p->type = ETHER_IPV4;
		return REASON_NONE;
	case 0x0057:
		if (p->off + 40 > p->limit)
			return REASON_PPP_SHORT;
		p->type = ETHER_IPV6;
		return REASON_NONE;
	case 0x0281:
		p->type = ETHER_MPLS;
		return REASON_NONE;
	}
	return ppp_assigned(proto) ? REASON_NON_IP_PPP : REASON_PPP_PROTOCOL;
}

static __always_inline int link_pppoe(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 size;

	NEED(b, 6, REASON_PPPOE_HEADER);
	if (b[0] != 0x11 || b[1] != 0)
		return REASON_PPPOE_HEADER;
	size = be16(b + 4);
	p->off += 6;
	if (p->off + size < p->limit)
		p->limit = p->off + size;
	p->type = ETHER_PPP;
	return link_ppp(v, p);
}

/* Codes PADI, PADO, PADR, PADS and PADT, with tags of type, length, value. */
static __always_inline int link_pppoe_discovery(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 size, end;

	NEED(b, 6, REASON_PPPOE_HEADER);
	switch (b[1]) {
	case 0x07: case 0x09: case 0x19: case 0x65: case 0xa7:
		break;
	default:
		return REASON_PPPOE_HEADER;
	}
	size = be16(b + 4);
	p->off += 6;
	end = p->off + size;
	if (end > p->limit)
		return REASON_PPPOE_HEADER;
	for (int i = 0; i < 32; i++) {
		if (p->off + 4 > end)
			break;
		b = at(v, p->off, 4);
		if (!b)
			return REASON_TRUNCATED;
		p->off += 4 + be16(b + 2);
		if (p->off > end)
			return REASON_PPPOE_HEADER;
	}
	return REASON_NON_IP_PPPOE;
}

static __always_inline int link_arp(const struct view *v, struct packet *p)
{
	const __u8 *b;

	NEED(b, 8, REASON_ARP_HEADER);
	if (be16(b) != 1 || be16(b + 2) != ETHER_IPV4)
		return REASON_NON_IP_ARP;
	if (p->off + 28 > p->limit || b[4] != 6 || b[5] != 4)
		return REASON_ARP_HEADER;
	return REASON_NON_IP_ARP;
}

/* A tag of size bytes whose last two name what follows. */
static __always_inline int link_tag(const struct view *v, struct packet *p, __u32 size, int malformed)
{
	const __u8 *b;

	NEED(b, size, malformed);
	p->type = be16(b + size - 2);
	p->off += size;
	return REASON_NONE;
}

static __always_inline int link_fabricpath(const struct view *v, struct packet *p)
{
	const __u8 *b;

	NEED(b, 2 + ETHERNET_LEN, REASON_FABRICPATH_SHORT);
	p->off += 2;
	p->type = TYPE_ETHERNET;
	return REASON_NONE;
}

/* RFC 8300 section 2. */
static __always_inline int link_nsh(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 word, size;

	NEED(b, 8, REASON_NSH_HEADER);
	word = be16(b);
	size = (word & 0x3f) * 4;
	if (word >> 14 || size < 8 || p->off + size >= p->limit)
		return REASON_NSH_HEADER;
	if ((b[2] & 0xf) == 1 && size != 24)
		return REASON_NSH_HEADER;
	p->off += size;
	switch (b[3]) {
	case 1:
		p->type = ETHER_IPV4;
		return REASON_NONE;
	case 2:
		p->type = ETHER_IPV6;
		return REASON_NONE;
	case 3:
		p->type = TYPE_ETHERNET;
		return REASON_NONE;
	case 5:
		p->type = ETHER_MPLS;
		return REASON_NONE;
	}
	return REASON_NSH_PAYLOAD;
}

/* IEEE 802.2 behind an 802.3 length. */
static __always_inline int link_llc(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 size = p->type, org;

	if (size && p->off + size < p->limit)
		p->limit = p->off + size;
	NEED(b, 3, REASON_LLC_SHORT);
	if (b[0] == 0x42)
		return REASON_NON_IP_STP;
	if (b[0] != 0xaa || b[1] != 0xaa)
		return REASON_NON_IP_LLC;
	NEED(b, 8, REASON_LLC_SHORT);
	org = (__u32)b[3] << 16 | (__u32)b[4] << 8 | b[5];
	p->type = be16(b + 6);
	p->off += 8;
	if (org == 0x00000c)
		return p->type == 0x010b ? REASON_NON_IP_STP : REASON_NON_IP_CISCO;
	if ((org != 0 && org != 0x0000f8) || p->type <= ETHER_MAX_LENGTH)
		return REASON_NON_IP_LLC;
	return REASON_NONE;
}

static __always_inline int link_raw_ip(const struct view *v, struct packet *p)
{
	const __u8 *b;

	NEED(b, 1, REASON_IPV4_SHORT);
	switch (b[0] >> 4) {
	case 4:
		p->type = ETHER_IPV4;
		return REASON_NONE;
	case 6:
		p->type = ETHER_IPV6;
		return REASON_NONE;
	}
	return REASON_RAW_IP_VERSION;
}

/* Whether p->type names a header that frames have more often than others do. */
static __always_inline int link_is_usual(const struct packet *p)
{
	return p->type == TYPE_ETHERNET || p->type == ETHER_VLAN || p->type == ETHER_QINQ;
}

/* That header, as link_header does. */
static __always_inline int link_usual(const struct view *v, struct packet *p)
{
	if (p->type == TYPE_ETHERNET)
		return link_ethernet(v, p);
	if (++p->layers > MAX_LAYERS)
		return REASON_TOO_MANY_LAYERS;
	return link_vlan(v, p);
}

/* One header that p->type names; the next type is in p->type if it returns REASON_NONE. */
static __always_inline int link_header(const struct view *v, struct packet *p)
{
	if (link_is_usual(p))
		return link_usual(v, p);
	if (p->type == TYPE_RAW_IP)
		return link_raw_ip(v, p);
	if (++p->layers > MAX_LAYERS)
		return REASON_TOO_MANY_LAYERS;
	switch (p->type) {
	case ETHER_QINQ_OLD:
		return link_vlan(v, p);
	case ETHER_MPLS:
	case ETHER_MPLS_MULTI:
		return link_mpls(v, p);
	case ETHER_PPPOE:
		return link_pppoe(v, p);
	case ETHER_PPPOE_DISC:
		return link_pppoe_discovery(v, p);
	case ETHER_PPP:
		return link_ppp(v, p);
	case ETHER_ARP:
		return link_arp(v, p);
	case ETHER_BRIDGE:
		return link_ethernet(v, p);
	case ETHER_PBB:
		return link_tag(v, p, 18, REASON_PBB_SHORT);
	case ETHER_VNTAG:
		return link_tag(v, p, 6, REASON_VNTAG_SHORT);
	case ETHER_ETAG:
		return link_tag(v, p, 8, REASON_ETAG_SHORT);
	case ETHER_FABRICPATH:
		return link_fabricpath(v, p);
	case ETHER_NSH:
		return link_nsh(v, p);
	case ETHER_LLDP:
		return REASON_NON_IP_LLDP;
	case ETHER_RARP:
		return REASON_NON_IP_ARP;
	case ETHER_SLOW:
	case ETHER_MAC_CONTROL:
		return REASON_NON_IP_SLOW;
	case ETHER_EAPOL:
		return REASON_NON_IP_EAPOL;
	}
	if (p->type <= ETHER_MAX_LENGTH)
		return link_llc(v, p);
	return REASON_NON_IP_OTHER;
}

#endif
