package decoders

import (
	"errors"
	"fmt"
)

// Default UDP ports of the tunnels.
const (
	PortVXLAN  = 4789 // RFC 7348 section 5
	PortGeneve = 6081 // RFC 8926 section 3.3
	PortGTPU   = 2152 // 3GPP TS 29.281 section 4.4.2.3
	PortTeredo = 3544 // RFC 4380 section 2.7
)

// DefaultMaxDepth is how many nested tunnels are followed when the
// configuration does not say. Real networks nest two or three.
const DefaultMaxDepth = 8

// maxDepth bounds Config.MaxDepth; each level is a packet for the pipeline.
const maxDepth = 32

// maxLayers bounds the link-layer headers of one packet: the same as the
// default of Suricata's decoder.max-layers.
const maxLayers = 16

// ErrConfig is wrapped by every complaint of NewDecoder.
var ErrConfig = errors.New("invalid decoder configuration")

// Config is what Decode can be told.
type Config struct {
	// UDP ports of tunnels. Empty switches a tunnel off. VXLAN goes by the
	// destination port alone (its source port is entropy, RFC 7348 section 5);
	// the others by either port.
	VXLANPorts, GenevePorts, GTPUPorts, TeredoPorts []uint16

	MaxDepth  int          // tunnels that DecodeInner follows; 0 follows none, at most 32
	Checksums ChecksumMode // what is computed
}

// DefaultConfig follows every tunnel on its assigned port and computes no
// checksums.
func DefaultConfig() Config {
	return Config{
		VXLANPorts:  []uint16{PortVXLAN},
		GenevePorts: []uint16{PortGeneve},
		GTPUPorts:   []uint16{PortGTPU},
		TeredoPorts: []uint16{PortTeredo},
		MaxDepth:    DefaultMaxDepth,
	}
}

// ChecksumMode says which checksums are computed.
type ChecksumMode uint8

// Checksum modes.
const (
	ChecksumsOff ChecksumMode = iota // compute none
	ChecksumsOn                      // compute those of IPv4, TCP, UDP, ICMP where all bytes were captured
)

// Decoder decodes frames. One goroutine at a time.
type Decoder struct {
	udpTunnels []udpTunnel
	udpPorts   uint64 // bit port%64 for each of udpTunnels: a first look that rejects nearly all ports
	maxDepth   uint8
	checksums  bool

	// Of the packet at hand, reset by start.
	layers     int  // link-layer headers walked through
	noL4Verify bool // source routed: the pseudo header's destination is not in the IP header
}

type udpTunnel struct {
	port    uint16
	kind    TunnelKind
	anyPort bool // the source port counts too
}

// NewDecoder checks the configuration; errors wrap ErrConfig.
func NewDecoder(cfg Config) (*Decoder, error) {
	if cfg.MaxDepth < 0 || cfg.MaxDepth > maxDepth {
		return nil, fmt.Errorf("%w: depth of tunnels %d is not within 0..%d", ErrConfig, cfg.MaxDepth, maxDepth)
	}
	if cfg.Checksums > ChecksumsOn {
		return nil, fmt.Errorf("%w: checksum mode %d", ErrConfig, cfg.Checksums)
	}
	d := &Decoder{maxDepth: uint8(cfg.MaxDepth), checksums: cfg.Checksums == ChecksumsOn}
	for _, t := range []struct {
		ports   []uint16
		kind    TunnelKind
		anyPort bool
	}{
		{cfg.TeredoPorts, TunnelTeredo, true},
		{cfg.GenevePorts, TunnelGeneve, true},
		{cfg.VXLANPorts, TunnelVXLAN, false},
		{cfg.GTPUPorts, TunnelGTPU, true},
	} {
		for _, port := range t.ports {
			if port == 0 {
				return nil, fmt.Errorf("%w: tunnel port 0", ErrConfig)
			}
			d.udpPorts |= 1 << (port % 64)
			d.udpTunnels = append(d.udpTunnels, udpTunnel{port: port, kind: t.kind, anyPort: t.anyPort})
		}
	}
	return d, nil
}

// Decode decodes the outermost packet of f into p and returns p.Refused.
func (d *Decoder) Decode(f *Frame, p *Packet) Reason {
	*p = Packet{}
	p.Data = f.Data
	p.Timestamp = f.Timestamp
	p.Number = f.Number
	p.Interface = f.Interface
	p.Link = f.Link
	p.WireLen = max(f.WireLen, uint32(len(f.Data)))
	if f.HasVLAN {
		p.Layers = LayerVLAN
		p.VLANs[0] = f.VLAN & 0xfff
		p.VLANCount = 1
	}
	d.start()
	r := d.link(p, f.Data, int(p.WireLen))
	p.Refused = r
	return r
}

