/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The packets that nearly all packets are: Ethernet, at most one VLAN tag, IP
 * without options, TCP or UDP without tunnel. May say "no" too often, never
 * something else than parse would.
 */
#ifndef SPANWATCH_PARSE_FAST_H
#define SPANWATCH_PARSE_FAST_H

#include "flow_id.h"
#include "parse_ip.h"

struct l4_fast {
	__u32 src_port;
	__u32 dst_port;
	__u32 header;
	__u8 tcp_flags;
};

/* The header at b, which ends at limit by the IP header. */
static __always_inline int fast_l4(const __u8 *b, void *end, __u8 proto, __u32 off, __u32 limit,
				   struct l4_fast *l4)
{
	if (proto == PROTO_TCP) {
		if ((void *)(b + 20) > end)
			return 0;
		l4->header = (b[12] >> 4) * 4;
		if (l4->header < 20 || off + l4->header > limit)
			return 0;
		l4->tcp_flags = b[13];
	} else if (proto == PROTO_UDP) {
		__u32 size;

		if (max_depth || (void *)(b + 8) > end)
			return 0;
		size = bpf_ntohs(*(__be16 *)(b + 4));
		if (size < 8 || off + size > limit)
			return 0;
		l4->header = 8;
		l4->tcp_flags = 0;
	} else {
		return 0;
	}
	l4->src_port = bpf_ntohs(*(__be16 *)b);
	l4->dst_port = bpf_ntohs(*(__be16 *)(b + 2));
	return 1;
}

/* A plain packet, in registers: it need not become a struct packet to be counted. */
struct plain {
	struct flow_id id;
	__u32 reversed; /* 0 or 1 */
	__u32 off;      /* of the IP header */
	__u32 limit;
	__u32 header_end;
	__u32 vlan;
	__u8 vlan_count; /* 0 or 1 */
	__u8 tcp_flags;
};

/*
 * Address and port in one number compare as the order of endpoints wants, and
 * exchange them without a branch that half of the packets would mispredict.
 */
static __always_inline int plain_ipv4(const __u8 *b, void *end, struct plain *f, __u32 off, __u32 len)
{
	struct l4_fast l4;
	__u64 x, y, reversed, swap;

	if ((void *)(b + 20) > end || b[0] != 0x45 || *(__be16 *)(b + 6) & bpf_htons(IPV4_FRAGMENT))
		return 0;
	f->limit = bpf_ntohs(*(__be16 *)(b + 2));
	if (f->limit < 20)
		return 0;
	f->limit += off;
	if (f->limit > len || !fast_l4(b + 20, end, b[9], off + 20, f->limit, &l4))
		return 0;
	x = (__u64)bpf_ntohl(*(__be32 *)(b + 12)) << 16 | l4.src_port;
	y = (__u64)bpf_ntohl(*(__be32 *)(b + 16)) << 16 | l4.dst_port;
	reversed = y - x;
	asm volatile("" : "+r"(reversed)); /* or it becomes a branch */
	reversed >>= 63;
	swap = (x ^ y) & -reversed;
	x ^= swap;
	y ^= swap;
	f->off = off;
	f->reversed = reversed;
	f->header_end = off + 20 + l4.header;
	f->tcp_flags = l4.tcp_flags;
	flow_id_plain(bpf_htonl((__u32)(x >> 16)) | (__u64)bpf_htonl((__u32)(y >> 16)) << 32,
		      (x & 0xffff) | (y & 0xffff) << 16 | (__u64)f->vlan << 32 | (__u64)b[9] << 48 | PLAIN_VERSION, &f->id);
	return 1;
}

