package decoderstest

import "encoding/binary"

// Ether is an Ethernet header; Type 0 is that of the next layer.
type Ether struct {
	Dst, Src [6]byte // zero: locally administered test addresses
	Type     uint16
}

func (l Ether) header() []byte {
	if l.Dst == [6]byte{} {
		l.Dst = [6]byte{2, 0, 0, 0, 0, 2}
	}
	if l.Src == [6]byte{} {
		l.Src = [6]byte{2, 0, 0, 0, 0, 1}
	}
	b := append(l.Dst[:], l.Src[:]...)
	return binary.BigEndian.AppendUint16(b, l.Type)
}
func (Ether) names() (uint16, uint8) { return 0x6558, 0 }
func (l Ether) finish(h, _ []byte, next Layer, _ []byte) {
	setType(h[12:], l.Type, next)
}

func setType(field []byte, explicit uint16, next Layer) {
	if explicit == 0 {
		explicit, _ = next.names()
	}
	binary.BigEndian.PutUint16(field, explicit)
}

// Length is the 802.3 length and LLC header in place of an EtherType: it
// follows an Ether whose Type is then the length.
type LLC struct{ DSAP, SSAP, Control uint8 }

func (l LLC) header() []byte                      { return []byte{l.DSAP, l.SSAP, l.Control} }
func (LLC) names() (uint16, uint8)                { return 0, 0 }
func (LLC) finish(_, _ []byte, _ Layer, _ []byte) {}

// SNAP is LLC with a SNAP header; Type 0 is that of the next layer.
type SNAP struct {
	Org  [3]byte
	Type uint16
}

func (l SNAP) header() []byte {
	b := append([]byte{0xaa, 0xaa, 3}, l.Org[:]...)
	return binary.BigEndian.AppendUint16(b, l.Type)
}
func (SNAP) names() (uint16, uint8) { return 0, 0 }
func (l SNAP) finish(h, _ []byte, next Layer, _ []byte) {
	setType(h[6:], l.Type, next)
}

// VLAN is an 802.1Q tag, or with Service an 802.1ad one. TCI bits above the
// id may be given with it.
type VLAN struct {
	ID      uint16
	Service bool
	Type    uint16
}

func (l VLAN) header() []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, l.ID), l.Type)
}
func (l VLAN) names() (uint16, uint8) {
	if l.Service {
		return 0x88a8, 0
	}
	return 0x8100, 0
}
func (l VLAN) finish(h, _ []byte, next Layer, _ []byte) { setType(h[2:], l.Type, next) }

// MPLS is one label; the last one before another layer has the bottom bit.
type MPLS struct{ Label uint32 }

func (l MPLS) header() []byte       { return binary.BigEndian.AppendUint32(nil, l.Label<<12|64) }
func (MPLS) names() (uint16, uint8) { return 0x8847, 0 }
func (MPLS) finish(h, _ []byte, next Layer, _ []byte) {
	if _, ok := next.(MPLS); !ok {
		h[2] |= 1
	}
}

// Pseudowire is the control word in front of an Ether behind MPLS.
type Pseudowire struct{}

func (Pseudowire) header() []byte                        { return make([]byte, 4) }
func (Pseudowire) names() (uint16, uint8)                { return 0, 0 }
func (Pseudowire) finish(_, _ []byte, _ Layer, _ []byte) {}

// PPPoE is a session header with the PPP protocol field of the next layer.
type PPPoE struct {
	Session  uint16
	Protocol uint16 // 0: by the next layer
}

func (l PPPoE) header() []byte {
	b := binary.BigEndian.AppendUint16([]byte{0x11, 0}, l.Session)
	return binary.BigEndian.AppendUint16(append(b, 0, 0), l.Protocol)
}
func (PPPoE) names() (uint16, uint8) { return 0x8864, 0 }
func (l PPPoE) finish(h, rest []byte, next Layer, _ []byte) {
	binary.BigEndian.PutUint16(h[4:], uint16(len(rest)+2))
	setPPP(h[6:], l.Protocol, next)
}

// PPP is a protocol field without address and control; 0 is that of the next
// layer.
type PPP struct{ Protocol uint16 }

func (l PPP) header() []byte       { return binary.BigEndian.AppendUint16(nil, l.Protocol) }
func (PPP) names() (uint16, uint8) { return 0x880b, 0 }
func (l PPP) finish(h, _ []byte, next Layer, _ []byte) {
	setPPP(h, l.Protocol, next)
}

func setPPP(field []byte, explicit uint16, next Layer) {
	if explicit == 0 {
		switch typ, _ := next.names(); typ {
		case 0x0800:
			explicit = 0x0021
		case 0x86dd:
			explicit = 0x0057
		}
	}
	binary.BigEndian.PutUint16(field, explicit)
}

// SLL is a Linux cooked header, SLL2 one of version 2; Type 0 is that of the
// next layer.
type SLL struct{ Type uint16 }

func (l SLL) header() []byte                           { return make([]byte, 16) }
func (SLL) names() (uint16, uint8)                     { return 0, 0 }
func (l SLL) finish(h, _ []byte, next Layer, _ []byte) { setType(h[14:], l.Type, next) }

// SLL2 is a Linux cooked header of version 2.
type SLL2 struct{ Type uint16 }

func (l SLL2) header() []byte                           { return make([]byte, 20) }
func (SLL2) names() (uint16, uint8)                     { return 0, 0 }
func (l SLL2) finish(h, _ []byte, next Layer, _ []byte) { setType(h, l.Type, next) }

// Raw is a header given as bytes, with the names that layers around it use.
type Raw struct {
	Data  string
	Ether uint16
	Proto uint8
}

func (l Raw) header() []byte                      { return []byte(l.Data) }
func (l Raw) names() (uint16, uint8)              { return l.Ether, l.Proto }
func (Raw) finish(_, _ []byte, _ Layer, _ []byte) {}