// DecodeInner decodes the packet that outer carries (outer.Inner is not
// TunnelNone) into inner, which must be another Packet. inner.Data is a part
// of outer.Data and begins at the inner packet. The inner packet has the VLANs
// of its own link header only, as in Suricata; WireLen is what the headers
// around it say.
func (d *Decoder) DecodeInner(outer, inner *Packet) Reason {
	*inner = Packet{}
	inner.Timestamp = outer.Timestamp
	inner.Number = outer.Number
	inner.Interface = outer.Interface
	inner.Tunnel = outer.Inner
	inner.TunnelID = outer.InnerID
	inner.Depth = outer.Depth + 1
	inner.WireLen = outer.InnerWireLen
	inner.Link = LinkRaw
	if outer.Inner == TunnelNone {
		inner.Refused = ReasonNoInner
		return ReasonNoInner
	}
	b := outer.Data[outer.InnerOffset : outer.PayloadOffset+outer.PayloadLen]
	inner.Data = b
	if outer.Depth >= d.maxDepth {
		inner.Events.Add(EventTooManyLayers)
		inner.Refused = ReasonTunnelDepth
		return ReasonTunnelDepth
	}
	d.start()
	wire := int(outer.InnerWireLen)
	if wire < len(b) { // a trailer behind what the tunnel carries
		b = b[:wire]
		inner.Data = b
	}
	switch outer.InnerProto {
	case etherBridge:
		inner.Link = LinkEthernet
		inner.Refused = d.ethernet(inner, b, 0, wire)
		// As in Suricata a packet within VXLAN or Geneve is worth its datagram,
		// one within GRE or ERSPAN its frame.
		if inner.IPVersion != 0 && (inner.Tunnel == TunnelVXLAN || inner.Tunnel == TunnelGeneve) {
			inner.WireLen -= inner.IPOffset
		}
	case etherERSPAN2, etherERSPAN3:
		inner.Link = LinkEthernet
		inner.Refused = d.erspan(inner, b, wire, outer.InnerProto)
	default:
		inner.Refused = d.network(inner, b, 0, wire, outer.InnerProto)
	}
	return inner.Refused
}

// DecodeRebuilt decodes a reassembled datagram, which starts with its IP
// header; link-layer fields (VLANs, interface, tunnel, number) come from last,
// the fragment that completed it. WireLen counts that fragment's link header
// too, as Suricata does.
func (d *Decoder) DecodeRebuilt(datagram []byte, last, p *Packet) Reason {
	*p = Packet{}
	p.Data = datagram
	p.Timestamp = last.Timestamp
	p.Number = last.Number
	p.Interface = last.Interface
	p.Link = LinkRaw
	p.WireLen = last.IPOffset + uint32(len(datagram))
	p.Depth = last.Depth
	p.Tunnel = last.Tunnel
	p.TunnelID = last.TunnelID
	p.VLANs = last.VLANs
	p.VLANCount = last.VLANCount
	p.Layers = last.Layers & LayerVLAN
	p.Rebuilt = true
	d.start()
	p.Refused = d.rawIP(p, datagram, 0, len(datagram))
	return p.Refused
}

func (d *Decoder) start() {
	d.layers = 0
	d.noL4Verify = false
}

// link decodes from the frame's first header on. In this and all layer
// functions b is Packet.Data up to the end of the enclosing layer as captured,
// off is where the layer starts, and wire is where the enclosing layer ended
// on the wire: above len(b) when the capture cut the frame.
func (d *Decoder) link(p *Packet, b []byte, wire int) Reason {
	switch p.Link {
	case LinkEthernet:
		return d.ethernet(p, b, 0, wire)
	case LinkRaw, LinkRawBSD, LinkRawOBSD, LinkIPv4, LinkIPv6:
		return d.rawIP(p, b, 0, wire)
	case LinkLinuxSLL:
		return d.sll(p, b, wire)
	case LinkSLL2:
		return d.sll2(p, b, wire)
	case LinkNull, LinkLoop:
		return d.loopback(p, b, wire)
	case LinkPPP, LinkPPPHDLC:
		return d.ppp(p, b, 0, wire)
	case LinkCHDLC:
		return d.chdlc(p, b, wire)
	default:
		p.setPayload(b, 0)
		return ReasonLinkType
	}
}

// setPayload makes everything from off to the end of the enclosing layer the
// payload.
func (p *Packet) setPayload(b []byte, off int) {
	p.PayloadOffset = uint32(off)
	p.PayloadLen = uint32(len(b) - off)
}

// short tells why a header that must end at need does not: the capture cut it,
// or it never was there.
func short(need, wire int, malformed Reason) Reason {
	if need <= wire {
		return ReasonTruncated
	}
	return malformed
}
