/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The short name by which the array knows a flow. */
#ifndef SPANWATCH_FLOW_ID_H
#define SPANWATCH_FLOW_ID_H

#include "key.h"

/* lo and hi are flow_head.id; hash chooses the set. */
struct flow_id {
	__u64 lo;
	__u64 hi;
	__u64 hash;
};

#define PLAIN_VERSION (4ULL << 56) /* in hi: no other flow has anything there */

/* The id of a plain flow; ports and what follows are as in hi. */
static __always_inline void flow_id_plain(__u64 addrs, __u64 rest, struct flow_id *id)
{
	__u64 h = hash_word(addrs, 0) + hash_word(rest, 1);

	id->lo = addrs;
	id->hi = rest;
	id->hash = hash_mix(h);
}

static __always_inline int key_is_plain(const struct flow_key *k)
{
	const __u64 *w = (const __u64 *)k;

	return k->ip_version == 4 && !(w[4] >> 48 | (w[5] & 0xffff) | w[5] >> 32 | (w[6] & 0xffff));
}

static __always_inline void flow_id_of(const struct flow_key *k, struct flow_id *id)
{
	const __u64 *w = (const __u64 *)k;

	if (key_is_plain(k)) {
		flow_id_plain(w[0] | w[2] << 32, w[4] | (w[5] >> 16) << 48, id);
		return;
	}
	id->hash = key_hash(k);
	id->lo = id->hash;
	id->hi = 0;
}

/* The key of a plain flow; k is all zero but for its source. */
static __always_inline void key_of_plain(struct flow_key *k, const struct flow_id *id)
{
	__u64 *w = (__u64 *)k;

	w[0] = (__u32)id->lo;
	w[2] = id->lo >> 32;
	w[4] = id->hi & 0xffffffffffffULL;
	w[5] = (id->hi >> 48) << 16;
}

#endif
