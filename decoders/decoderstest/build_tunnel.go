package decoderstest

import (
	"encoding/binary"

	"spanwatch/decoders"
)

// GRE is a GRE header: Flags as on the wire, version included, and Fields the
// optional fields they announce. Type 0 is that of the next layer.
type GRE struct {
	Flags  uint16
	Type   uint16
	Fields string
}

func (l GRE) header() []byte {
	b := binary.BigEndian.AppendUint16(nil, l.Flags)
	return append(binary.BigEndian.AppendUint16(b, l.Type), l.Fields...)
}
func (GRE) names() (uint16, uint8)                     { return 0, decoders.ProtoGRE }
func (l GRE) finish(h, _ []byte, next Layer, _ []byte) { setType(h[2:], l.Type, next) }

// ERSPAN2 is a header of ERSPAN type II; it follows GRE with the sequence flag.
type ERSPAN2 struct{ VLAN, Session uint16 }

func (l ERSPAN2) header() []byte {
	b := binary.BigEndian.AppendUint16(nil, 1<<12|l.VLAN)
	b = binary.BigEndian.AppendUint16(b, l.Session)
	return append(b, 0, 0, 0, 0)
}
func (ERSPAN2) names() (uint16, uint8)                { return 0x88be, 0 }
func (ERSPAN2) finish(_, _ []byte, _ Layer, _ []byte) {}

// ERSPAN3 is a header of ERSPAN type III.
type ERSPAN3 struct{ VLAN, Session uint16 }

func (l ERSPAN3) header() []byte {
	b := binary.BigEndian.AppendUint16(nil, 2<<12|l.VLAN)
	b = binary.BigEndian.AppendUint16(b, l.Session)
	return append(b, make([]byte, 8)...)
}
func (ERSPAN3) names() (uint16, uint8)                { return 0x22eb, 0 }
func (ERSPAN3) finish(_, _ []byte, _ Layer, _ []byte) {}

// VXLAN is a VXLAN header; UDP to port 4789 goes before it, Ether behind it.
type VXLAN struct{ VNI uint32 }

func (l VXLAN) header() []byte {
	return binary.BigEndian.AppendUint32([]byte{8, 0, 0, 0}, l.VNI<<8)
}
func (VXLAN) names() (uint16, uint8)                { return 0, 0 }
func (VXLAN) finish(_, _ []byte, _ Layer, _ []byte) {}

// Geneve is a Geneve header; UDP to port 6081 goes before it. Options are
// whole words. Type 0 is that of the next layer.
type Geneve struct {
	VNI     uint32
	Type    uint16
	Options string
}

func (l Geneve) header() []byte {
	b := binary.BigEndian.AppendUint16([]byte{byte(len(l.Options) / 4), 0}, l.Type)
	b = binary.BigEndian.AppendUint32(b, l.VNI<<8)
	return append(b, l.Options...)
}
func (Geneve) names() (uint16, uint8)                     { return 0, 0 }
func (l Geneve) finish(h, _ []byte, next Layer, _ []byte) { setType(h[2:], l.Type, next) }

// GTPU is a G-PDU header; UDP to port 2152 goes before it. Extensions is what
// follows the first eight bytes when any of the flags E, S, PN (7) is set.
type GTPU struct {
	TEID       uint32
	Flags      uint8
	Extensions string
}

func (l GTPU) header() []byte {
	b := binary.BigEndian.AppendUint32([]byte{0x30 | l.Flags, 0xff, 0, 0}, l.TEID)
	return append(b, l.Extensions...)
}
func (GTPU) names() (uint16, uint8) { return 0, 0 }
func (l GTPU) finish(h, rest []byte, _ Layer, _ []byte) {
	binary.BigEndian.PutUint16(h[2:], uint16(len(l.Extensions)+len(rest)))
}
