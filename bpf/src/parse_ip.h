/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* IPv4, IPv6 with its extension headers, and what is behind them. */
#ifndef SPANWATCH_PARSE_IP_H
#define SPANWATCH_PARSE_IP_H

#include "key.h"
#include "parse_link.h"
#include "parse_tunnel.h"

#define IPV4_LEN 20
#define IPV6_LEN 40
#define IPV4_FRAGMENT 0x3fff /* more fragments, or an offset */

/*
 * decoders follows 256; the longest real chains have five. What has more is
 * counted under REASON_IPV6_EXT_HEADERS.
 */
#define MAX_EXT_HEADERS 24

#define MAX_OPTIONS 40 /* a header has room for so many of one byte */

enum {
	PROTO_HOPOPTS = 0,
	PROTO_ICMP = 1,
	PROTO_IGMP = 2,
	PROTO_IPIP = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_IPV6 = 41,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_ESP = 50,
	PROTO_AH = 51,
	PROTO_ICMPV6 = 58,
	PROTO_DSTOPTS = 60,
	PROTO_SCTP = 132,
	PROTO_MOBILITY = 135,
	PROTO_HIP = 139,
	PROTO_SHIM6 = 140,
};

static __always_inline int l4_tcp(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 size;

	NEED(b, 20, REASON_TCP_SHORT);
	size = (b[12] >> 4) * 4;
	if (size < 20 || p->off + size > p->limit)
		return REASON_TCP_HEADER_LEN;
	p->src_port = be16(b);
	p->dst_port = be16(b + 2);
	p->tcp_flags = b[13];
	p->header_end = p->off + size;
	return REASON_NONE;
}

static __always_inline int l4_udp(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 size;

	NEED(b, 8, REASON_UDP_SHORT);
	size = be16(b + 4);
	if (!size && p->limit - p->off > 0xffff)
		size = p->limit - p->off; /* a jumbogram, RFC 2675 section 4 */
	if (size < 8 || p->off + size > p->limit)
		return REASON_UDP_LENGTH;
	p->src_port = be16(b);
	p->dst_port = be16(b + 2);
	p->limit = p->off + size;
	p->off += 8;
	p->header_end = p->off;
	return max_depth ? tunnel_udp(v, p) : REASON_NONE;
}

/* The type that answers an ICMPv4 message, or that it answers; 0 if none does. */
static __always_inline __u16 icmpv4_counterpart(__u8 type)
{
	switch (type) {
	case 0:
		return 8;
	case 13: case 15: case 17:
		return type + 1;
	case 14: case 16: case 18:
		return type - 1;
	}
	return 0;
}

static __always_inline __u16 icmpv6_counterpart(__u8 type)
{
	switch (type) {
	case 128: case 133: case 135: case 139: case 141: case 144: case 146: case 148:
		return type + 1;
	case 129: case 134: case 136: case 140: case 142: case 145: case 147: case 149:
		return type - 1;
	case 151:
		return 152;
	case 152:
		return 151;
	}
	return 0;
}

static __always_inline int l4_icmp(const struct view *v, struct packet *p, int version)
{
	const __u8 *b;

	NEED(b, 8, version == 4 ? REASON_ICMPV4_SHORT : REASON_ICMPV6_SHORT);
	if (version == 4 && p->version == 6)
		return REASON_IPV6_ICMPV4;
	p->src_port = b[0];
	p->dst_port = version == 4 ? icmpv4_counterpart(b[0]) : icmpv6_counterpart(b[0]);
	p->header_end = p->off + 8;
	return REASON_NONE;
}

static __always_inline int l4_sctp(const struct view *v, struct packet *p)
{
	const __u8 *b;

	NEED(b, 12, REASON_SCTP_SHORT);
	p->src_port = be16(b);
	p->dst_port = be16(b + 2);
	return REASON_NONE;
}

static __always_inline int l4_least(const struct packet *p, __u32 size, int malformed)
{
	return p->off + size > p->limit ? malformed : REASON_NONE;
}

