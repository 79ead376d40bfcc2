/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A SPAN port that mirrors both sides of a switch sends the same frame twice.
 * Two packets are the same if all that routers leave alone is: IP identification
 * and length, addresses, and the first bytes behind the IP header, checksums
 * among them. Addresses of the link, VLANs and TTL may differ.
 */
#ifndef SPANWATCH_DEDUP_H
#define SPANWATCH_DEDUP_H

#include "key.h"

#define DEDUP_SLOTS 8192
#define DEDUP_WORDS 8 /* of payload looked at */

volatile const __u64 dedup_window; /* nanoseconds; 0 looks for none */

struct seen {
	__u64 hash;
	__u64 at;
};

/*
 * Accounting and the sockets meet the same frames one after the other, so each
 * remembers what it saw by itself.
 */
enum dedup_at {
	DEDUP_ACCOUNT,
	DEDUP_FEED,
	DEDUP_PLACES,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct seen);
	__uint(max_entries, DEDUP_PLACES * DEDUP_SLOTS);
} dedup SEC(".maps");

static __always_inline __u64 dedup_mix(__u64 h, __u64 w)
{
	h = (h ^ w) * 0xff51afd7ed558ccdULL;
	return h ^ h >> 32;
}

static __always_inline __u64 dedup_hash(const struct view *v, const struct packet *p)
{
	struct flow_key k = p->key;
	const __u8 *b;
	__u64 h;

	k.vlans[0] = k.vlans[1] = k.vlans[2] = 0;
	h = key_hash(&k) + p->reversed;
	b = at(v, p->ip_off, 8);
	if (b && p->version == 4)
		h = dedup_mix(h, word(b) & bpf_cpu_to_be64(0x0000ffffffffffffULL));
	for (int i = 0; i < DEDUP_WORDS; i++) {
		__u32 off = p->l4_off + 8 * i;

		if (off + 8 > p->limit)
			break;
		b = at(v, off, 8);
		if (!b)
			break;
		h = dedup_mix(h, word(b));
	}
	return h;
}

/* Whether the same packet passed this CPU within the window. A third copy is one, too. */
static __always_inline int duplicate(const struct view *v, const struct packet *p, enum dedup_at where)
{
	__u64 h = dedup_hash(v, p), now = bpf_ktime_get_ns();
	__u32 i = (h >> 32 & (DEDUP_SLOTS - 1)) + where * DEDUP_SLOTS;
	struct seen *s = bpf_map_lookup_elem(&dedup, &i);
	int same;

	if (!s)
		return 0;
	same = s->hash == h && now - s->at < dedup_window;
	s->hash = h;
	s->at = now;
	return same;
}

#endif
