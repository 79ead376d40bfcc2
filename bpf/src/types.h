/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What kernel and user space both know: keys, records, counters. bpf2go makes
 * Go types of these, so nothing here is written down twice.
 */
#ifndef SPANWATCH_TYPES_H
#define SPANWATCH_TYPES_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define barrier() asm volatile("" ::: "memory")

/*
 * A flow whatever its direction: endpoint A is the smaller of the two, by
 * address and then port. IPv4 stands in the first four address bytes, the rest
 * is zero. Ports are numbers, not network order; ICMP has its type and the
 * type that answers it there. No hole, so that it compares and hashes as words.
 */
struct flow_key {
	__u8 addr_a[16];
	__u8 addr_b[16];
	__u16 port_a;
	__u16 port_b;
	__u16 vlans[3];
	__u8 proto;
	__u8 ip_version;
	__u32 tunnel_id;
	__u8 depth;
	__u8 tunnel;
	__u16 source;
	__u32 zero;
};

#define KEY_WORDS (sizeof(struct flow_key) / sizeof(__u64))

/* Where a packet was met. Values index pairs of counters. */
enum side {
	SIDE_INGRESS,
	SIDE_EGRESS,
	SIDE_COUNT,
};

/* A flow in the kernel's own hash. Index 0 is A to B, 1 is B to A. */
struct flow_counts {
	__u64 packets[2];
	__u64 bytes[2];
	__u64 first; /* jiffies */
	__u64 last;
	__u8 tcp_flags[2];
	__u8 first_dir;
	__u8 sides; /* bit per enum side */
	__u32 zero;
};

/*
 * A flow in the array, in one cache line. For a plain flow (IPv4, at most one VLAN
 * tag, in no tunnel) id is all of its key; for others id[0] is a hash, id[1] zero,
 * and a flow_name decides. seq is odd while the kernel writes; generation counts
 * the flows that lived in this slot, so that a reader tells a successor from its
 * predecessor.
 *
 * When the flow began is 40 bits of jiffies: 16 above either count of packets,
 * which no flow fills, and 8 in first_top.
 */
struct flow_slot {
	__u64 id[2];
	__u64 packets[2]; /* low PACKET_BITS */
	__u64 bytes[2];
	__u32 last; /* low half of jiffies */
	__u8 tcp_flags[2];
	__u8 sides; /* bit per enum side, FIRST_REVERSED */
	__u8 first_top;
	__u32 seq;  /* in a record of the eviction ring: number of the slot */
	__u32 generation;
};

#define PACKET_BITS 48
#define FIRST_REVERSED 0x80 /* the first packet ran from B to A */

/* The key of a slot whose flow is not plain, in a line of its own. */
struct flow_name {
	struct flow_key key;
	__u64 zero;
};

/* How far one CPU's eviction ring is written and read, in lines since the start. */
struct eviction_marks {
	__u64 written;
	__u64 own_line[7];
	__u64 read; /* by user space */
	__u64 other_line[7];
};

/*
 * Why a frame is in no flow. Names are those of decoders.Reason; a test holds
 * them together.
 */
