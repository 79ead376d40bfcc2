package pcapfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"spanwatch/decoders"
)

// Block types that are read (draft-ietf-opsawg-pcapng section 11.1); all others
// are passed over.
const (
	blockSection   = 0x0a0d0d0a // the same in both byte orders
	blockInterface = 1
	blockPacket    = 2 // obsolete
	blockSimple    = 3
	blockEnhanced  = 6
)

// byteOrderMagic is the first field of a section header, in the section's order.
const byteOrderMagic = 0x1a2b3c4d

const (
	blockHeaderLen = 8  // type, total length
	minBlockLen    = 12 // header and the total length again
	packetFixedLen = 20 // of enhanced and obsolete packet blocks, before the data
)

// maxBlock bounds the blocks that are looked into, in bytes: the longest frame and
// three times as much of options. libpcap draws the line at 16 MiB.
const maxBlock = 4 * maxFrame

// Options of an interface description block (section 4.2).
const (
	optionEnd      = 0
	optionName     = 2
	optionTSResol  = 9
	optionTSOffset = 14
)

// maxName bounds an interface name, in bytes; longer ones are shortened.
const maxName = 255

// pcapng is the state of a pcapng file.
type pcapng struct {
	order  binary.ByteOrder
	big    bool
	ifaces []ngInterface // of the section
	last   int64         // time of the previous frame, for blocks without a usable one
}

// ngInterface is one interface description block.
type ngInterface struct {
	link    decoders.LinkType
	number  uint16 // in Interfaces
	snaplen uint32 // 0: no limit
	handled bool
	clock   clock
}

// openPcapng reads the first section header.
func (r *Reader) openPcapng() error {
	b, err := r.block()
	if err == io.EOF {
		return r.cutSince(r.s.offset(), "section header block")
	}
	if err != nil {
		return err
	}
	return r.section(b)
}

// block is one pcapng block, still unread in the stream.
type block struct {
	kind   uint32
	length uint32 // as stated
	total  int64  // length rounded up to the alignment of 4, which some writers forget to count
}

// block looks at the header of the next block.
func (r *Reader) block() (block, error) {
	s, g := &r.s, &r.pcapng
	if s.end-s.pos < minBlockLen && !s.more(minBlockLen) {
		return block{}, r.cut("block header")
	}
	h := s.buf[s.pos : s.pos+minBlockLen]
	if binary.LittleEndian.Uint32(h) == blockSection {
		switch {
		case binary.LittleEndian.Uint32(h[8:]) == byteOrderMagic:
			g.order, g.big = binary.LittleEndian, false
		case binary.BigEndian.Uint32(h[8:]) == byteOrderMagic:
			g.order, g.big = binary.BigEndian, true
		default:
			return block{}, r.malformed(fmt.Sprintf("section header block with byte order %x", h[8:12]))
		}
	}
	b := block{kind: g.uint32(h), length: g.uint32(h[4:])}
	b.total = (int64(b.length) + 3) &^ 3
	if b.length < minBlockLen {
		return block{}, r.malformed(fmt.Sprintf("block of type %#x with a length of %d bytes", b.kind, b.length))
	}
	return b, nil
}

// body brings the whole block into memory, checks the length behind it and
// returns what is between, at least n bytes.
func (r *Reader) body(b block, n int) ([]byte, error) {
	s := &r.s
	if b.total > maxBlock {
		return nil, r.malformed(fmt.Sprintf("%s of %d bytes, more than %d", b, b.length, maxBlock))
	}
	total := int(b.total)
	if s.end-s.pos < total && !s.more(total) {
		return nil, r.cut(b.String())
	}
	whole := s.buf[s.pos : s.pos+total]
	if again := r.pcapng.uint32(whole[total-4:]); again != b.length {
		return nil, r.malformed(fmt.Sprintf("%s with a length of %d bytes in front and of %d behind", b, b.length, again))
	}
	body := whole[blockHeaderLen : total-4]
	if len(body) < n {
		return nil, r.malformed(fmt.Sprintf("%s of %d bytes", b, b.length))
	}
	return body, nil
}

// nextPcapng reads blocks up to the next frame of a handled link type.
func (r *Reader) nextPcapng(f *decoders.Frame) error {
	for {
		b, err := r.block()
		if err != nil {
			return err
		}
		found := false
		switch b.kind {
		case blockEnhanced, blockPacket:
			found, err = r.packet(b, f)
		case blockSimple:
			found, err = r.simple(b, f)
		case blockSection:
			err = r.section(b)
		case blockInterface:
			err = r.interfaceDescription(b)
		default:
			err = r.pass(b)
		}
		if found || err != nil {
			return err
		}
	}
}

// packet reads an enhanced or an obsolete packet block, which differ in how they
// tell the interface.
func (r *Reader) packet(b block, f *decoders.Frame) (bool, error) {
	g := &r.pcapng
	body, err := r.body(b, packetFixedLen)
	if err != nil {
		return false, err
	}
	index := g.uint32(body)
	if b.kind == blockPacket {
		index = uint32(g.order.Uint16(body))
	}
	ticks := uint64(g.uint32(body[4:]))<<32 | uint64(g.uint32(body[8:]))
	captured, wire := g.uint32(body[12:]), g.uint32(body[16:])
	data := body[packetFixedLen:]
	if index >= uint32(len(g.ifaces)) {
		return false, r.malformed(fmt.Sprintf("%s of interface %d of %d", b, index, len(g.ifaces)))
	}
	if captured > uint32(len(data)) {
		return false, r.malformed(fmt.Sprintf("%s of %d bytes with %d captured bytes", b, b.length, captured))
	}
	it := &g.ifaces[index]
	if ts, ok := it.clock.nanoseconds(ticks); ok {
		g.last = ts
	} else {
		r.untimed++
	}
	return r.deliver(b, it, f, data[:captured:captured], wire)
}

