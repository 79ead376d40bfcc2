package decoders

import (
	"encoding/binary"
	"math/bits"
)

// sum adds the one's complement sum (RFC 1071) of b to s. The result is the
// sum of native-order 64-bit words with end-around carry, which fold brings
// down to 16 bits; byte order does not matter to "is it zero".
func sum(b []byte, s uint64) uint64 {
	var carry uint64
	for len(b) >= 32 {
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b), 0)
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b[8:]), carry)
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b[16:]), carry)
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b[24:]), carry)
		s, carry = bits.Add64(s, 0, carry)
		s += carry
		b = b[32:]
	}
	for len(b) >= 8 {
		s, carry = bits.Add64(s, binary.LittleEndian.Uint64(b), 0)
		s += carry
		b = b[8:]
	}
	if len(b) > 0 {
		var tail uint64
		for i, v := range b {
			tail |= uint64(v) << (8 * i)
		}
		s, carry = bits.Add64(s, tail, 0)
		s += carry
	}
	return s
}

// fold reduces a sum to 16 bits: 0xffff (or 0, of no bytes at all) when the
// checksum within the summed bytes is right.
func fold(s uint64) uint16 {
	s = s>>32 + s&0xffffffff
	s = s>>32 + s&0xffffffff
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	return uint16(s)
}

func checksumState(folded uint16) Checksum {
	if folded == 0xffff {
		return ChecksumGood
	}
	return ChecksumBad
}

// verifyL4 checks the checksum of an upper-layer segment with the pseudo
// header of RFC 9293 section 3.1 or RFC 8200 section 8.1.
func (d *Decoder) verifyL4(p *Packet, segment []byte) {
	if p.Truncated || d.noL4Verify {
		return
	}
	n := uint32(len(segment))
	// The pseudo header in the byte order that sum uses.
	s := uint64(bits.ReverseBytes32(n)) + uint64(p.Proto)<<8
	s = sum(p.Src[:], s)
	s = sum(p.Dst[:], s)
	p.L4Checksum = checksumState(fold(sum(segment, s)))
}
