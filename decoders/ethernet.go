package decoders

import "encoding/binary"

// EtherTypes that are decoded or told apart (IANA ieee-802-numbers).
const (
	etherIPv4       = 0x0800
	etherARP        = 0x0806
	etherBridge     = 0x6558 // transparent Ethernet bridging
	etherRARP       = 0x8035
	etherVLAN       = 0x8100
	etherIPv6       = 0x86dd
	etherSlow       = 0x8809
	etherMACControl = 0x8808
	etherPPP        = 0x880b
	etherMPLS       = 0x8847
	etherMPLSMulti  = 0x8848
	etherPPPoEDisc  = 0x8863
	etherPPPoE      = 0x8864
	etherEAPOL      = 0x888e
	etherQinQ       = 0x88a8 // 802.1ad service tag
	etherERSPAN2    = 0x88be // types I and II
	etherLLDP       = 0x88cc
	etherPBB        = 0x88e7
	etherFabricPath = 0x8903
	etherVNTag      = 0x8926
	etherETag       = 0x893f
	etherNSH        = 0x894f
	etherQinQOld    = 0x9100 // service tag before 802.1ad
	etherERSPAN3    = 0x22eb

	// Up to this the field is an 802.3 length (IEEE 802.3 clause 3.2.6).
	maxEtherLength = 1500
)

const ethernetLen = 14

func (d *Decoder) ethernet(p *Packet, b []byte, off, wire int) Reason {
	if len(b)-off < ethernetLen {
		p.setPayload(b, off)
		p.Events.Add(EventEthernetPktTooSmall)
		return short(off+ethernetLen, wire, ReasonEthernetShort)
	}
	p.Layers |= LayerEthernet
	p.EthOffset = uint32(off)
	typ := binary.BigEndian.Uint16(b[off+12:])
	if typ == etherIPv4 { // most of all frames: one call less
		p.EtherType = typ
		return d.ipv4(p, b, off+ethernetLen, wire)
	}
	return d.network(p, b, off+ethernetLen, wire, typ)
}

// network decodes what an EtherType names.
func (d *Decoder) network(p *Packet, b []byte, off, wire int, typ uint16) Reason {
	p.EtherType = typ
	switch typ {
	case etherIPv4:
		return d.ipv4(p, b, off, wire)
	case etherIPv6:
		return d.ipv6(p, b, off, wire)
	}
	p.setPayload(b, off)
	if d.layers++; d.layers > maxLayers {
		p.Events.Add(EventTooManyLayers)
		return ReasonTooManyLayers
	}
	switch typ {
	case etherVLAN, etherQinQ, etherQinQOld:
		return d.vlan(p, b, off, wire)
	case etherMPLS, etherMPLSMulti:
		return d.mpls(p, b, off, wire)
	case etherPPPoE:
		return d.pppoeSession(p, b, off, wire)
	case etherPPPoEDisc:
		return pppoeDiscovery(p, b, off, wire)
	case etherPPP:
		return d.ppp(p, b, off, wire)
	case etherARP:
		return arp(p, b, off, wire)
	case etherBridge:
		return d.ethernet(p, b, off, wire)
	case etherPBB:
		return d.pbb(p, b, off, wire)
	case etherVNTag:
		return d.vnTag(p, b, off, wire)
	case etherETag:
		return d.eTag(p, b, off, wire)
	case etherFabricPath:
		return d.fabricPath(p, b, off, wire)
	case etherNSH:
		return d.nsh(p, b, off, wire)
	}
	if typ <= maxEtherLength {
		return d.llc(p, b, off, wire, int(typ))
	}
	return nonIP(p, typ)
}

// nonIP sorts the EtherTypes that carry no IP.
func nonIP(p *Packet, typ uint16) Reason {
	switch typ {
	case etherLLDP:
		p.Events.Add(EventEthernetUnknownEtherType)
		return ReasonNonIPLLDP
	case etherRARP:
		p.Events.Add(EventEthernetUnknownEtherType)
		return ReasonNonIPARP
	case etherSlow, etherMACControl:
		p.Events.Add(EventEthernetUnknownEtherType)
		return ReasonNonIPSlow
	case etherEAPOL:
		p.Events.Add(EventEthernetUnknownEtherType)
		return ReasonNonIPEAPOL
	}
	p.Events.Add(EventEthernetUnknownEtherType)
	return ReasonNonIPOther
}

// LLC service access points and SNAP organisations.
const (
	llcSTP    = 0x42
	llcSNAP   = 0xaa
	snapEther = 0x000000 // EtherType follows (RFC 1042)
	snapApple = 0x0000f8 // EtherType follows, bridged from Ethernet (802.1H)
	snapCisco = 0x00000c

	ciscoPVST = 0x010b // Per-VLAN spanning tree behind Cisco's SNAP

	llcLen  = 3
	snapLen = 8 // LLC and SNAP together
)

// llc decodes IEEE 802.2 behind an 802.3 length of size bytes.
func (d *Decoder) llc(p *Packet, b []byte, off, wire, size int) Reason {
	if size != 0 && off+size < wire {
		wire = off + size
		b = b[:min(wire, len(b))]
		p.setPayload(b, off)
	}
	if len(b)-off < llcLen {
		return short(off+llcLen, wire, ReasonLLCShort)
	}
	p.Layers |= LayerLLC
	if b[off] == llcSTP {
		return ReasonNonIPSTP
	}
	if b[off] != llcSNAP || b[off+1] != llcSNAP {
		return ReasonNonIPLLC
	}
	if len(b)-off < snapLen {
		return short(off+snapLen, wire, ReasonLLCShort)
	}
	org := uint32(b[off+3])<<16 | uint32(b[off+4])<<8 | uint32(b[off+5])
	typ := binary.BigEndian.Uint16(b[off+6:])
	switch org {
	case snapEther, snapApple:
		if typ <= maxEtherLength {
			return ReasonNonIPLLC
		}
		return d.network(p, b, off+snapLen, wire, typ)
	case snapCisco:
		p.EtherType = typ
		if typ == ciscoPVST {
			return ReasonNonIPSTP
		}
		return ReasonNonIPCisco
	}
	return ReasonNonIPLLC
}
