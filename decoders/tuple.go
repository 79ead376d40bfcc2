package decoders

import (
	"bytes"
	"math/bits"
)

// FlowKey names a flow independently of direction: endpoint A is the smaller
// of the two (address first, then port). It has no padding and no pointers, so
// it may be compared and hashed as bytes.
type FlowKey struct {
	AddrA, AddrB [16]byte
	PortA, PortB uint16 // ICMP: see Packet.FlowKey; 0 for protocols without ports
	VLANs        [3]uint16
	Proto        uint8
	IPVersion    uint8
	TunnelID     uint32
	Depth        uint8 // tunnels around the packet
	Tunnel       TunnelKind
	Source       uint16 // capture interface group; 0 unless interfaces are kept apart
}

// FlowKey writes the key of the packet's flow to k and reports whether the
// packet runs from endpoint B to endpoint A. Valid iff Refused is ReasonNone
// or ReasonFragment (a fragment has no ports, so its key is not that of its
// datagram's flow).
//
// ICMP has no ports. In their place stand the message type at its sender, and
// at its receiver the type of the message that would answer it (icmpv4Counterpart),
// so that echo request and reply are two directions of one flow, and so are
// timestamp, information, address mask, and in ICMPv6 router and neighbor
// solicitation, node information, home agent and mobile prefix; 0 where
// nothing answers. As in Suricata neither code nor identifier are part of it.
// ICMP errors: see EmbeddedFlowKey.
//
// The tunnel id is part of the key where it separates networks with addresses
// of their own: VXLAN, Geneve, ERSPAN. GTP TEIDs and GRE keys may differ
// between the directions of one flow and are left out.
//
// Interface is left out: Source is 0, the caller may set it.
func (p *Packet) FlowKey(k *FlowKey) (reversed bool) {
	sport, dport := p.SrcPort, p.DstPort
	if p.Layers&(LayerICMPv4|LayerICMPv6) != 0 {
		sport, dport = p.icmpPorts()
	}
	p.surroundings(k)
	k.Proto = p.Proto
	k.IPVersion = p.IPVersion
	return k.endpoints(&p.Src, &p.Dst, sport, dport)
}

// EmbeddedFlowKey writes the key of the flow that an ICMP error is about, the
// one whose packet it quotes, and reports whether the quoted packet ran from B
// to A. ok is false when the packet quotes none. The error itself travels the
// other way than the packet it quotes.
//
// Suricata counts an ICMPv4 destination-unreachable message to that flow when
// the flow exists and starts no flow for ICMPv4 errors; ICMPv6 errors get a
// flow by FlowKey like any other message.
func (p *Packet) EmbeddedFlowKey(k *FlowKey) (reversed, ok bool) {
	if !p.HasEmbedded {
		return false, false
	}
	e := &p.Embedded
	p.surroundings(k)
	k.Proto = e.Proto
	k.IPVersion = e.IPVersion
	return k.endpoints(&e.Src, &e.Dst, e.SrcPort, e.DstPort), true
}

// surroundings fills in what all packets seen at this place have in common.
func (p *Packet) surroundings(k *FlowKey) {
	k.VLANs = p.VLANs
	k.Depth = p.Depth
	k.Tunnel = p.Tunnel
	k.TunnelID = 0
	k.Source = 0
	switch p.Tunnel {
	case TunnelVXLAN, TunnelGeneve, TunnelERSPAN:
		k.TunnelID = p.TunnelID
	}
}

// endpoints puts the smaller endpoint first.
func (k *FlowKey) endpoints(src, dst *Addr, sport, dport uint16) (reversed bool) {
	order := compareAddr(src, dst)
	if order > 0 || order == 0 && sport > dport {
		k.AddrA, k.AddrB = *dst, *src
		k.PortA, k.PortB = dport, sport
		return true
	}
	k.AddrA, k.AddrB = *src, *dst
	k.PortA, k.PortB = sport, dport
	return false
}

func compareAddr(a, b *Addr) int { return bytes.Compare(a[:], b[:]) }

func (p *Packet) icmpPorts() (sport, dport uint16) {
	if p.IPVersion == 4 {
		return uint16(p.ICMPType), uint16(icmpv4Counterpart(p.ICMPType))
	}
	return uint16(p.ICMPType), uint16(icmpv6Counterpart(p.ICMPType))
}

// Hash mixes the key with the seed: three rounds of 64×64→128 bit multiply
// and fold (the construction of wyhash), 4 ns where AES maphash takes 8. Equal
// for both directions because the key is. A secret seed keeps a sender from
// aiming at one bucket.
func (k *FlowKey) Hash(seed uint64) uint64 {
	const (
		m0 = 0xa0761d6478bd642f
		m1 = 0xe7037ed1a0b428db
		m2 = 0x8ebc6af09c88c6e3
		m3 = 0x589965cc75374cc3
	)
	a := le64(k.AddrA[0:8])
	b := le64(k.AddrA[8:16])
	c := le64(k.AddrB[0:8])
	d := le64(k.AddrB[8:16])
	e := uint64(k.PortA) | uint64(k.PortB)<<16 | uint64(k.VLANs[0])<<32 | uint64(k.VLANs[1])<<48
	f := uint64(k.VLANs[2]) | uint64(k.Proto)<<16 | uint64(k.IPVersion)<<24 | uint64(k.TunnelID)<<32
	g := uint64(k.Depth) | uint64(k.Tunnel)<<8 | uint64(k.Source)<<16
	h := mum(a^m0, b^seed) ^ mum(c^m1, d^seed) ^ mum(e^m2, f^seed^g<<7)
	return mum(h^m3, seed^g^m0)
}

func mum(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func le64(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
