package pcapfile

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"testing"

	"spanwatch/decoders"
)

// order is a byte order to write in.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// pcapBuilder writes a classic capture file.
type pcapBuilder struct {
	order
	b     []byte
	extra int // bytes of a record header after the wire length
}

func newPcap(o order, magic uint32, link uint32) *pcapBuilder {
	return newPcapVersion(o, magic, 2, 4, link)
}

func newPcapVersion(o order, magic uint32, major, minor uint16, link uint32) *pcapBuilder {
	p := &pcapBuilder{order: o}
	if magic == magicModified {
		p.extra = modifiedExtra
	}
	p.b = o.AppendUint32(p.b, magic)
	p.b = o.AppendUint16(p.b, major)
	p.b = o.AppendUint16(p.b, minor)
	p.b = append(p.b, make([]byte, 8)...)
	p.b = o.AppendUint32(p.b, 65535)
	p.b = o.AppendUint32(p.b, link)
	return p
}

func (p *pcapBuilder) record(sec, frac, captured, wire uint32, data []byte) *pcapBuilder {
	for _, v := range []uint32{sec, frac, captured, wire} {
		p.b = p.AppendUint32(p.b, v)
	}
	p.b = append(p.b, make([]byte, p.extra)...)
	p.b = append(p.b, data...)
	return p
}

// ngBuilder writes a pcapng file.
type ngBuilder struct {
	order
	b []byte
}

// block appends a block around body, padded to four bytes.
func (g *ngBuilder) block(kind uint32, body []byte) *ngBuilder {
	pad := -len(body) & 3
	total := uint32(len(body) + pad + minBlockLen)
	g.b = g.AppendUint32(g.b, kind)
	g.b = g.AppendUint32(g.b, total)
	g.b = append(g.b, body...)
	g.b = append(g.b, make([]byte, pad)...)
	g.b = g.AppendUint32(g.b, total)
	return g
}

func (g *ngBuilder) words(values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = g.AppendUint32(b, v)
	}
	return b
}

// option encodes one option with its padding.
func (g *ngBuilder) option(code uint16, value []byte) []byte {
	b := g.AppendUint16(nil, code)
	b = g.AppendUint16(b, uint16(len(value)))
	b = append(b, value...)
	return append(b, make([]byte, -len(value)&3)...)
}

// section appends a section header in o, which the blocks after it keep to.
func (g *ngBuilder) section(o order) *ngBuilder {
	g.order = o
	body := g.words(byteOrderMagic)
	body = g.AppendUint16(body, 1)
	body = g.AppendUint16(body, 0)
	body = g.AppendUint64(body, math.MaxUint64)
	body = append(body, g.option(3, []byte("an operating system"))...)
	return g.block(blockSection, append(body, g.option(optionEnd, nil)...))
}

func (g *ngBuilder) iface(link decoders.LinkType, snaplen uint32, options ...[]byte) *ngBuilder {
	body := g.AppendUint16(nil, uint16(link))
	body = g.AppendUint16(body, 0)
	body = g.AppendUint32(body, snaplen)
	for _, o := range options {
		body = append(body, o...)
	}
	return g.block(blockInterface, body)
}

func (g *ngBuilder) enhanced(iface uint32, ticks uint64, wire uint32, data []byte, options ...[]byte) *ngBuilder {
	body := g.words(iface, uint32(ticks>>32), uint32(ticks), uint32(len(data)), wire)
	body = append(body, data...)
	body = append(body, make([]byte, -len(data)&3)...)
	for _, o := range options {
		body = append(body, o...)
	}
	return g.block(blockEnhanced, body)
}

func (g *ngBuilder) obsolete(iface uint16, ticks uint64, wire uint32, data []byte) *ngBuilder {
	body := g.AppendUint16(nil, iface)
	body = g.AppendUint16(body, 0xffff) // drops not known
	body = append(body, g.words(uint32(ticks>>32), uint32(ticks), uint32(len(data)), wire)...)
	return g.block(blockPacket, append(body, data...))
}

func (g *ngBuilder) simple(wire uint32, data []byte) *ngBuilder {
	return g.block(blockSimple, append(g.words(wire), data...))
}

// all accepts every time stamp.
const all = math.MaxInt64

// openBytes opens what would be the content of a file.
func openBytes(r io.Reader, cfg Config) (*Reader, error) {
	reader := &Reader{path: "test", ifaces: cfg.Interfaces, handled: cfg.Handled}
	reader.s.pool = cfg.Pool
	return reader, reader.begin(r)
}

// readAll reads frames, with bytes of their own, until the error that ends them.
func readAll(in io.Reader, handled func(decoders.LinkType) bool) ([]decoders.Frame, *Reader, error) {
	var pool Pool
	r, err := openBytes(in, Config{Pool: &pool, Interfaces: new(Interfaces), Handled: handled})
	if err != nil {
		return nil, r, err
	}
	var got []decoders.Frame
	batch := make([]decoders.Frame, 7)
	var lease Lease
	for {
		pool.Release(&lease)
		n, err := r.Read(batch, all, &lease)
		for _, f := range batch[:n] {
			f.Data = bytes.Clone(f.Data)
			got = append(got, f)
		}
		if err != nil {
			return got, r, err
		}
	}
}

// payload is n bytes that tell their place.
func payload(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = seed + byte(i)
	}
	return b
}

// wantFrames compares frames; Data of nil and of no bytes are the same.
func wantFrames(t *testing.T, got, want []decoders.Frame) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d frames, want %d", len(got), len(want))
	}
	for i := range want {
		g, w := got[i], want[i]
		if !bytes.Equal(g.Data, w.Data) {
			t.Errorf("frame %d: got bytes %x, want %x", i+1, g.Data, w.Data)
		}
		g.Data, w.Data = nil, nil
		if g.Timestamp != w.Timestamp || g.Number != w.Number || g.WireLen != w.WireLen || g.Link != w.Link ||
			g.Interface != w.Interface || g.HasVLAN != w.HasVLAN {
			t.Errorf("frame %d: got %+v, want %+v", i+1, g, w)
		}
	}
}
