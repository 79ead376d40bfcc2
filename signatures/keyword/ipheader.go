package keyword

import (
	"strings"

	"spanwatch/decoders"
	"spanwatch/signatures/rule"
)

// ipProtocol compares the IP protocol number.
type ipProtocol struct {
	value    uint8
	operator byteOperator
	negated  bool
}

func (t *ipProtocol) Match(f *Facts) bool {
	p := f.Packet
	if !hasIP(p) {
		return false
	}
	var holds bool
	switch t.operator {
	case less:
		holds = IPProto(p) < t.value
	case greater:
		holds = IPProto(p) > t.value
	default:
		holds = IPProto(p) == t.value
	}
	return holds != t.negated
}

// ipVersion asks for a version of IP.
type ipVersion uint8

func (want ipVersion) Match(f *Facts) bool { return f.Packet.IPVersion == uint8(want) }

// IPProto is the protocol that a packet is of to rules: a fragment of IPv6 is of
// that of the fragment header, whatever is in it.
func IPProto(p *decoders.Packet) uint8 {
	if p.Layers.Has(decoders.LayerFragment | decoders.LayerIPv6) {
		return ipv6Fragment
	}
	return p.Proto
}

// ipv6Fragment is the next-header value of the fragment header (RFC 8200 section 4.5).
const ipv6Fragment = 44

// setL3Proto is the keyword l3_proto: `l3_proto:ipv4|ip4|ipv6|ip6`.
func setL3Proto(b *Builder, o *rule.Option) *rule.Diagnostic {
	var want ipVersion
	switch strings.TrimSpace(o.Value) {
	case "ipv4", "ip4":
		want = 4
	case "ipv6", "ip6":
		want = 6
	default:
		return b.badValue(o, "unknown protocol "+quoted(o.Value))
	}
	b.plan.Tests = append(b.plan.Tests, want)
	return nil
}

// ipProtocolNames are the names of /etc/protocols that rules use, with the
// numbers of IANA's registry.
var ipProtocolNames = map[string]uint8{
	"hopopt": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "ipip": 4, "st": 5, "tcp": 6, "cbt": 7, "egp": 8,
	"igp": 9, "pup": 12, "udp": 17, "hmp": 20, "xns-idp": 22, "rdp": 27, "iso-tp4": 29, "dccp": 33, "xtp": 36,
	"ddp": 37, "idpr-cmtp": 38, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "idrp": 45, "rsvp": 46, "gre": 47,
	"esp": 50, "ah": 51, "skip": 57, "ipv6-icmp": 58, "icmpv6": 58, "ipv6-nonxt": 59, "ipv6-opts": 60,
	"rspf": 73, "vmtp": 81, "eigrp": 88, "ospf": 89, "ax.25": 93, "etherip": 97, "encap": 98, "pim": 103,
	"ipcomp": 108, "vrrp": 112, "l2tp": 115, "isis": 124, "sctp": 132, "fc": 133, "udplite": 136,
}

// setIPProto is the keyword ip_proto: `ip_proto:[!|<|>]N|name`. Several must
// all hold, so all but one of them must be negated or an inequality.
func setIPProto(b *Builder, o *rule.Option) *rule.Diagnostic {
	t := &ipProtocol{operator: equal}
	text := strings.TrimSpace(o.Value)
	switch {
	case strings.HasPrefix(text, "!"):
		t.negated = true
		text = text[1:]
	case strings.HasPrefix(text, "<"):
		t.operator = less
		text = text[1:]
	case strings.HasPrefix(text, ">"):
		t.operator = greater
		text = text[1:]
	}
	text = strings.TrimSpace(text)
	if v, ok := parseUnsigned(text); ok && v <= 255 {
		t.value = uint8(v)
	} else if v, ok := ipProtocolNames[strings.ToLower(text)]; ok {
		t.value = v
	} else {
		return b.badValue(o, "unknown IP protocol "+quoted(text))
	}
	if t.operator == equal && !t.negated {
		if d := b.once(o); d != nil {
			return b.fail(o, "duplicate-option", "two IP protocols at once", "a packet has one", "")
		}
		b.plan.OneIPProto, b.plan.IPProto = true, t.value
	}
	b.plan.Tests = append(b.plan.Tests, t)
	return nil
}

// sameAddress is sameip: source and destination address are equal.
type sameAddress struct{}