static __always_inline int l4(const struct view *v, struct packet *p)
{
	p->header_end = p->off;
	switch (p->key.proto) {
	case PROTO_TCP:
		return l4_tcp(v, p);
	case PROTO_UDP:
		return l4_udp(v, p);
	case PROTO_ICMP:
		return l4_icmp(v, p, 4);
	case PROTO_ICMPV6:
		if (p->version == 4)
			return REASON_IPV4_ICMPV6;
		return l4_icmp(v, p, 6);
	case PROTO_SCTP:
		return l4_sctp(v, p);
	case PROTO_IGMP:
		return p->version == 4 ? l4_least(p, 8, REASON_IGMP_SHORT) : REASON_NONE;
	case PROTO_ESP:
		return l4_least(p, 8, REASON_ESP_SHORT);
	case PROTO_AH:
		return p->version == 4 ? l4_least(p, 12, REASON_AH_SHORT) : REASON_NONE;
	case PROTO_GRE:
		return tunnel_gre(v, p);
	case PROTO_IPIP:
	case PROTO_IPV6:
		return tunnel_ip(v, p);
	}
	return REASON_NONE;
}

/* What a step of a loop returns besides a reason and REASON_NONE, which goes on. */
#define STEP_LAST -1

/* Whether a host would take this option: RFC 791, RFC 1812 section 5.2.4.4. */
static __always_inline int ipv4_option_good(const __u8 *b, __u32 type, __u32 n)
{
	switch (type) {
	case 7: case 131: case 137: /* record route, loose and strict source route */
		return n >= 3 && (n - 3) % 4 == 0 && b[2] >= 4 && b[2] % 4 == 0 && b[2] <= n + 1;
	case 68: /* timestamp */
		return n >= 4 && b[2] >= 5 && b[2] <= n + 1;
	case 130: /* security */
		return n == 11 || n == 3;
	case 136: case 148: /* stream id, router alert */
		return n == 4;
	case 25: /* quick start */
		return n == 8;
	case 133: /* extended security */
		return n >= 3;
	case 134: /* CIPSO */
		return n >= 6;
	}
	return 1;
}

/* The option at p->off; p->header_end is where they end. */
static __always_inline int ipv4_option(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 n, left = p->header_end - p->off;

	if (p->off >= p->header_end)
		return STEP_LAST;
	/* Options of one byte may stand last: three bytes are there
	 * anyway only if left allows. */
	b = at(v, p->off, 1);
	if (!b)
		return REASON_TRUNCATED;
	if (b[0] == 0)
		return STEP_LAST;
	if (b[0] == 1) {
		p->off++;
		return REASON_NONE;
	}
	if (left < 2)
		return STEP_LAST;
	b = at(v, p->off, 2);
	if (!b)
		return REASON_TRUNCATED;
	n = b[1];
	if (n < 2 || n > left)
		return REASON_IPV4_OPTIONS;
	if (n >= 3) {
		b = at(v, p->off, 3);
		if (!b)
			return REASON_TRUNCATED;
		if (!ipv4_option_good(b, b[0], n))
			return REASON_IPV4_OPTIONS;
	} else {
		switch (b[0]) {
		case 7: case 131: case 137: case 68: case 130: case 136:
		case 148: case 25: case 133: case 134:
			return REASON_IPV4_OPTIONS;
		}
	}
	p->off += n;
	return REASON_NONE;
}

/*
 * The header without its options, at which p->off then stands; they end at
 * p->header_end.
 */
static __always_inline int ipv4_header(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 size, total;

	NEED(b, IPV4_LEN, REASON_IPV4_SHORT);
	size = (b[0] & 0xf) * 4;
	total = be16(b + 2);
	if (b[0] >> 4 != 4)
		return REASON_IPV4_VERSION;
	if (size < IPV4_LEN || total < size)
		return REASON_IPV4_HEADER_LEN;
	if (p->off + total > p->limit)
		return REASON_IPV4_LENGTH;
	p->limit = p->off + total;
	p->ip_off = p->off;
	p->version = 4;
	p->key.ip_version = 4;
	p->key.proto = b[9];
	p->fragment = !!(be16(b + 6) & IPV4_FRAGMENT);
	key_ipv4_addrs(&p->key, b + 12);
	p->header_end = p->off + size;
	p->off += IPV4_LEN;
	return REASON_NONE;
}

