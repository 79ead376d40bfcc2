package decoders

import "net/netip"

// Layers is the set of protocol headers found in one packet.
type Layers uint32

// One bit per header. A packet behind a tunnel has its own set.
const (
	LayerEthernet Layers = 1 << iota
	LayerSLL
	LayerLoopback
	LayerVLAN
	LayerMPLS
	LayerPPPoE
	LayerARP
	LayerIPv4
	LayerIPv6
	LayerTCP
	LayerUDP
	LayerICMPv4
	LayerICMPv6
	LayerSCTP
	LayerIGMP
	LayerGRE
	LayerESP
	LayerAH
	LayerLLC       // IEEE 802.2, behind an 802.3 length
	LayerIPv6Route // an IPv6 routing header
	LayerTag       // PBB, VN-Tag, E-Tag, FabricPath or NSH
	LayerFragment  // an IP fragment, before reassembly: no transport header is decoded
)

// Has reports whether all layers of m are present.
func (l Layers) Has(m Layers) bool { return l&m == m }

// Addr is an IP address without heap pointers: IPv6 in full, IPv4 in the first
// four bytes with the rest zero. Which of the two it is stands beside it
// (Packet.IPVersion, FlowKey.IPVersion).
type Addr [16]byte

// Netip converts the address for printing and look-ups off the hot path.
func (a Addr) Netip(version uint8) netip.Addr {
	if version == 4 {
		return netip.AddrFrom4([4]byte(a[:4]))
	}
	return netip.AddrFrom16(a)
}

// AddrFrom is the inverse of Netip; v4-mapped IPv6 addresses stay IPv6.
func AddrFrom(ip netip.Addr) (Addr, uint8) {
	if ip.Is4() {
		var a Addr
		b := ip.As4()
		copy(a[:], b[:])
		return a, 4
	}
	return ip.As16(), 6
}

// TunnelKind says how an inner packet is carried.
type TunnelKind uint8

// Tunnels that DecodeInner unwraps.
const (
	TunnelNone TunnelKind = iota
	TunnelGRE
	TunnelERSPAN
	TunnelIPIP // IPv4 in IPv4 or in IPv6
	TunnelIPv6 // IPv6 in IPv4 (6in4, 6to4) or in IPv6
	TunnelVXLAN
	TunnelGeneve
	TunnelGTPU
	TunnelTeredo
	// TunnelKinds is how many there are.
	TunnelKinds
)

// TCP flag bits as in the header (RFC 9293 section 3.1).
const (
	TCPFin = 1 << iota
	TCPSyn
	TCPRst
	TCPPsh
	TCPAck
	TCPUrg
	TCPEce
	TCPCwr
)

// TCP options that were present, a bit set in Packet.TCPOpts.
const (
	TCPOptMSS = 1 << iota
	TCPOptWScale
	TCPOptSACKOK
	TCPOptSACK
	TCPOptTimestamp
	TCPOptTFO
	TCPOptMD5
	TCPOptAO
	TCPOptMPTCP
)

// Checksum says what is known of one header checksum.
type Checksum uint8

// Checksum states.
const (
	ChecksumUnchecked Checksum = iota // not computed: switched off, truncated, or not carried
	ChecksumGood
	ChecksumBad
)