/* Whether the frame holds a plain packet. tagged and vlan are of a tag that the driver took out. */
static __always_inline int parse_plain(void *data, void *end, struct plain *f, __u32 len, __u32 tagged, __u32 vlan)
{
	const __u8 *b = data;
	__be16 type;

	if (link_type != TYPE_ETHERNET || (void *)(b + ETHERNET_LEN + 4) > end)
		return 0;
	f->vlan_count = !!tagged;
	f->vlan = tagged ? vlan & 0xfff : 0;
	type = *(__be16 *)(b + 12);
	if (type == bpf_htons(ETHER_IPV4))
		return plain_ipv4(b + ETHERNET_LEN, end, f, ETHERNET_LEN, len);
	if (type != bpf_htons(ETHER_VLAN) || tagged || *(__be16 *)(b + ETHERNET_LEN + 2) != bpf_htons(ETHER_IPV4))
		return 0;
	f->vlan_count = 1;
	f->vlan = bpf_ntohs(*(__be16 *)(b + ETHERNET_LEN)) & 0xfff;
	return plain_ipv4(b + ETHERNET_LEN + 4, end, f, ETHERNET_LEN + 4, len);
}

/* Fills in p, all zero but for its source, VLAN and worth. */
static __always_inline void packet_of_plain(struct packet *p, const struct plain *f)
{
	key_of_plain(&p->key, &f->id);
	p->vlan_count = f->vlan_count;
	p->reversed = f->reversed;
	p->ip_off = f->off;
	p->l4_off = f->off + 20;
	p->limit = f->limit;
	p->header_end = f->header_end;
	p->tcp_flags = f->tcp_flags;
	p->version = 4;
}

/*
 * Writes the key behind the addresses in whole words: the hash reads words, and a
 * read of what several smaller writes left waits until these are in the cache.
 */
static __always_inline void fast_done(struct packet *p, const struct l4_fast *l4, __u64 ports, __u32 vlan, __u32 off,
				      __u32 l4_off, __u32 limit, __u8 proto, __u8 version)
{
	__u64 *w = (__u64 *)&p->key;

	w[4] = ports | (__u64)vlan << 32;
	w[5] = (__u64)proto << 16 | (__u64)version << 24;
	w[6] = (__u64)source << 16;
	p->ip_off = off;
	p->l4_off = l4_off;
	p->limit = limit;
	p->header_end = l4_off + l4->header;
	p->tcp_flags = l4->tcp_flags;
	p->version = version;
}

static __always_inline int fast_ipv6(const __u8 *b, void *end, struct packet *p, __u32 vlan, __u32 off, __u32 len)
{
	struct l4_fast l4;
	__u32 limit;

	if ((void *)(b + 40) > end || b[0] >> 4 != 6)
		return 0;
	limit = off + 40 + bpf_ntohs(*(__be16 *)(b + 4));
	if (limit > len || !fast_l4(b + 40, end, b[6], off + 40, limit, &l4))
		return 0;
	__builtin_memcpy(p->key.addr_a, b + 8, 16);
	__builtin_memcpy(p->key.addr_b, b + 24, 16);
	p->src_port = l4.src_port;
	p->dst_port = l4.dst_port;
	key_order(p);
	fast_done(p, &l4, (__u64)p->key.port_a | (__u64)p->key.port_b << 16, vlan, off, off + 40, limit, b[6], 6);
	return 1;
}

/* As parse_plain, for IPv6. p is all zero but for what packet_begin wrote. */
static __always_inline int parse_fast6(void *data, void *end, struct packet *p, __u32 len)
{
	const __u8 *b = data;
	__be16 type;

	if (link_type != TYPE_ETHERNET || (void *)(b + ETHERNET_LEN + 4) > end)
		return 0;
	type = *(__be16 *)(b + 12);
	if (type == bpf_htons(ETHER_IPV6))
		return fast_ipv6(b + ETHERNET_LEN, end, p, p->key.vlans[0], ETHERNET_LEN, len);
	if (type != bpf_htons(ETHER_VLAN) || p->vlan_count || *(__be16 *)(b + ETHERNET_LEN + 2) != bpf_htons(ETHER_IPV6) ||
	    !fast_ipv6(b + ETHERNET_LEN + 4, end, p, bpf_ntohs(*(__be16 *)(b + ETHERNET_LEN)) & 0xfff, ETHERNET_LEN + 4, len))
		return 0;
	p->vlan_count = 1;
	return 1;
}

#endif
