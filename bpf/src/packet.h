/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A packet on its way through the parser, and access to its bytes. */
#ifndef SPANWATCH_PACKET_H
#define SPANWATCH_PACKET_H

#include "types.h"

/* Headers are looked for up to here; no chain of headers is longer. */
#define MAX_HEADERS 4096

/*
 * Offsets count from the start of the frame. limit is where the layer that
 * encloses off ends by the headers read so far, never above the frame's length.
 */
struct packet {
	struct flow_key key;
	__u32 off;
	__u32 limit;
	__u32 worth;      /* bytes this packet counts for */
	__u32 header_end; /* behind the last header, for segments */
	__u32 ip_off;
	__u32 l4_off;
	__u32 inner_off;   /* valid iff inner */
	__u32 inner_limit; /* where the inner bytes end */
	__u32 inner_id;
	__u32 type;       /* EtherType at off, or TYPE_ETHERNET or TYPE_RAW_IP */
	__u16 inner_type; /* EtherType of the inner bytes */
	__u16 src_port;
	__u16 dst_port;
	__u16 have; /* bytes of the copy of the frame, where it is parsed from one */
	__u8 inner; /* enum tunnel_kind */
	__u8 vlan_count;
	__u8 layers;
	__u8 tcp_flags;
	__u8 reversed; /* runs from B to A */
	__u8 version;
	__u8 fragment;
	__u8 seen_fragment; /* a fragment header of IPv6 */
};

/* The bytes that a program may read: a packet in place, or a copy in a map. */
struct view {
	void *data;
	void *end;  /* of a packet */
	int copied; /* known when this is compiled */
	__u32 have; /* bytes of a copy */
};

#define VIEW_PACKET(ctx) \
	(struct view) { .data = (void *)(long)(ctx)->data, .end = (void *)(long)(ctx)->data_end }

#define COPY_SIZE 512

/*
 * at returns size bytes at off, or NULL. The empty asm keeps the compiler from
 * checking one register and using another, which the verifier would refuse.
 */
static __always_inline const __u8 *at(const struct view *v, __u32 off, __u32 size)
{
	if (!v->copied) {
		const __u8 *b;

		asm volatile("" : "+r"(off));
		if (off > MAX_HEADERS)
			return NULL;
		b = v->data + off;
		if ((void *)(b + size) > v->end)
			return NULL;
		return b;
	}
	asm volatile("" : "+r"(off));
	if (!v->data || off > COPY_SIZE - 64 || off + size > v->have)
		return NULL;
	return v->data + off;
}

static __always_inline __u16 be16(const __u8 *b)
{
	return (__u16)b[0] << 8 | b[1];
}

static __always_inline __u32 be32(const __u8 *b)
{
	return (__u32)b[0] << 24 | (__u32)b[1] << 16 | (__u32)b[2] << 8 | b[3];
}

/*
 * NEED sets b to size bytes at p->off. Too few in the enclosing layer is the
 * sender's fault (malformed), too few in the linear part is ours.
 */
#define NEED(b, size, malformed)                  \
	do {                                      \
		__u32 _off = p->off;              \
		if (_off + (size) > p->limit)     \
			return malformed;         \
		b = at(v, _off, size);            \
		if (!b)                           \
			return REASON_TRUNCATED;  \
	} while (0)

#endif
