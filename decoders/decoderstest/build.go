package decoderstest

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"spanwatch/decoders"
)

// Layer is one header, or bytes, of a packet to build.
type Layer interface {
	// header returns the bytes of the layer before lengths and checksums.
	header() []byte
	// names says how the layer below calls this one: an EtherType and an IP
	// protocol number, 0 where there is none.
	names() (etherType uint16, proto uint8)
	// finish completes the header h, given what follows it, how the next layer
	// is called, and the nearest IP header around it.
	finish(h, rest []byte, next Layer, ip []byte)
}

// Build joins the layers, from the outside in. It panics on addresses that do
// not parse.
func Build(layers ...Layer) []byte {
	var b []byte
	ends := make([]int, len(layers)) // of each layer's own header
	starts := make([]int, len(layers))
	ends0 := -1 // where link-layer trailers begin
	for i, l := range layers {
		if _, ok := l.(Trailer); ok && ends0 < 0 {
			ends0 = len(b)
		}
		starts[i] = len(b)
		b = append(b, l.header()...)
		ends[i] = len(b)
	}
	if ends0 < 0 {
		ends0 = len(b)
	}
	for i := len(layers) - 1; i >= 0; i-- {
		if _, ok := layers[i].(Trailer); ok {
			continue
		}
		var next Layer = Bytes("")
		if i+1 < len(layers) {
			next = layers[i+1]
		}
		layers[i].finish(b[starts[i]:ends[i]], b[ends[i]:ends0], next, enclosingIP(layers[:i], starts, ends, b))
	}
	return b
}

func enclosingIP(outer []Layer, starts, ends []int, b []byte) []byte {
	for i := len(outer) - 1; i >= 0; i-- {
		switch outer[i].(type) {
		case IP4, IP6:
			return b[starts[i]:ends[i]]
		}
	}
	return nil
}

// Frame wraps an Ethernet frame as frame number 1 at second 1.
func Frame(b []byte) *decoders.Frame {
	return &decoders.Frame{
		Data: b, Timestamp: 1e9, Number: 1, WireLen: uint32(len(b)), Link: decoders.LinkEthernet,
	}
}

// Bytes is a payload as it is.
type Bytes string

func (l Bytes) header() []byte                      { return []byte(l) }
func (Bytes) names() (uint16, uint8)                { return 0, 0 }
func (Bytes) finish(_, _ []byte, _ Layer, _ []byte) {}

// Zeros is a payload of that many zero bytes.
type Zeros int

func (l Zeros) header() []byte                      { return make([]byte, l) }
func (Zeros) names() (uint16, uint8)                { return 0, 0 }
func (Zeros) finish(_, _ []byte, _ Layer, _ []byte) {}

// Trailer is bytes behind the packet that no length counts, as Ethernet pads.
type Trailer string

func (l Trailer) header() []byte                      { return []byte(l) }
func (Trailer) names() (uint16, uint8)                { return 0, 0 }
func (Trailer) finish(_, _ []byte, _ Layer, _ []byte) {}

func mustAddr(s, def string, version int) netip.Addr {
	if s == "" {
		s = def
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		panic(err)
	}
	if a.Is4() != (version == 4) {
		panic(fmt.Sprintf("%s is not an IPv%d address", s, version))
	}
	return a
}

// internetSum is the one's complement sum of RFC 1071, two bytes a step: plain
// on purpose, it judges the fast one.
func internetSum(s uint32, b []byte) uint32 {
	for i := 0; i+1 < len(b); i += 2 {
		s += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	if len(b)%2 == 1 {
		s += uint32(b[len(b)-1]) << 8
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return s
}

// l4Checksum computes the checksum of a segment within the IP header ip.
func l4Checksum(ip []byte, proto uint8, parts ...[]byte) uint16 {
	var joined []byte
	for _, part := range parts {
		joined = append(joined, part...)
	}
	s := uint32(proto) + uint32(len(joined)>>16) + uint32(len(joined)&0xffff)
	switch {
	case len(ip) == 0:
		s = 0
	case ip[0]>>4 == 4:
		s = internetSum(s, ip[12:20])
	default:
		s = internetSum(s, ip[8:40])
	}
	return ^uint16(internetSum(s, joined))
}