// simple reads a simple packet block: of the first interface, without a time; it
// is given the time of the frame before it.
func (r *Reader) simple(b block, f *decoders.Frame) (bool, error) {
	g := &r.pcapng
	body, err := r.body(b, 4)
	if err != nil {
		return false, err
	}
	if len(g.ifaces) == 0 {
		return false, r.malformed(b.String() + " before any interface")
	}
	r.untimed++
	it := &g.ifaces[0]
	wire, data := g.uint32(body), body[4:]
	captured := min(wire, uint32(len(data)))
	if it.snaplen > 0 {
		captured = min(captured, it.snaplen)
	}
	return r.deliver(b, it, f, data[:captured:captured], wire)
}

// deliver makes the frame of a packet block and moves past the block.
func (r *Reader) deliver(b block, it *ngInterface, f *decoders.Frame, data []byte, wire uint32) (bool, error) {
	if len(data) > maxFrame {
		return false, r.malformed(fmt.Sprintf("%s of %d captured bytes, more than the %d that libpcap takes", b, len(data), maxFrame))
	}
	r.s.pos += int(b.total)
	r.number++
	if !it.handled {
		r.leaveOut(it.link)
		return false, nil
	}
	f.Data = data
	f.Timestamp = r.pcapng.last
	f.Number = r.number
	f.WireLen = max(wire, uint32(len(data)))
	f.Link = it.link
	f.Interface = it.number
	f.VLAN, f.HasVLAN = 0, false
	return true, nil
}

// section reads a section header: interfaces start anew.
func (r *Reader) section(b block) error {
	g := &r.pcapng
	body, err := r.body(b, 16)
	if err != nil {
		return err
	}
	// 1.2 is 1.0 by another name that some writers use.
	if major, minor := g.order.Uint16(body[4:]), g.order.Uint16(body[6:]); major != 1 || minor != 0 && minor != 2 {
		return r.malformed(fmt.Sprintf("section of version %d.%d", major, minor))
	}
	g.ifaces = g.ifaces[:0]
	r.s.pos += int(b.total)
	return nil
}

// interfaceDescription reads an interface description block.
func (r *Reader) interfaceDescription(b block) error {
	g := &r.pcapng
	body, err := r.body(b, 8)
	if err != nil {
		return err
	}
	if len(g.ifaces) == maxInterfaces {
		return r.malformed(fmt.Sprintf("section with more than %d interfaces", maxInterfaces))
	}
	it := ngInterface{
		link:    decoders.LinkType(g.order.Uint16(body)),
		snaplen: g.uint32(body[4:]),
		clock:   microseconds,
	}
	var name []byte
	resolution, offset := uint8(6), int64(0)
	for options := body[8:]; len(options) >= 4; {
		code, n := g.order.Uint16(options), int(g.order.Uint16(options[2:]))
		options = options[4:]
		if code == optionEnd {
			break
		}
		if n > len(options) {
			return r.malformed(fmt.Sprintf("%s with an option of %d bytes where %d are left", b, n, len(options)))
		}
		switch value := options[:n]; {
		case code == optionName:
			name, _, _ = bytes.Cut(value[:min(n, maxName)], []byte{0})
		case code == optionTSResol && n >= 1:
			resolution = value[0]
		case code == optionTSOffset && n >= 8:
			offset = int64(g.order.Uint64(value))
		}
		options = options[min((n+3)&^3, len(options)):]
	}
	var ok bool
	if it.clock, ok = newClock(resolution, offset); !ok {
		return r.malformed(fmt.Sprintf("%s with a time resolution of %#x", b, resolution))
	}
	it.number = r.ifaces.add(string(name), len(g.ifaces), it.link)
	it.handled = r.handled == nil || r.handled(it.link)
	g.ifaces = append(g.ifaces, it)
	r.s.pos += int(b.total)
	return nil
}

// pass goes past a block that is not looked into, however long it is.
func (r *Reader) pass(b block) error {
	s := &r.s
	start := s.offset()
	s.nowait = false
	if !s.skip(b.total-4) || !s.more(4) {
		return r.cutSince(start, b.String())
	}
	if again := r.pcapng.uint32(s.buf[s.pos:]); again != b.length {
		return r.corruptAt(start, ErrMalformed,
			fmt.Sprintf("%s with a length of %d bytes in front and of %d behind", b, b.length, again), nil)
	}
	s.pos += 4
	return nil
}

// uint32 reads in the byte order of the section, without the indirect call.
func (g *pcapng) uint32(b []byte) uint32 {
	if g.big {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

// String names the block in messages.
func (b block) String() string {
	switch b.kind {
	case blockSection:
		return "section header block"
	case blockInterface:
		return "interface description block"
	case blockPacket:
		return "packet block"
	case blockSimple:
		return "simple packet block"
	case blockEnhanced:
		return "enhanced packet block"
	}
	return fmt.Sprintf("block of type %#x", b.kind)
}
