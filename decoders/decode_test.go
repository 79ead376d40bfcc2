package decoders_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	. "spanwatch/decoders/decoderstest"
)

func newDecoder(tb testing.TB, change func(*decoders.Config)) *decoders.Decoder {
	tb.Helper()
	cfg := decoders.DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	d, err := decoders.NewDecoder(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// cut returns the frame without its last n bytes, as if it had been sent so.
func cut(n int, layers ...Layer) []byte {
	b := Build(layers...)
	return b[:len(b)-n]
}

// patch returns the frame with bytes overwritten from offset at on.
func patch(at int, with string, layers ...Layer) []byte {
	b := Build(layers...)
	copy(b[at:], with)
	return b
}

// linkNull stands for decoders.LinkNull, whose value 0 stands for Ethernet here.
const linkNull decoders.LinkType = 0xffff

type decodeCase struct {
	name    string
	frame   []byte
	link    decoders.LinkType // 0: Ethernet
	refused decoders.Reason
	layers  decoders.Layers // at least these
	proto   uint8
	ports   [2]uint16
	payload string
	vlans   []uint16
	events  []decoders.Event // exactly these
}

func (c *decodeCase) asFrame() *decoders.Frame {
	f := Frame(c.frame)
	switch c.link {
	case 0:
	case linkNull:
		f.Link = decoders.LinkNull
	default:
		f.Link = c.link
	}
	return f
}

func (c *decodeCase) decode(t *testing.T, d *decoders.Decoder, p *decoders.Packet) {
	t.Helper()
	if got := d.Decode(c.asFrame(), p); got != c.refused || p.Refused != c.refused {
		t.Errorf("Decode() = %v (Refused %v), want %v", got, p.Refused, c.refused)
	}
}

var (
	tcp80 = TCP{Src: 40000, Dst: 80, Seq: 1, Flags: decoders.TCPPsh | decoders.TCPAck}
	udp53 = UDP{Src: 40000, Dst: 53}
)

var decodeCases = []decodeCase{
	{name: "ipv4 tcp with payload", frame: Build(Ether{}, IP4{}, tcp80, Bytes("GET /")),
		layers: decoders.LayerEthernet | decoders.LayerIPv4 | decoders.LayerTCP, proto: 6, ports: [2]uint16{40000, 80}, payload: "GET /"},
	{name: "ethernet padding is no payload", frame: Build(Ether{}, IP4{}, udp53, Bytes("q"), Trailer("\x00\x00\x00\x00\x00\x00")),
		layers: decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}, payload: "q"},
	{name: "bytes behind the UDP length are no payload", frame: Build(Ether{}, IP4{}, UDP{Src: 1, Dst: 2, Len: 10}, Bytes("abcd")),
		layers: decoders.LayerUDP, proto: 17, ports: [2]uint16{1, 2}, payload: "ab"},
	{name: "ipv6 udp", frame: Build(Ether{}, IP6{}, udp53, Bytes("query")),
		layers: decoders.LayerIPv6 | decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}, payload: "query"},
	{name: "sctp", frame: Build(Ether{}, IP4{}, SCTP{Src: 5, Dst: 6}, Bytes("chunk")),
		layers: decoders.LayerSCTP, proto: 132, ports: [2]uint16{5, 6}, payload: "chunk"},
	{name: "protocol without ports is a whole packet", frame: Build(Ether{}, IP4{Proto: 89}, Bytes("ospf")),
		layers: decoders.LayerIPv4, proto: 89, payload: "ospf"},
	{name: "esp", frame: Build(Ether{}, IP4{Proto: 50}, Bytes("spi.seq.xyz")), layers: decoders.LayerESP, proto: 50, payload: "xyz"},
	{name: "igmp", frame: Build(Ether{}, IP4{Proto: 2}, Bytes("12345678")), layers: decoders.LayerIGMP, proto: 2},
	{name: "ah over ipv4 stays protocol 51", frame: Build(Ether{}, IP4{Proto: 51}, Zeros(24)),
		layers: decoders.LayerAH, proto: 51, payload: strings.Repeat("\x00", 24)},

	{name: "one tag", frame: Build(Ether{}, VLAN{ID: 7}, IP4{}, udp53), layers: decoders.LayerVLAN | decoders.LayerUDP, proto: 17,
		ports: [2]uint16{40000, 53}, vlans: []uint16{7}},
	{name: "priority bits are not part of the id", frame: Build(Ether{}, VLAN{ID: 0xe007}, IP4{}, udp53), layers: decoders.LayerUDP, proto: 17,
		ports: [2]uint16{40000, 53}, vlans: []uint16{7}},
	{name: "service tag and two more", frame: Build(Ether{}, VLAN{ID: 1, Service: true}, VLAN{ID: 2}, VLAN{ID: 3}, IP4{}, udp53),
		layers: decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}, vlans: []uint16{1, 2, 3}},
	{name: "four tags", frame: Build(Ether{}, VLAN{ID: 1}, VLAN{ID: 2}, VLAN{ID: 3}, VLAN{ID: 4}, IP4{}, udp53), refused: decoders.ReasonVLANCount,
		vlans: []uint16{1, 2, 3}, events: []decoders.Event{decoders.EventVLANTooManyLayers}},
	{name: "tag cut in two", frame: cut(2, Ether{}, VLAN{ID: 1, Type: 0x0800}), refused: decoders.ReasonVLANShort, events: []decoders.Event{decoders.EventVLANHeaderTooSmall}},
	{name: "unknown ethertype behind a tag", frame: Build(Ether{}, VLAN{ID: 1, Type: 0x1234}, Zeros(40)), refused: decoders.ReasonNonIPOther,
		vlans: []uint16{1}, events: []decoders.Event{decoders.EventEthernetUnknownEtherType, decoders.EventVLANUnknownType}},

	{name: "mpls stack", frame: Build(Ether{}, MPLS{Label: 100}, MPLS{Label: 200}, IP4{}, udp53), layers: decoders.LayerMPLS | decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "mpls explicit null of ipv6", frame: Build(Ether{}, MPLS{Label: 2}, IP6{}, udp53), layers: decoders.LayerMPLS | decoders.LayerIPv6, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "mpls pseudowire", frame: Build(Ether{}, MPLS{Label: 100}, Pseudowire{}, Ether{}, IP4{}, udp53), layers: decoders.LayerMPLS | decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "mpls without bottom", frame: cut(0, Ether{}, MPLS{Label: 100}, MPLS{Label: 200})[:20], refused: decoders.ReasonMPLSShort, events: []decoders.Event{decoders.EventMPLSHeaderTooSmall}},
	{name: "mpls implicit null on the wire", frame: Build(Ether{}, MPLS{Label: 3}, IP4{}, udp53), refused: decoders.ReasonMPLSLabel, events: []decoders.Event{decoders.EventMPLSBadLabelImplicitNull}},
	{name: "mpls router alert at the bottom", frame: Build(Ether{}, MPLS{Label: 1}, IP4{}, udp53), refused: decoders.ReasonMPLSLabel, events: []decoders.Event{decoders.EventMPLSBadLabelRouterAlert}},
	{name: "mpls reserved label", frame: Build(Ether{}, MPLS{Label: 9}, IP4{}, udp53), refused: decoders.ReasonMPLSLabel, events: []decoders.Event{decoders.EventMPLSBadLabelReserved}},
	{name: "mpls over something unknown", frame: Build(Ether{}, MPLS{Label: 100}, Bytes("\xf0\xff")), refused: decoders.ReasonMPLSPayload, events: []decoders.Event{decoders.EventMPLSUnknownPayloadType}},
	{name: "mpls over nothing", frame: Build(Ether{}, MPLS{Label: 100}), refused: decoders.ReasonMPLSShort, events: []decoders.Event{decoders.EventMPLSPktTooSmall}},

	{name: "pppoe session", frame: Build(Ether{}, PPPoE{}, IP4{}, udp53, Bytes("x")), layers: decoders.LayerPPPoE | decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}, payload: "x"},
	{name: "pppoe session of ipv6", frame: Build(Ether{}, PPPoE{}, IP6{}, udp53), layers: decoders.LayerPPPoE | decoders.LayerIPv6, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "pppoe control protocol", frame: Build(Ether{}, PPPoE{Protocol: 0xc021}, Zeros(8)), refused: decoders.ReasonNonIPPPP},
	{name: "pppoe protocol of the past", frame: Build(Ether{}, PPPoE{Protocol: 0x002b}, Zeros(8)), refused: decoders.ReasonNonIPPPP, events: []decoders.Event{decoders.EventPPPUnsupProto}},
	{name: "pppoe protocol of nobody", frame: Build(Ether{}, PPPoE{Protocol: 0x0fff}, Zeros(8)), refused: decoders.ReasonPPPProtocol, events: []decoders.Event{decoders.EventPPPWrongType}},
	{name: "pppoe discovery", frame: Build(Ether{Type: 0x8863}, Bytes("\x11\x09\x00\x00\x00\x04\x01\x01\x00\x00")), refused: decoders.ReasonNonIPPPPoE},
	{name: "pppoe discovery tag over the end", frame: Build(Ether{Type: 0x8863}, Bytes("\x11\x09\x00\x00\x00\x04\x01\x01\x00\x09")), refused: decoders.ReasonPPPoEHeader, events: []decoders.Event{decoders.EventPPPoEMalformedTags}},
	{name: "pppoe discovery of unknown code", frame: Build(Ether{Type: 0x8863}, Bytes("\x11\x33\x00\x00\x00\x00")), refused: decoders.ReasonPPPoEHeader, events: []decoders.Event{decoders.EventPPPoEWrongCode}},
	{name: "pppoe cut", frame: Build(Ether{Type: 0x8864}, Bytes("\x11\x00\x00")), refused: decoders.ReasonPPPoEHeader, events: []decoders.Event{decoders.EventPPPoEPktTooSmall}},

	{name: "arp", frame: Build(Ether{Type: 0x0806}, Bytes("\x00\x01\x08\x00\x06\x04\x00\x01"), Zeros(20)), refused: decoders.ReasonNonIPARP, layers: decoders.LayerARP},
	{name: "arp of unknown operation", frame: Build(Ether{Type: 0x0806}, Bytes("\x00\x01\x08\x00\x06\x04\x00\x09"), Zeros(20)), refused: decoders.ReasonNonIPARP, events: []decoders.Event{decoders.EventARPUnsupportedOpcode}},
	{name: "arp cut", frame: Build(Ether{Type: 0x0806}, Bytes("\x00\x01\x08\x00\x06\x04\x00\x01"), Zeros(9)), refused: decoders.ReasonARPHeader, events: []decoders.Event{decoders.EventARPInvalidPkt}},
	{name: "lldp", frame: Build(Ether{Type: 0x88cc}, Zeros(20)), refused: decoders.ReasonNonIPLLDP, events: []decoders.Event{decoders.EventEthernetUnknownEtherType}},
	{name: "spanning tree", frame: Build(Ether{Type: 38}, LLC{DSAP: 0x42, SSAP: 0x42, Control: 3}, Zeros(43)), refused: decoders.ReasonNonIPSTP},
	{name: "ipv4 behind snap", frame: Build(Ether{Type: 46}, SNAP{}, IP4{}, udp53, Zeros(10)), layers: decoders.LayerLLC | decoders.LayerIPv4 | decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}, payload: strings.Repeat("\x00", 10)},
	{name: "cisco discovery", frame: Build(Ether{Type: 40}, SNAP{Org: [3]byte{0, 0, 0xc}, Type: 0x2000}, Zeros(32)), refused: decoders.ReasonNonIPCisco},
	{name: "snap cut", frame: Build(Ether{Type: 4}, LLC{DSAP: 0xaa, SSAP: 0xaa, Control: 3}, Zeros(1)), refused: decoders.ReasonLLCShort},
	{name: "ethernet cut", frame: make([]byte, 13), refused: decoders.ReasonEthernetShort, events: []decoders.Event{decoders.EventEthernetPktTooSmall}},
	{name: "nothing at all", frame: nil, refused: decoders.ReasonEthernetShort, events: []decoders.Event{decoders.EventEthernetPktTooSmall}},

	{name: "ipv4 header cut", frame: cut(1, Ether{}, IP4{}), refused: decoders.ReasonIPv4Short, events: []decoders.Event{decoders.EventIPv4PktTooSmall}},
	{name: "ipv4 of version 5", frame: patch(14, "\x55", Ether{}, IP4{}, udp53), refused: decoders.ReasonIPv4Version, events: []decoders.Event{decoders.EventIPv4WrongIPVersion}},
	{name: "ipv4 header length 16", frame: patch(14, "\x44", Ether{}, IP4{}, udp53), refused: decoders.ReasonIPv4HeaderLen, events: []decoders.Event{decoders.EventIPv4HLenTooSmall}},
	{name: "ipv4 total length below header", frame: Build(Ether{}, IP4{TotalLen: 19}, udp53), refused: decoders.ReasonIPv4HeaderLen, events: []decoders.Event{decoders.EventIPv4IPLenSmallerThanHLen}},
	{name: "ipv4 longer than its frame", frame: Build(Ether{}, IP4{TotalLen: 29}, udp53), refused: decoders.ReasonIPv4Length, events: []decoders.Event{decoders.EventIPv4TruncPkt}},
	{name: "ipv4 router alert", frame: Build(Ether{}, IP4{Options: "\x94\x04\x00\x00"}, udp53), layers: decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}, events: []decoders.Event{decoders.EventIPv4OptPadRequired}},
	{name: "ipv4 option over the end", frame: Build(Ether{}, IP4{Options: "\x94\x09\x00\x00\x00\x00\x00\x00"}, udp53), refused: decoders.ReasonIPv4Options, layers: decoders.LayerIPv4, proto: 17, events: []decoders.Event{decoders.EventIPv4OptInvalidLen}},
	{name: "ipv4 record route pointer astray", frame: Build(Ether{}, IP4{Options: "\x07\x07\x05\x00\x00\x00\x00\x00"}, udp53), refused: decoders.ReasonIPv4Options, proto: 17, events: []decoders.Event{decoders.EventIPv4OptMalformed}},
	{name: "icmpv6 within ipv4", frame: Build(Ether{}, IP4{Proto: 58}, Zeros(8)), refused: decoders.ReasonIPv4ICMPv6, proto: 58, events: []decoders.Event{decoders.EventIPv4ICMPv6}},
	{name: "ipv4 fragment has no ports", frame: Build(Ether{}, IP4{MF: true}, udp53, Bytes("first")), refused: decoders.ReasonFragment, layers: decoders.LayerFragment | decoders.LayerIPv4, proto: 17,
		payload: string(Build(IP4{}, udp53, Bytes("first"))[20:])},

	{name: "ipv6 header cut", frame: cut(1, Ether{}, IP6{}), refused: decoders.ReasonIPv6Short, events: []decoders.Event{decoders.EventIPv6PktTooSmall}},
	{name: "ipv6 of version 4", frame: patch(14, "\x40", Ether{}, IP6{}, udp53), refused: decoders.ReasonIPv6Version, events: []decoders.Event{decoders.EventIPv6WrongIPVersion}},
	{name: "ipv6 longer than its frame", frame: Build(Ether{}, IP6{PayloadLen: 9}, udp53), refused: decoders.ReasonIPv6Length, events: []decoders.Event{decoders.EventIPv6TruncPkt}},
	{name: "ipv6 with every extension header", frame: Build(Ether{}, IP6{}, Ext{Kind: 0, Body: "\x05\x02\x00\x00"}, Ext{Kind: 60, Body: "\xc9\x10" + strings.Repeat("h", 16)},
		Ext{Kind: 43, Body: "\x02\x00"}, Ext{Kind: 51, Body: strings.Repeat("\x00", 10)}, Ext{Kind: 135}, Frag6{}, udp53, Bytes("x")),
		layers: decoders.LayerIPv6Route | decoders.LayerAH | decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}, payload: "x",
		events: []decoders.Event{decoders.EventIPv6ExtHdrUselessFH}},
	{name: "ipv6 routing header type 0", frame: Build(Ether{}, IP6{}, Ext{Kind: 43, Body: "\x00\x00"}, udp53), layers: decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}, events: []decoders.Event{decoders.EventIPv6RHType0}},
	{name: "ipv6 extension header over the end", frame: Build(Ether{}, IP6{}, Ext{Kind: 60, Next: 17, Body: "\x01\x04"})[:60], refused: decoders.ReasonIPv6Length, events: []decoders.Event{decoders.EventIPv6TruncPkt}},
	{name: "ipv6 extension header longer than the packet", frame: patch(55, "\x05", Ether{}, IP6{}, Ext{Kind: 60, Body: "\x01\x04"}, udp53), refused: decoders.ReasonIPv6ExtHeader, layers: decoders.LayerIPv6, proto: 60, events: []decoders.Event{decoders.EventIPv6TruncExtHdr}},
	{name: "ipv6 fragment", frame: Build(Ether{}, IP6{}, Frag6{Next: 17, More: true, ID: 9}, Bytes("12345678")), refused: decoders.ReasonFragment, layers: decoders.LayerFragment | decoders.LayerIPv6, proto: 17, payload: "12345678"},
	{name: "ipv6 fragment of odd length", frame: Build(Ether{}, IP6{}, Frag6{Next: 17, More: true, ID: 9}, Bytes("1234567")), refused: decoders.ReasonFragment, proto: 17, payload: "1234567", events: []decoders.Event{decoders.EventIPv6FragInvalidLength}},
	{name: "ipv6 no next header with data", frame: Build(Ether{}, IP6{Next: 59}, Bytes("x")), layers: decoders.LayerIPv6, proto: 59, payload: "x", events: []decoders.Event{decoders.EventIPv6DataAfterNoneHeader}},
	{name: "ipv6 unknown next header", frame: Build(Ether{}, IP6{Next: 200}, Bytes("xyz")), layers: decoders.LayerIPv6, proto: 200, payload: "xyz", events: []decoders.Event{decoders.EventIPv6UnknownNextHeader}},
	{name: "icmpv4 within ipv6", frame: Build(Ether{}, IP6{Next: 1}, Zeros(8)), refused: decoders.ReasonIPv6ICMPv4, proto: 1, events: []decoders.Event{decoders.EventIPv6ICMPv4}},

	{name: "tcp header cut", frame: Build(Ether{}, IP4{Proto: 6}, Zeros(19)), refused: decoders.ReasonTCPShort, proto: 6, events: []decoders.Event{decoders.EventTCPPktTooSmall}},
	{name: "tcp offset below five words", frame: patch(46, "\x40", Ether{}, IP4{}, tcp80), refused: decoders.ReasonTCPHeaderLen, proto: 6, events: []decoders.Event{decoders.EventTCPInvalidOptLen}},
	{name: "tcp offset beyond the end", frame: patch(46, "\x60", Ether{}, IP4{}, tcp80), refused: decoders.ReasonTCPHeaderLen, proto: 6, events: []decoders.Event{decoders.EventTCPHLenTooSmall}},
	{name: "tcp option over the end", frame: Build(Ether{}, IP4{}, TCP{Src: 1, Dst: 2, Options: "\x02\x09\x00\x00"}), layers: decoders.LayerTCP, proto: 6, ports: [2]uint16{1, 2}, events: []decoders.Event{decoders.EventTCPOptInvalidLen}},
	{name: "tcp option twice", frame: Build(Ether{}, IP4{}, TCP{Src: 1, Dst: 2, Options: "\x03\x03\x01\x03\x03\x02"}), layers: decoders.LayerTCP, proto: 6, ports: [2]uint16{1, 2}, events: []decoders.Event{decoders.EventTCPOptDuplicate}},
	{name: "udp header cut", frame: Build(Ether{}, IP4{Proto: 17}, Zeros(7)), refused: decoders.ReasonUDPShort, proto: 17, events: []decoders.Event{decoders.EventUDPHLenTooSmall}},
	{name: "udp longer than its packet", frame: Build(Ether{}, IP4{}, UDP{Src: 1, Dst: 2, Len: 9}), refused: decoders.ReasonUDPLength, proto: 17, events: []decoders.Event{decoders.EventUDPPktTooSmall}},
	{name: "udp length below its header", frame: Build(Ether{}, IP4{}, UDP{Src: 1, Dst: 2, Len: 7}), refused: decoders.ReasonUDPLength, proto: 17, events: []decoders.Event{decoders.EventUDPLenInvalid}},
	{name: "udp length zero without jumbo", frame: Build(Ether{}, IP4{}, UDP{Src: 1, Dst: 2, Len: -1}), refused: decoders.ReasonUDPLength, proto: 17, events: []decoders.Event{decoders.EventUDPLenInvalid}},
	{name: "sctp cut", frame: Build(Ether{}, IP4{Proto: 132}, Zeros(11)), refused: decoders.ReasonSCTPShort, proto: 132, events: []decoders.Event{decoders.EventSCTPPktTooSmall}},
	{name: "igmp cut", frame: Build(Ether{}, IP4{Proto: 2}, Zeros(7)), refused: decoders.ReasonIGMPShort, proto: 2, events: []decoders.Event{decoders.EventIGMPPktTooSmall}},
	{name: "esp cut", frame: Build(Ether{}, IP4{Proto: 50}, Zeros(7)), refused: decoders.ReasonESPShort, proto: 50, events: []decoders.Event{decoders.EventESPPktTooSmall}},
	{name: "icmpv4 cut", frame: Build(Ether{}, IP4{Proto: 1}, Zeros(7)), refused: decoders.ReasonICMPv4Short, proto: 1, events: []decoders.Event{decoders.EventICMPv4PktTooSmall}},
	{name: "icmpv4 unknown type", frame: Build(Ether{}, IP4{}, ICMP4{Type: 250}), layers: decoders.LayerICMPv4, proto: 1, events: []decoders.Event{decoders.EventICMPv4UnknownType}},
	{name: "icmpv4 unknown code", frame: Build(Ether{}, IP4{}, ICMP4{Type: 8, Code: 1}), layers: decoders.LayerICMPv4, proto: 1, events: []decoders.Event{decoders.EventICMPv4UnknownCode}},
	{name: "icmpv4 error quoting too little", frame: Build(Ether{}, IP4{}, ICMP4{Type: 3}, Zeros(19)), layers: decoders.LayerICMPv4, proto: 1, events: []decoders.Event{decoders.EventICMPv4IPv4TruncPkt}, payload: strings.Repeat("\x00", 19)},
	{name: "icmpv6 cut", frame: Build(Ether{}, IP6{Next: 58}, Zeros(7)), refused: decoders.ReasonICMPv6Short, proto: 58, events: []decoders.Event{decoders.EventICMPv6PktTooSmall}},
	{name: "icmpv6 listener report from afar", frame: Build(Ether{}, IP6{HopLimit: 64}, ICMP6{Type: 131}), layers: decoders.LayerICMPv6, proto: 58, events: []decoders.Event{decoders.EventICMPv6MLDMessageWithInvalidHL}},

	{name: "gre cut", frame: Build(Ether{}, IP4{Proto: 47}, Zeros(3)), refused: decoders.ReasonGREShort, proto: 47, events: []decoders.Event{decoders.EventGREPktTooSmall}},
	{name: "gre version 2", frame: Build(Ether{}, IP4{}, GRE{Flags: 2}, IP4{}, udp53), refused: decoders.ReasonGREVersion, proto: 47, events: []decoders.Event{decoders.EventGREWrongVersion}},
	{name: "gre version 0 with recursion", frame: Build(Ether{}, IP4{}, GRE{Flags: 0x0100}, IP4{}, udp53), refused: decoders.ReasonGREFlags, proto: 47, events: []decoders.Event{decoders.EventGREVersion0Recur}},
	{name: "gre version 1 without key", frame: Build(Ether{}, IP4{}, GRE{Flags: 0x0001, Type: 0x880b}, Zeros(8)), refused: decoders.ReasonGREFlags, proto: 47, events: []decoders.Event{decoders.EventGREVersion1NoKey}},
	{name: "gre version 1 of ip", frame: Build(Ether{}, IP4{}, GRE{Flags: 0x2001, Type: 0x0800}, Zeros(8)), refused: decoders.ReasonGREProtocol, proto: 47, events: []decoders.Event{decoders.EventGREVersion1WrongProtocol}},
	{name: "gre fields over the end", frame: Build(Ether{}, IP4{}, GRE{Flags: 0x3000, Type: 0x0800}, Zeros(4)), refused: decoders.ReasonGREShort, proto: 47, events: []decoders.Event{decoders.EventGREVersion0HdrTooBig}},
	{name: "gre over something unknown is a whole packet", frame: Build(Ether{}, IP4{}, GRE{Type: 0x1234}, Bytes("x")), layers: decoders.LayerGRE, proto: 47, payload: "x"},
	{name: "ipv4 in ipv6 of wrong version", frame: Build(Ether{}, IP6{Next: 4}, Zeros(20)), refused: decoders.ReasonTunneledIP, proto: 4, events: []decoders.Event{decoders.EventIPv6IPv4InIPv6WrongVersion}},

	{name: "provider backbone", frame: Build(Ether{Type: 0x88e7}, Zeros(4), Ether{}, IP4{}, udp53), layers: decoders.LayerTag | decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "vn-tag", frame: Build(Ether{Type: 0x8926}, Zeros(4), Bytes("\x08\x00"), IP4{}, udp53), layers: decoders.LayerTag | decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "e-tag", frame: Build(Ether{Type: 0x893f}, Zeros(6), Bytes("\x86\xdd"), IP6{}, udp53), layers: decoders.LayerTag | decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "fabricpath", frame: Build(Ether{Type: 0x8903}, Zeros(2), Ether{}, IP4{}, udp53), layers: decoders.LayerTag | decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "service header", frame: Build(Ether{Type: 0x894f}, Bytes("\x0f\xc6\x01\x01"), Zeros(20), IP4{}, udp53), layers: decoders.LayerTag | decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "service header of wrong length", frame: Build(Ether{Type: 0x894f}, Bytes("\x0f\xc5\x01\x01"), Zeros(20), IP4{}, udp53), refused: decoders.ReasonNSHHeader, events: []decoders.Event{decoders.EventNSHBadHeaderLength}},
	{name: "bridges within bridges", frame: Build(append(slices.Repeat([]Layer{Ether{}}, 40), IP4{}, udp53)...), refused: decoders.ReasonTooManyLayers, events: []decoders.Event{decoders.EventTooManyLayers}},

	{name: "cooked", link: decoders.LinkLinuxSLL, frame: Build(SLL{}, IP4{}, udp53), layers: decoders.LayerSLL | decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "cooked with tag", link: decoders.LinkLinuxSLL, frame: Build(SLL{}, VLAN{ID: 5}, IP4{}, udp53), layers: decoders.LayerSLL | decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}, vlans: []uint16{5}},
	{name: "cooked cut", link: decoders.LinkLinuxSLL, frame: make([]byte, 15), refused: decoders.ReasonSLLShort, events: []decoders.Event{decoders.EventSLLPktTooSmall}},
	{name: "cooked v2", link: decoders.LinkSLL2, frame: Build(SLL2{}, IP6{}, udp53), layers: decoders.LayerSLL | decoders.LayerIPv6, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "cooked v2 cut", link: decoders.LinkSLL2, frame: make([]byte, 19), refused: decoders.ReasonSLLShort, events: []decoders.Event{decoders.EventSLL2PktTooSmall}},
	{name: "loopback in either byte order", link: linkNull, frame: Build(Bytes("\x00\x00\x00\x02"), IP4{}, udp53), layers: decoders.LayerLoopback | decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "loopback of darwin", link: linkNull, frame: Build(Bytes("\x1e\x00\x00\x00"), IP6{}, udp53), layers: decoders.LayerLoopback | decoders.LayerIPv6, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "loopback of another family", link: decoders.LinkLoop, frame: Build(Bytes("\x00\x00\x00\x07"), Zeros(40)), refused: decoders.ReasonLoopbackFamily, events: []decoders.Event{decoders.EventLTNullUnsupportedType}},
	{name: "raw ipv6", link: decoders.LinkRaw, frame: Build(IP6{}, udp53), layers: decoders.LayerIPv6, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "raw of version 5", link: decoders.LinkRaw, frame: []byte("\x50\x00\x00"), refused: decoders.ReasonRawIPVersion, events: []decoders.Event{decoders.EventIPRawInvalidIPVersion}},
	{name: "ppp with address and control", link: decoders.LinkPPP, frame: Build(Bytes("\xff\x03\x00\x21"), IP4{}, udp53), layers: decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "ppp with compressed protocol", link: decoders.LinkPPP, frame: Build(Bytes("\x57"), IP6{}, udp53), layers: decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "ppp too short for ipv4", link: decoders.LinkPPP, frame: Build(PPP{Protocol: 0x21}, Zeros(19)), refused: decoders.ReasonPPPShort, events: []decoders.Event{decoders.EventPPPIP4PktTooSmall}},
	{name: "cisco hdlc", link: decoders.LinkCHDLC, frame: Build(Bytes("\x0f\x00\x08\x00"), IP4{}, udp53), layers: decoders.LayerUDP, proto: 17, ports: [2]uint16{40000, 53}},
	{name: "unknown link type", link: 147, frame: Build(IP4{}, udp53), refused: decoders.ReasonLinkType},
}

