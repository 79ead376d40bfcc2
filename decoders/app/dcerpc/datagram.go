package dcerpc

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app/dce"
)

// datagramHeader is the length of the header of a connectionless PDU (C706
// section 12.5.1).
const datagramHeader = 80

// Flags of a connectionless PDU.
const (
	flagLastFragment = 0x02
	flagFragment     = 0x04
)

// datagram is a connectionless PDU.
type datagram struct {
	kind     dce.Type
	flags    uint8
	little   bool
	activity [16]byte // as on the wire: it identifies, nobody reads it
	sequence uint32
	opnum    uint16
	iface    dce.Interface
	stub     []byte
}

// parseDatagram reads a PDU; false when data is none.
func parseDatagram(data []byte) (d datagram, ok bool) {
	if len(data) < datagramHeader || data[0] != 4 {
		return d, false
	}
	d = datagram{kind: dce.Type(data[1] & 0x1f), flags: data[2], little: data[4]&0x10 != 0}
	if d.kind > 10 || data[2]&0x80 != 0 || data[3]&^0x02 != 0 {
		return d, false
	}
	o := dce.Order(d.little)
	copy(d.activity[:], data[40:])
	version := o.Uint32(data[60:])
	d.iface = dce.Interface{
		UUID: dce.ParseUUID(data[24:40], d.little), Major: uint16(version), Minor: uint16(version >> 16), First: true, Answered: true,
	}
	d.sequence, d.opnum = o.Uint32(data[64:]), o.Uint16(data[68:])
	length := int(o.Uint16(data[74:]))
	d.stub = data[datagramHeader:]
	if length > len(d.stub) {
		return d, false
	}
	d.stub = d.stub[:length]
	return d, true
}

// datagram takes a connectionless PDU: calls are told by activity and number.
func (s *State) datagram(data []byte, dir decoders.Direction) bool {
	d, ok := parseDatagram(data)
	if !ok {
		return false
	}
	answer := d.kind == dce.Response || d.kind == dce.Fault
	if !answer && d.kind != dce.Request {
		return true // acknowledgements and pings are part of no call
	}
	t := s.findDatagram(&d)
	if t == nil {
		if t = s.begin(dce.Header{Type: dce.Request, Little: d.little, CallID: d.sequence}, dir); t == nil {
			return false
		}
		t.datagram, t.activity, t.opnum = true, d.activity, d.opnum
		t.interfaces = append(t.interfaces[:0], d.iface)
	}
	side := &t.sides[decoders.ToServer]
	if answer {
		side = &t.sides[decoders.ToClient]
		t.answer, t.hasAnswer = d.kind, true
	}
	h := dce.Header{Flags: dce.FlagLast}
	if d.flags&flagFragment != 0 && d.flags&flagLastFragment == 0 {
		h.Flags = 0
	}
	side.add(h, d.stub)
	return true
}

func (s *State) findDatagram(d *datagram) *Tx {
	for i := range s.live.Len() {
		if t := s.live.At(i); t.datagram && t.callID == d.sequence && t.activity == d.activity {
			return t
		}
	}
	return nil
}

// appendActivity appends the activity as text.
func (t *Tx) appendActivity(dst []byte) []byte {
	u := dce.UUID(t.activity)
	if t.little {
		binary.BigEndian.PutUint32(u[:], binary.LittleEndian.Uint32(u[:]))
		binary.BigEndian.PutUint16(u[4:], binary.LittleEndian.Uint16(u[4:]))
		binary.BigEndian.PutUint16(u[6:], binary.LittleEndian.Uint16(u[6:]))
	}
	return u.AppendText(dst)
}
