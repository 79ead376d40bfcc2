package decoders

// LinkType is the first header of a frame, as a LINKTYPE_ value of
// https://www.tcpdump.org/linktypes.html.
type LinkType uint16

// Link types that Decode handles. Others are refused with ReasonLinkType.
const (
	LinkNull     LinkType = 0   // BSD loopback, address family in capturing host's byte order
	LinkEthernet LinkType = 1   // IEEE 802.3
	LinkPPP      LinkType = 9   // PPP, with or without address and control
	LinkRawBSD   LinkType = 12  // raw IP, DLT_RAW of most systems, as found in old files
	LinkRawOBSD  LinkType = 14  // raw IP, DLT_RAW of OpenBSD
	LinkPPPHDLC  LinkType = 50  // PPP in HDLC-like framing
	LinkRaw      LinkType = 101 // raw IPv4 or IPv6
	LinkCHDLC    LinkType = 104 // Cisco HDLC
	LinkLoop     LinkType = 108 // OpenBSD loopback, address family in network byte order
	LinkLinuxSLL LinkType = 113 // Linux cooked capture v1
	LinkIPv4     LinkType = 228 // raw IPv4
	LinkIPv6     LinkType = 229 // raw IPv6
	LinkSLL2     LinkType = 276 // Linux cooked capture v2
)

// Decoded reports whether Decode knows the link type.
func (l LinkType) Decoded() bool {
	switch l {
	case LinkNull, LinkEthernet, LinkPPP, LinkRawBSD, LinkRawOBSD, LinkPPPHDLC, LinkRaw, LinkCHDLC, LinkLoop,
		LinkLinuxSLL, LinkIPv4, LinkIPv6, LinkSLL2:
		return true
	}
	return false
}

// Frame is one captured frame. The bytes are borrowed from the source that
// filled it and live as long as that source says (capture.Source.Next).
type Frame struct {
	Data      []byte   // captured bytes, from the link header on
	Timestamp int64    // nanoseconds since the Unix epoch, UTC
	Number    uint64   // position in the capture, from 1; 0 never occurs
	WireLen   uint32   // bytes on the wire; at least len(Data)
	Link      LinkType // what Data starts with
	Interface uint16   // index of the capture interface within the source
	VLAN      uint16   // 802.1Q TCI that the kernel took out of Data; valid iff HasVLAN
	HasVLAN   bool
}
