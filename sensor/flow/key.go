package flow

import "spanwatch/decoders"

// ICMPv4 types of error messages (RFC 792) that flows treat apart.
const (
	icmpUnreachable   = 3
	icmpSourceQuench  = 4
	icmpRedirect      = 5
	icmpTimeExceeded  = 11
	icmpParameterProb = 12
)

// tracked says whether a packet belongs to a flow. A fragment does not: the
// datagram it becomes part of does.
func tracked(p *decoders.Packet) bool {
	return p.IPVersion != 0 && p.Refused == decoders.ReasonNone && p.Layers&decoders.LayerFragment == 0
}

// icmpv4Error says whether p is an ICMPv4 error message, which neither begins
// a flow that Suricata would have nor makes one established.
func icmpv4Error(p *decoders.Packet) bool {
	if p.Layers&decoders.LayerICMPv4 == 0 {
		return false
	}
	return icmpv4ErrorType(p.ICMPType)
}

func icmpv4ErrorType(t uint8) bool {
	switch t {
	case icmpUnreachable, icmpSourceQuench, icmpRedirect, icmpTimeExceeded, icmpParameterProb:
		return true
	}
	return false
}

// quotesFlow says whether p counts in the flow that it quotes.
func quotesFlow(p *decoders.Packet) bool {
	return p.HasEmbedded && p.ICMPType == icmpUnreachable && p.Layers&decoders.LayerICMPv4 != 0
}

// generic returns FlagGeneric for a packet that begins no flow in Suricata.
func generic(p *decoders.Packet) Flags {
	if genericProto(p.Proto) || p.Proto == protoICMP && icmpv4Error(p) {
		return FlagGeneric
	}
	return 0
}

func genericProto(proto uint8) bool {
	switch proto {
	case protoTCP, protoUDP, protoSCTP, protoESP, protoICMP, protoICMPv6:
		return false
	}
	return true
}

func (t *Table) key(p *decoders.Packet, k *decoders.FlowKey) (reversed bool) {
	reversed = p.FlowKey(k)
	if t.cfg.IgnoreVLAN {
		k.VLANs = [3]uint16{}
	}
	return reversed
}

func (t *Table) quotedKey(p *decoders.Packet, k *decoders.FlowKey) (reversed bool) {
	reversed, _ = p.EmbeddedFlowKey(k) // quotesFlow says that there is one
	if t.cfg.IgnoreVLAN {
		k.VLANs = [3]uint16{}
	}
	return reversed
}

// ShardHash is the hash by which packets are dealt to workers: both directions
// of a flow and the ICMP errors that quote it come to the same worker. It takes
// the two addresses only, those that are quoted in an ICMP error, so that
// fragments that are not rebuilt yet can be dealt too. A packet inside a tunnel
// is dealt by its own addresses: its flow may use several tunnels.
func ShardHash(p *decoders.Packet, seed uint64) uint64 {
	k := decoders.FlowKey{AddrA: p.Src, AddrB: p.Dst, IPVersion: p.IPVersion}
	if quotesFlow(p) {
		k.AddrA, k.AddrB = p.Embedded.Src, p.Embedded.Dst
	}
	if less(&k.AddrB, &k.AddrA) {
		k.AddrA, k.AddrB = k.AddrB, k.AddrA
	}
	return k.Hash(scramble(seed))
}

// ShardOf is the ShardHash of the packets of a flow.
func ShardOf(k *decoders.FlowKey, seed uint64) uint64 {
	hosts := decoders.FlowKey{AddrA: k.AddrA, AddrB: k.AddrB, IPVersion: k.IPVersion}
	return hosts.Hash(scramble(seed))
}

// scramble spreads a configured seed over all bits (the finaliser of
// splitmix64). FlowKey.Hash multiplies parts of the key with the seed: with
// the seed 0 it would not see IPv4 addresses at all.
func scramble(seed uint64) uint64 {
	z := seed + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func less(a, b *[16]byte) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

func classOf(proto uint8) ProtoClass {
	switch proto {
	case protoTCP:
		return ClassTCP
	case protoUDP:
		return ClassUDP
	case protoICMP:
		return ClassICMP
	case protoICMPv6:
		return ClassICMPv6
	case protoSCTP:
		return ClassSCTP
	}
	return ClassOther
}
