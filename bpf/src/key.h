/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Flow keys: canonical order, comparison, hash. */
#ifndef SPANWATCH_KEY_H
#define SPANWATCH_KEY_H

#include "packet.h"

volatile const __u16 source; /* flow_key.source of all flows */

/* Secret of the hash, drawn by the loader. */
volatile const __u32 hash_seed[2 * KEY_WORDS];

/* Copies the source and destination address that stand at b; the rest of both is zero already. */
static __always_inline void key_ipv4_addrs(struct flow_key *k, const __u8 *b)
{
	__builtin_memcpy(k->addr_a, b, 4);
	__builtin_memcpy(k->addr_b, b + 4, 4);
}

static __always_inline __u64 word(const void *b)
{
	return *(const __u64 *)b;
}

/* Whether source (in a) is above destination (in b), by address and then port. */
static __always_inline int key_above(const struct packet *p)
{
	__u64 a = word(p->key.addr_a), b = word(p->key.addr_b);

	if (a == b) {
		a = word(p->key.addr_a + 8);
		b = word(p->key.addr_b + 8);
	}
	if (a != b)
		return bpf_be64_to_cpu(a) > bpf_be64_to_cpu(b);
	return p->src_port > p->dst_port;
}

/* The parser leaves the source in a; afterwards the smaller endpoint is there. */
static __always_inline void key_order(struct packet *p)
{
	struct flow_key *k = &p->key;

	if (key_above(p)) {
		__u64 *a = (__u64 *)k->addr_a, *b = (__u64 *)k->addr_b;
		__u64 hi = a[0], lo = a[1];

		a[0] = b[0];
		a[1] = b[1];
		b[0] = hi;
		b[1] = lo;
		k->port_a = p->dst_port;
		k->port_b = p->src_port;
		p->reversed = 1;
		return;
	}
	k->port_a = p->src_port;
	k->port_b = p->dst_port;
	p->reversed = 0;
}

static __always_inline int key_equal(const struct flow_key *x, const struct flow_key *y)
{
	const __u64 *a = (const __u64 *)x, *b = (const __u64 *)y;
	__u64 d = 0;

#pragma unroll
	for (__u32 i = 0; i < KEY_WORDS; i++)
		d |= a[i] ^ b[i];
	return d == 0;
}

/*
 * NH of UMAC (RFC 4418 section 5.2.2): sums of products of 32-bit halves. Two
 * keys collide with a probability of 2^-32 for whoever does not know the seed,
 * and the products do not wait for each other as in a chain of multiplies.
 */
static __always_inline __u64 hash_word(__u64 w, __u32 i)
{
	__u32 lo = (__u32)w + hash_seed[2 * i];
	__u32 hi = (__u32)(w >> 32) + hash_seed[2 * i + 1];

	return (__u64)lo * hi;
}

/* Spreads the sum over the bits that choose set and tag. */
static __always_inline __u64 hash_mix(__u64 h)
{
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

static __always_inline __u64 key_hash(const struct flow_key *k)
{
	const __u64 *w = (const __u64 *)k;
	__u64 h = 0;

#pragma unroll
	for (__u32 i = 0; i < KEY_WORDS; i++)
		h += hash_word(w[i], i);
	return hash_mix(h);
}

#endif
