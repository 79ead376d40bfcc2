/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A whole packet, in functions of their own, each of which the verifier looks at
 * once: inlined, it would follow every header behind every chain of headers. So
 * loops have calls in them, but for what most packets have.
 *
 *	parse ─► erspan ─► link, link … ─┬─ ipv4 header ─► option, option … ─┬─► l4
 *	                                 └─ ipv6 ────────► ext, ext … ───────┘
 *
 * Included once for each kind of program, with
 *
 *	PARSER_CTX        the type of its context
 *	PARSER_NAME(f)    what function f is called for it
 *	PARSER_VIEW(ctx)  the bytes of the frame
 */

#define PARSER_STEP(f, step)                                   \
	__noinline int PARSER_NAME(f)(PARSER_CTX *ctx, struct packet *p) \
	{                                                      \
		struct view v = PARSER_VIEW(ctx);              \
                                                               \
		if (!p)                                        \
			return REASON_TRUNCATED;               \
		return step(&v, p);                            \
	}

PARSER_STEP(parse_erspan, tunnel_erspan)
PARSER_STEP(parse_link, link_header)
PARSER_STEP(parse_option, ipv4_option)
PARSER_STEP(parse_ipv6, ipv6_header)
PARSER_STEP(parse_ext, ipv6_ext_header)
PARSER_STEP(parse_l4, l4)

static __always_inline int PARSER_NAME(parse_headers4)(PARSER_CTX *ctx, const struct view *v, struct packet *p)
{
	int r = ipv4_header(v, p);

	if (r)
		return r;
	for (int i = 0; i < MAX_OPTIONS && p->off < p->header_end; i++) {
		r = PARSER_NAME(parse_option)(ctx, p);
		if (r == STEP_LAST)
			break;
		if (r)
			return r;
	}
	p->off = p->header_end;
	return REASON_NONE;
}

static __always_inline int PARSER_NAME(parse_headers6)(PARSER_CTX *ctx, struct packet *p)
{
	int r = PARSER_NAME(parse_ipv6)(ctx, p);

	for (int i = 0; i <= MAX_EXT_HEADERS && !r; i++)
		r = PARSER_NAME(parse_ext)(ctx, p);
	if (r == STEP_LAST)
		return REASON_NONE;
	return r ? r : REASON_IPV6_EXT_HEADERS;
}

/*
 * From p->off, where p->type names the header, to the end of the transport
 * header. The key is in order iff REASON_NONE is returned.
 */
__noinline int PARSER_NAME(parse)(PARSER_CTX *ctx, struct packet *p)
{
	struct view v = PARSER_VIEW(ctx);
	__u32 start;
	int r = REASON_NONE;

	if (!p)
		return REASON_TRUNCATED;
	start = p->off;
	if (p->key.depth && p->type == ETHER_BRIDGE)
		p->type = TYPE_ETHERNET;
	else if (p->key.depth && (p->type == ETHER_ERSPAN2 || p->type == ETHER_ERSPAN3))
		r = PARSER_NAME(parse_erspan)(ctx, p);
	for (int i = 0; i < 2 * MAX_LAYERS && !r; i++) {
		if (p->type == ETHER_IPV4 || p->type == ETHER_IPV6)
			break;
		r = link_is_usual(p) ? link_usual(&v, p) : PARSER_NAME(parse_link)(ctx, p);
	}
	if (r)
		return r;
	if (p->type == ETHER_IPV4)
		r = PARSER_NAME(parse_headers4)(ctx, &v, p);
	else if (p->type == ETHER_IPV6)
		r = PARSER_NAME(parse_headers6)(ctx, p);
	else
		return REASON_TOO_MANY_LAYERS;
	if (!r) {
		p->l4_off = p->off;
		if (!p->fragment)
			r = p->key.proto == PROTO_TCP ? l4_tcp(&v, p) : PARSER_NAME(parse_l4)(ctx, p);
	}
	if (!r)
		key_order(p);
	/* Within VXLAN and Geneve a packet is worth its datagram, as in decoders. */
	if (p->version && p->ip_off > start && (p->key.tunnel == TUNNEL_VXLAN || p->key.tunnel == TUNNEL_GENEVE))
		p->worth -= p->ip_off - start;
	return r;
}

/* Whether the packet p, parsed, passed this CPU before. */
__noinline int PARSER_NAME(duplicate)(PARSER_CTX *ctx, struct packet *p, __u32 where)
{
	struct view v = PARSER_VIEW(ctx);

	if (!p || where >= DEDUP_PLACES)
		return 0;
	return duplicate(&v, p, where);
}

#undef PARSER_STEP
#undef PARSER_CTX
#undef PARSER_NAME
#undef PARSER_VIEW