/* What a jumbo payload option in a hop-by-hop header at off says, or 0 (RFC 2675 section 2). */
static __always_inline __u32 jumbo_payload(const struct view *v, const struct packet *p, __u32 off)
{
	const __u8 *b;
	__u32 end;

	if (off + 8 > p->limit)
		return 0;
	b = at(v, off, 8);
	if (!b)
		return 0;
	end = off + 8 + b[1] * 8;
	if (end > p->limit)
		end = p->limit;
	off += 2;
	for (int i = 0; i < 8; i++) {
		__u32 n;

		if (off + 2 > end)
			return 0;
		b = at(v, off, 2);
		if (!b)
			return 0;
		if (b[0] == 0) {
			off++;
			continue;
		}
		n = b[1];
		if (off + 2 + n > end)
			return 0;
		if (b[0] == 0xc2 && n == 4) {
			b = at(v, off + 2, 4);
			return b ? be32(b) : 0;
		}
		off += 2 + n;
	}
	return 0;
}

/* The extension header at p->off, or its absence. Behind that of a piece of a datagram is no other. */
static __always_inline int ipv6_ext_header(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 size;
	__u8 proto = p->key.proto;

	switch (proto) {
	case PROTO_HOPOPTS: case PROTO_DSTOPTS: case PROTO_ROUTING:
	case PROTO_MOBILITY: case PROTO_HIP: case PROTO_SHIM6:
	case PROTO_AH: case PROTO_FRAGMENT:
		break;
	default:
		/* Behind an extension header at least a next header
		 * has to follow, unless none is announced (59). */
		if (p->off > p->ip_off + IPV6_LEN && proto != 59 && p->off + 2 > p->limit)
			return REASON_IPV6_EXT_HEADER;
		return STEP_LAST;
	}
	NEED(b, 2, REASON_IPV6_EXT_HEADER);
	size = 8;
	if (proto == PROTO_AH)
		size = 8 + b[1] * 4;
	else if (proto != PROTO_FRAGMENT)
		size = 8 + b[1] * 8;
	if (p->off + size > p->limit)
		return REASON_IPV6_EXT_HEADER;
	p->key.proto = b[0];
	if (proto == PROTO_FRAGMENT && !p->seen_fragment) {
		b = at(v, p->off, 8);
		if (!b)
			return REASON_TRUNCATED;
		p->seen_fragment = 1;
		if (be16(b + 2) & 0xfff9) {
			p->fragment = 1;
			p->off += 8;
			p->header_end = p->off;
			return STEP_LAST;
		}
	}
	p->off += size;
	return REASON_NONE;
}

/* The header without its extensions, at which p->off then stands. */
static __always_inline int ipv6_header(const struct view *v, struct packet *p)
{
	const __u8 *b;
	__u32 total;

	NEED(b, IPV6_LEN, REASON_IPV6_SHORT);
	if (b[0] >> 4 != 6)
		return REASON_IPV6_VERSION;
	total = IPV6_LEN + be16(b + 4);
	p->key.proto = b[6];
	__builtin_memcpy(p->key.addr_a, b + 8, 16);
	__builtin_memcpy(p->key.addr_b, b + 24, 16);
	if (total == IPV6_LEN && p->key.proto == PROTO_HOPOPTS) {
		__u32 jumbo = jumbo_payload(v, p, p->off + IPV6_LEN);

		if (jumbo > p->limit)
			return REASON_IPV6_LENGTH;
		total += jumbo;
	}
	if (p->off + total > p->limit)
		return REASON_IPV6_LENGTH;
	p->limit = p->off + total;
	p->key.ip_version = 6;
	p->version = 6;
	p->ip_off = p->off;
	p->off += IPV6_LEN;
	p->header_end = p->off;
	return REASON_NONE;
}

#endif
