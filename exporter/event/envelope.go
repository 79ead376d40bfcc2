package event

// Addr is an IP address: IPv6 in full, IPv4 in the first four bytes. Which of
// the two it is stands beside it (IPVersion).
type Addr [16]byte

// MAC is a link-layer address.
type MAC [6]byte

// Direction of an event relative to its flow's initiator.
type Direction uint8

// DirectionNone is left out of the event.
const (
	DirectionNone Direction = iota
	DirectionToServer
	DirectionToClient
)

// Envelope holds the members that all event types share, at the root of the
// object. A zero value of a member leaves it out, except where a Has member
// says whether it is there.
type Envelope struct {
	// Time is packet time in nanoseconds since the Unix epoch; for flow
	// records the packet time at which the record was made. Always written.
	Time int64

	// Packet is the number of the frame that triggered the event, from 1, in
	// order of capture, and Index counts the events of that frame from 0, in
	// the order in which they are made. Both are part of event_id and are not
	// written.
	Packet uint64
	Index  uint32

	FlowID   uint64 // at most 51 bits, so that readers with doubles keep it
	ParentID uint64 // flow id of the flow this one came from
	PcapCnt  uint64 // Packet again when a file is replayed; 0 in live capture and at the end of flows

	Interface string
	VLANs     [3]uint16 // ids, outermost first
	VLANCount uint8

	IPVersion        uint8 // 4 or 6; 0 when there are no addresses, and then no ports and no Proto
	Src, Dst         Addr
	SrcPort, DstPort uint16 // written for TCP, UDP and SCTP
	Proto            uint8  // IANA protocol number; written as its name

	HasICMP            bool // ICMPType and ICMPCode are valid
	HasICMPResponse    bool
	ICMPType, ICMPCode uint8 // of the request, in events about flows

	ICMPResponseType, ICMPResponseCode uint8

	PktSrc    PktSrc
	Direction Direction
	Ether     *Ether
	Tunnel    *Tunnel

	CommunityID []byte // text of community id version 1, "1:…"

	AppProto         string
	AppProtoTS       string // only when the two sides differ
	AppProtoTC       string
	AppProtoOrig     string
	AppProtoExpected string

	HasTx     bool // TxID is valid
	TxGuessed bool
	TxID      uint64

	Metadata *Metadata

	SrcGeo, DstGeo *Geo // additions to EVE
}

// Ether holds link-layer addresses. Packet events have one of each, flow
// records the list of all that were seen.
type Ether struct {
	Src, Dst []MAC
	Lists    bool // write src_macs and dest_macs, not src_mac and dest_mac
	Type     uint16
}

// Tunnel is the packet around an event's packet.
type Tunnel struct {
	IPVersion        uint8
	Src, Dst         Addr
	SrcPort, DstPort uint16
	Proto            uint8
	Depth            uint8
	PcapCnt          uint64
	PktSrc           PktSrc
}

// Metadata is what rules have remembered of the flow and the packet. Flowbits
// named traffic/id/X and traffic/label/X are also written as traffic.id and
// traffic.label.
type Metadata struct {
	Flowbits []string
	Flowints []NamedInt
	Flowvars []NamedText
	Pktvars  []NamedText
}

// NamedInt is a flowint.
type NamedInt struct {
	Name  string
	Value uint64
}

// NamedText is a captured variable.
type NamedText struct {
	Name  string
	Value []byte
}

// Geo is where an address is and whose it is. Empty members are left out.
type Geo struct {
	Country string // ISO 3166-1 alpha-2
	City    string
	ASN     uint32
	ASOrg   string
	Site    string // name of the own site
}

// PktSrc tells where the packet of an event came from: the wire, a tunnel, or
// the sensor itself.
type PktSrc uint8

// Sources of packets. PktSrcNone is left out of the event.
const (
	PktSrcNone PktSrc = iota
	PktSrcWire
	PktSrcDefrag
	PktSrcStreamFlowEnd // inspection of what was left when a flow ended
	PktSrcStreamInspect // inspection of a stream without a packet of its own
	PktSrcGRE
	PktSrcERSPAN
	PktSrcIPv4Tunnel
	PktSrcIPv6Tunnel
	PktSrcVXLAN
	PktSrcGeneve
	PktSrcTeredo
	PktSrcGTPU // not in Suricata, which does not look into GTP

	numPktSrcs
)

var pktSrcNames = [numPktSrcs]string{
	PktSrcNone:          "",
	PktSrcWire:          "wire/pcap",
	PktSrcDefrag:        "defrag",
	PktSrcStreamFlowEnd: "stream (flow timeout)",
	PktSrcStreamInspect: "stream (detect/log)",
	PktSrcGRE:           "gre tunnel",
	PktSrcERSPAN:        "erspan tunnel",
	PktSrcIPv4Tunnel:    "ipv4 tunnel",
	PktSrcIPv6Tunnel:    "ipv6 tunnel",
	PktSrcVXLAN:         "vxlan encapsulation",
	PktSrcGeneve:        "geneve encapsulation",
	PktSrcTeredo:        "teredo tunnel",
	PktSrcGTPU:          "gtp-u tunnel",
}

// String returns the value of pkt_src.
func (s PktSrc) String() string {
	if s < numPktSrcs {
		return pktSrcNames[s]
	}
	return ""
}