enum reason {
	REASON_NONE,
	REASON_TRUNCATED, /* header behind the linear part of a frame */
	REASON_TOO_MANY_LAYERS,
	REASON_TUNNEL_DEPTH,
	REASON_NON_IP_ARP,
	REASON_NON_IP_LLDP,
	REASON_NON_IP_STP,
	REASON_NON_IP_SLOW,
	REASON_NON_IP_EAPOL,
	REASON_NON_IP_CISCO,
	REASON_NON_IP_LLC,
	REASON_NON_IP_PPPOE,
	REASON_NON_IP_PPP,
	REASON_NON_IP_OTHER,
	REASON_ETHERNET_SHORT,
	REASON_LLC_SHORT,
	REASON_RAW_IP_VERSION,
	REASON_VLAN_SHORT,
	REASON_VLAN_COUNT,
	REASON_PBB_SHORT,
	REASON_VNTAG_SHORT,
	REASON_ETAG_SHORT,
	REASON_FABRICPATH_SHORT,
	REASON_NSH_HEADER,
	REASON_NSH_PAYLOAD,
	REASON_MPLS_SHORT,
	REASON_MPLS_LABEL,
	REASON_MPLS_PAYLOAD,
	REASON_PPPOE_HEADER,
	REASON_PPP_SHORT,
	REASON_PPP_PROTOCOL,
	REASON_ARP_HEADER,
	REASON_IPV4_SHORT,
	REASON_IPV4_VERSION,
	REASON_IPV4_HEADER_LEN,
	REASON_IPV4_LENGTH,
	REASON_IPV4_OPTIONS,
	REASON_IPV4_ICMPV6,
	REASON_IPV6_SHORT,
	REASON_IPV6_VERSION,
	REASON_IPV6_LENGTH,
	REASON_IPV6_EXT_HEADER,
	REASON_IPV6_EXT_HEADERS,
	REASON_IPV6_ICMPV4,
	REASON_TCP_SHORT,
	REASON_TCP_HEADER_LEN,
	REASON_UDP_SHORT,
	REASON_UDP_LENGTH,
	REASON_ICMPV4_SHORT,
	REASON_ICMPV6_SHORT,
	REASON_SCTP_SHORT,
	REASON_IGMP_SHORT,
	REASON_ESP_SHORT,
	REASON_AH_SHORT,
	REASON_GRE_SHORT,
	REASON_GRE_VERSION,
	REASON_GRE_FLAGS,
	REASON_GRE_PROTOCOL,
	REASON_ERSPAN_SHORT,
	REASON_ERSPAN_VERSION,
	REASON_TUNNELED_IP,

	/* Of the kernel side alone. */
	REASON_DUPLICATE,  /* the same frame was mirrored twice */
	REASON_TABLE_BUSY, /* the slot was being written, or there is none for this CPU */
	REASON_COUNT,
};

/* Tunnels, as decoders.TunnelKind. */
enum tunnel_kind {
	TUNNEL_NONE,
	TUNNEL_GRE,
	TUNNEL_ERSPAN,
	TUNNEL_IPIP,
	TUNNEL_IPV6,
	TUNNEL_VXLAN,
	TUNNEL_GENEVE,
	TUNNEL_GTPU,
};

struct count {
	__u64 packets;
	__u64 bytes;
};

/*
 * One CPU's exact totals and the clock of its bursts. All frames of a side are
 * in total; each is in one flow, or under one reason. lost is what was counted
 * in flows whose record found the ring full: [0] of outermost packets,
 * [1] of packets within tunnels.
 */
struct cpu_totals {
	struct count total[2]; /* by enum side */
	__u64 burst_jiffies;   /* when burst_ms was read last */
	__u64 burst_left;      /* packets until it is read again */
	__u64 new_flows;
	__u64 evicted_flows;

	struct count inner; /* packets within tunnels */
	struct count lost[2];
	__u64 lost_flows;

	__u64 burst_stride; /* packets from one reading to the next */
	__u64 burst_ns;     /* the last reading, of the monotonic clock */
	__u64 burst_ms;     /* the millisecond of it that counts now */
	struct count burst_mark[2]; /* total when burst_ms began */
};

/* One millisecond on one CPU, by enum side. */
struct burst {
	__u64 ms;
	struct count count[2];
};

/* What became of frames on their way to a socket. */
enum feed_verdict {
	FEED_HANDED,         /* given to the socket */
	FEED_HANDED_END,     /* of a shunted flow, handed up since it may end the flow */
	FEED_SHED_SHUNTED,   /* of a shunted flow */
	FEED_SHED_SAMPLED,   /* of a flow that sampling leaves out */
	FEED_SHED_DUPLICATE, /* the same frame passed before */
	FEED_DROPPED,        /* of a shunted flow, by XDP: no socket saw it */
	FEED_UNBOUND,        /* to be redirected, but its queue has no socket: it went to the stack */
	FEED_COUNT,
};

/* A UDP port behind which a tunnel is looked for. */
struct udp_tunnel {
	__u16 port;
	__u8 kind;     /* enum tunnel_kind; TUNNEL_NONE ends the list */
	__u8 any_port; /* the source port counts too */
};

/* bpf2go makes Go types only of what the object mentions. */
#define EXPORT(type, name) const type *name __attribute__((unused))

#define UDP_TUNNELS 8
#define WAYS 4

#endif
