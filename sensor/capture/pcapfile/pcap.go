package pcapfile

import (
	"encoding/binary"
	"fmt"

	"spanwatch/decoders"
)

// Magic numbers of the pcap file header
// (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html), read in the
// byte order of the file.
const (
	magicMicro    = 0xa1b2c3d4 // time stamps in microseconds
	magicNano     = 0xa1b23c4d // time stamps in nanoseconds
	magicModified = 0xa1b2cd34 // records with eight bytes more, of A. Kuznetzov's patched libpcap
)

const (
	pcapHeaderLen   = 24
	recordHeaderLen = 16
	modifiedExtra   = 8 // interface index, protocol, packet type of the modified format
)

// maxFrame is the longest frame that is believed, in bytes: libpcap's
// MAXIMUM_SNAPLEN, beyond which it refuses a record.
const maxFrame = 262144

// pcap is the state of a classic capture file.
type pcap struct {
	order     binary.ByteOrder
	big       bool
	headerLen int   // of a record
	unit      int64 // nanoseconds of the fraction field
	swapped   lengthOrder
	link      decoders.LinkType
	iface     uint16
	handled   bool
}

// lengthOrder says where a record keeps its captured and its wire length: old
// versions of the format have them the other way round.
type lengthOrder uint8

const (
	capturedFirst     lengthOrder = iota
	wireFirst                     // versions before 2.3, and 543.0 of DG/UX
	smallerIsCaptured             // version 2.3, which was written both ways
)

// AppendHeader appends the file header of a little-endian pcap file with
// nanosecond time stamps.
func AppendHeader(dst []byte, link decoders.LinkType) []byte {
	le := binary.LittleEndian
	dst = le.AppendUint32(dst, magicNano)
	dst = le.AppendUint16(dst, 2) // version 2.4
	dst = le.AppendUint16(dst, 4)
	dst = append(dst, make([]byte, 8)...) // time zone and accuracy, always 0
	dst = le.AppendUint32(dst, maxFrame)
	return le.AppendUint32(dst, uint32(link))
}

// openPcap reads the file header.
func (r *Reader) openPcap(order binary.ByteOrder, magic uint32) error {
	s := &r.s
	if !s.more(pcapHeaderLen) {
		return r.cut("file header")
	}
	h := s.buf[s.pos : s.pos+pcapHeaderLen]
	p := &r.pcap
	p.order, p.big = order, order == binary.BigEndian
	p.headerLen, p.unit = recordHeaderLen, 1000
	switch magic {
	case magicNano:
		p.unit = 1
	case magicModified:
		p.headerLen += modifiedExtra
	}
	major, minor := order.Uint16(h[4:]), order.Uint16(h[6:])
	switch {
	case major == 2 && minor < 3, major == 543 && minor == 0:
		p.swapped = wireFirst
	case major == 2 && minor == 3:
		p.swapped = smallerIsCaptured
	case major == 2:
	default:
		return r.malformed(fmt.Sprintf("file header of version %d.%d", major, minor))
	}
	// The upper bits of the field tell the length of a frame check sequence.
	network := order.Uint32(h[20:]) & 0x03ffffff
	if network > 0xffff {
		return r.malformed(fmt.Sprintf("file header with link type %d", network))
	}
	p.link = decoders.LinkType(network)
	p.iface = r.ifaces.add("", 0, p.link)
	p.handled = r.handled == nil || r.handled(p.link)
	s.pos += pcapHeaderLen
	return nil
}

// nextPcap reads records up to the next frame of a handled link type.
func (r *Reader) nextPcap(f *decoders.Frame) error {
	for {
		if err := r.record(f); err != nil || r.pcap.handled {
			return err
		}
		r.leaveOut(r.pcap.link)
	}
}

// record reads one record into f.
func (r *Reader) record(f *decoders.Frame) error {
	s, p := &r.s, &r.pcap
	if s.end-s.pos < p.headerLen && !s.more(p.headerLen) {
		return r.cut("record header")
	}
	h := s.buf[s.pos : s.pos+recordHeaderLen]
	var sec, frac, captured, wire uint32
	if p.big {
		sec, frac = binary.BigEndian.Uint32(h), binary.BigEndian.Uint32(h[4:])
		captured, wire = binary.BigEndian.Uint32(h[8:]), binary.BigEndian.Uint32(h[12:])
	} else {
		sec, frac = binary.LittleEndian.Uint32(h), binary.LittleEndian.Uint32(h[4:])
		captured, wire = binary.LittleEndian.Uint32(h[8:]), binary.LittleEndian.Uint32(h[12:])
	}
	if p.swapped == wireFirst || p.swapped == smallerIsCaptured && captured > wire {
		captured, wire = wire, captured
	}
	if captured > maxFrame {
		return r.malformed(fmt.Sprintf("record of %d captured bytes, more than the %d that libpcap writes", captured, maxFrame))
	}
	start := p.headerLen
	if n := start + int(captured); s.end-s.pos < n && !s.more(n) {
		return r.cut(fmt.Sprintf("record of %d captured bytes", captured))
	}
	start += s.pos
	end := start + int(captured)
	r.number++
	f.Data = s.buf[start:end:end]
	f.Timestamp = int64(sec)*1e9 + int64(frac)*p.unit
	f.Number = r.number
	f.WireLen = max(wire, captured)
	f.Link = p.link
	f.Interface = p.iface
	f.VLAN, f.HasVLAN = 0, false
	s.pos = end
	return nil
}