// Packet is one decoded packet: offsets into borrowed bytes and scalars.
// Decode resets every field it does not set. Offsets count from Data[0].
//
// A Packet is plain data: it may be copied, and it stays valid exactly as long
// as the frame it was decoded from.
type Packet struct {
	Data      []byte // borrowed; a rebuilt datagram starts at its IP header
	Timestamp int64  // nanoseconds since the Unix epoch
	Number    uint64 // Frame.Number; inner and rebuilt packets keep the number of the frame that completed them
	Hash      uint64 // FlowKey hash; set by the pipeline, symmetric in direction

	Layers Layers
	// WireLen is what this packet is worth in bytes: the frame's wire length
	// for an outermost packet, the length of the inner bytes behind a tunnel,
	// the datagram's length with one link header for a rebuilt one.
	WireLen   uint32
	Interface uint16
	Link      LinkType

	Refused Reason // why decoding stopped; ReasonNone when the packet is whole
	// Truncated says that the capture cut the IP datagram: its headers may be
	// whole and it counts as usual, but payload bytes are missing.
	Truncated bool

	Depth    uint8      // tunnels around this packet; 0 for the outermost
	Tunnel   TunnelKind // how this packet was carried; TunnelNone iff Depth is 0
	TunnelID uint32     // VNI, GRE key, GTP TEID or ERSPAN session of that tunnel
	Rebuilt  bool       // made from IP fragments

	// An inner packet follows iff Inner is not TunnelNone: DecodeInner.
	Inner       TunnelKind
	InnerID     uint32
	InnerOffset uint32
	InnerProto  uint16 // EtherType of the inner bytes; 0x6558 (transparent Ethernet bridging) for frames, 0x88be and 0x22eb in front of an ERSPAN header
	// InnerWireLen is the number of inner bytes that were on the wire by the
	// headers around them, which a snapped capture may hold fewer of.
	InnerWireLen uint32

	VLANs     [3]uint16 // VLAN ids (12 bits), outermost first
	VLANCount uint8

	EthOffset uint32 // valid iff LayerEthernet
	EtherType uint16 // of the innermost link header, behind VLAN, MPLS, PPPoE and LLC/SNAP

	// Network layer; valid iff LayerIPv4 or LayerIPv6.
	IPVersion     uint8
	Proto         uint8 // upper-layer protocol, behind IPv6 extension headers
	TTL           uint8 // or hop limit
	TOS           uint8 // or traffic class
	Src, Dst      Addr
	IPOffset      uint32 // with LayerARP that of the ARP header
	ARPAddresses  bool   // the ARP header is whole and about IPv4 over Ethernet
	IPHeaderLen   uint16 // with options or extension headers
	IPLen         uint32 // whole datagram by its header (jumbo payload option included)
	IPID          uint32 // IPv4 identification, or that of the IPv6 fragment header
	FragOffset    uint32 // bytes; valid iff LayerFragment or Rebuilt
	MoreFragments bool
	DontFragment  bool
	IPv4Options   uint32 // bit n set iff option with class-less number n (0..31) was present
	IPChecksum    Checksum

	// Where the IPv6 fragment header stands, and the next-header byte that
	// announced it; valid iff LayerFragment and LayerIPv6.
	FragHeaderOffset uint32
	FragNextOffset   uint32

	// Transport layer; ports valid iff LayerTCP, LayerUDP or LayerSCTP.
	SrcPort, DstPort uint16
	L4Offset         uint32
	L4HeaderLen      uint16
	L4Checksum       Checksum

	// Bytes behind the last decoded header, without link-layer trailer.
	// Always inside Data, also when the capture truncated the packet.
	PayloadOffset uint32
	PayloadLen    uint32

	// TCP; valid iff LayerTCP.
	Seq, Ack     Seq
	TCPFlags     uint8
	TCPWScale    uint8  // valid iff TCPOptWScale
	TCPWindow    uint16 // unscaled
	TCPUrgent    uint16
	TCPMSS       uint16 // valid iff TCPOptMSS
	TCPOpts      uint16
	TSVal, TSEcr uint32 // valid iff TCPOptTimestamp

	// ICMP; valid iff LayerICMPv4 or LayerICMPv6.
	ICMPType, ICMPCode uint8
	ICMPID, ICMPSeq    uint16 // valid iff HasICMPID
	HasICMPID          bool
	ICMPMTU            uint32 // packet too big / fragmentation needed
	// Embedded is the packet an ICMP error quotes; valid iff HasEmbedded.
	HasEmbedded bool
	Embedded    Embedded

	Events EventSet
}

// Embedded is the five-tuple quoted by an ICMP error, as its sender saw it:
// Src sent the offending packet.
type Embedded struct {
	Src, Dst         Addr
	SrcPort, DstPort uint16
	Proto            uint8
	IPVersion        uint8
}

// Payload returns the bytes behind the last header; borrowed, read-only.
func (p *Packet) Payload() []byte {
	return p.Data[p.PayloadOffset : p.PayloadOffset+p.PayloadLen]
}