func (sameAddress) Match(f *Facts) bool { return hasIP(f.Packet) && f.Packet.Src == f.Packet.Dst }

func setSameIP(b *Builder, _ *rule.Option) *rule.Diagnostic {
	b.plan.Tests = append(b.plan.Tests, sameAddress{})
	return nil
}

// ipOption asks for an option in the IPv4 header; bits as Packet.IPv4Options.
type ipOption struct{ any uint32 }

func (t ipOption) Match(f *Facts) bool {
	return f.Packet.Layers.Has(decoders.LayerIPv4) && f.Packet.IPv4Options&t.any != 0
}

// ipOptionNumbers are the option numbers without copy flag and class (RFC
// 791 section 3.1, RFC 1108, RFC 2113, RFC 4782, and CIPSO, FIPS 188).
var ipOptionNumbers = map[string]uint32{
	"eol": 0, "nop": 1, "sec": 2, "lsrr": 3, "ts": 4, "esec": 5, "cipso": 6, "rr": 7, "satid": 8, "ssrr": 9,
	"rtralt": 20, "qs": 25,
}

// setIPOpts is the keyword ipopts: `ipopts:rr|eol|nop|ts|sec|esec|lsrr|ssrr|satid|qs|rtralt|cipso|any`.
func setIPOpts(b *Builder, o *rule.Option) *rule.Diagnostic {
	if strings.EqualFold(o.Value, "any") {
		b.plan.Tests = append(b.plan.Tests, ipOption{^uint32(0)})
		return nil
	}
	number, ok := ipOptionNumbers[strings.ToLower(o.Value)]
	if !ok {
		return b.badValue(o, "unknown IP option "+quoted(o.Value))
	}
	b.plan.Tests = append(b.plan.Tests, ipOption{1 << number})
	return nil
}

// typeOfService compares the whole ToS byte of an IPv4 header.
type typeOfService struct {
	value   uint8
	negated bool
}

func (t typeOfService) Match(f *Facts) bool {
	return f.Packet.Layers.Has(decoders.LayerIPv4) && (f.Packet.TOS == t.value) != t.negated
}

// setTos is the keyword tos: `tos:[!]N|xHH`.
func setTos(b *Builder, o *rule.Option) *rule.Diagnostic {
	text, negated := strings.CutPrefix(strings.TrimSpace(o.Value), "!")
	text = strings.TrimSpace(text)
	if rest, found := strings.CutPrefix(strings.ToLower(text), "x"); found {
		text = "0x" + rest
	}
	v, ok := parseUnsigned(text)
	if !ok || v > 255 {
		return b.badValue(o, "tos must be 0 to 255")
	}
	b.plan.Tests = append(b.plan.Tests, typeOfService{uint8(v), negated})
	return nil
}

// vlanID compares a VLAN id: of any tag, of all, or of one, counted from the
// outermost (0) or, negative, from the innermost (-1).
type vlanID struct {
	want            rule.Int
	layer           int
	anyTag, allTags bool
}

func (t *vlanID) Match(f *Facts) bool {
	p := f.Packet
	tags := p.VLANs[:min(int(p.VLANCount), len(p.VLANs))]
	if t.anyTag {
		for _, id := range tags {
			if t.want.Match(uint64(id)) {
				return true
			}
		}
		return false
	}
	if t.allTags {
		for _, id := range tags {
			if !t.want.Match(uint64(id)) {
				return false
			}
		}
		return len(tags) > 0
	}
	i := t.layer
	if i < 0 {
		i += len(tags)
	}
	return i >= 0 && i < len(tags) && t.want.Match(uint64(tags[i]))
}

// setVlanID is the keyword vlan.id: `vlan.id:int[,layer]`.
func setVlanID(b *Builder, o *rule.Option) *rule.Diagnostic {
	text, layer, found := strings.Cut(o.Value, ",")
	layer = strings.TrimSpace(layer)
	n, d := b.integerText(o, strings.TrimSpace(text), 16)
	if d != nil {
		return d
	}
	t := &vlanID{want: n, anyTag: !found || layer == "any", allTags: layer == "all"}
	if !t.anyTag && !t.allTags {
		var ok bool
		if t.layer, ok = parseSigned(layer, 2); !ok {
			return b.fail(o, "unsupported-value", "vlan.id layer "+quoted(layer)+" is not supported yet", "any, all, and -2 to 2 are", "")
		}
	}
	b.plan.Tests = append(b.plan.Tests, t)
	return nil
}