func TestDecode(t *testing.T) {
	d := newDecoder(t, nil)
	var p decoders.Packet
	for i := range decodeCases {
		c := &decodeCases[i]
		t.Run(c.name, func(t *testing.T) {
			c.decode(t, d, &p)
			if !p.Layers.Has(c.layers) {
				t.Errorf("layers %b lack some of %b", p.Layers, c.layers)
			}
			if p.Proto != c.proto || p.SrcPort != c.ports[0] || p.DstPort != c.ports[1] {
				t.Errorf("protocol and ports %d %d %d, want %d %v", p.Proto, p.SrcPort, p.DstPort, c.proto, c.ports)
			}
			if got := string(p.Payload()); c.refused == decoders.ReasonNone && got != c.payload {
				t.Errorf("payload %q, want %q", got, c.payload)
			}
			if got := p.VLANs[:p.VLANCount]; !slices.Equal(got, c.vlans) {
				t.Errorf("VLANs %v, want %v", got, c.vlans)
			}
			want := slices.Clone(c.events)
			slices.Sort(want)
			if got := p.Events.Append(nil); !slices.Equal(got, want) {
				t.Errorf("events %v, want %v", got, want)
			}
			if c.refused != decoders.ReasonLinkType && p.Refused.Malformed() != (len(c.events) > 0 && p.Refused >= decoders.ReasonEthernetShort || c.name == "snap cut") {
				t.Errorf("%v: Malformed() = %v", p.Refused, p.Refused.Malformed())
			}
			var again decoders.Packet
			c.decode(t, d, &again)
			if !reflect.DeepEqual(p, again) {
				t.Errorf("into a used packet: %+v, want %+v", p, again)
			}
		})
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	d := newDecoder(t, func(c *decoders.Config) { c.Checksums = decoders.ChecksumsOn })
	frames := make([]*decoders.Frame, len(decodeCases))
	for i := range decodeCases {
		frames[i] = decodeCases[i].asFrame()
	}
	var p, inner decoders.Packet
	var k decoders.FlowKey
	if n := testing.AllocsPerRun(10, func() {
		for _, f := range frames {
			d.Decode(f, &p)
			if p.Inner != decoders.TunnelNone {
				d.DecodeInner(&p, &inner)
			}
			p.FlowKey(&k)
			k.Hash(1)
			p.EmbeddedFlowKey(&k)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
