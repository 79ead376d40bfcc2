package dnp3

import (
	"bytes"
	"encoding/binary"
)

// The link layer (IEEE 1815-2012 section 9): a header of ten octets, the last
// two its CRC, and data in blocks of sixteen octets with two of CRC behind
// each.
const (
	linkLen   = 10
	crcLen    = 2
	blockLen  = 16
	minLength = 5 // octets of the header that its length counts

	linkDirMaster = 0x80 // of the control octet: sent by the master
	linkPrimary   = 0x40
	linkFCB       = 0x20
	linkFCV       = 0x10
	linkFunction  = 0x0f
)

var start = []byte{0x05, 0x64}

// Link functions that carry user data.
const (
	confirmedData   = 3
	unconfirmedData = 4
)

// crcTable is of the polynomial 0x3d65, bits in reverse.
var crcTable = func() (table [256]uint16) {
	for i := range table {
		c := uint16(i)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ 0xa6bc
			} else {
				c >>= 1
			}
		}
		table[i] = c
	}
	return table
}()

// crcHolds checks the CRC at the end of a block.
func crcHolds(block []byte) bool {
	n := len(block) - crcLen
	if n < 1 {
		return false
	}
	var c uint16
	for _, b := range block[:n] {
		c = c>>8 ^ crcTable[byte(c)^b]
	}
	return binary.LittleEndian.Uint16(block[n:]) == ^c
}

// link is a header of the link layer.
type link struct {
	length   uint8
	control  uint8
	dst, src uint16
}

func parseLink(data []byte) link {
	return link{data[2], data[3], binary.LittleEndian.Uint16(data[4:]), binary.LittleEndian.Uint16(data[6:])}
}

// frameLen is the length of the whole frame, CRCs and header too.
func (l link) frameLen() int {
	n := int(l.length) - minLength
	return linkLen + n + (n+blockLen-1)/blockLen*crcLen
}

func (l link) userData() bool {
	f := l.control & linkFunction
	return f == confirmedData || f == unconfirmedData
}

// appendUserData appends what the blocks of a frame carry; ok is false when a
// CRC does not hold.
func appendUserData(dst, blocks []byte) (out []byte, ok bool) {
	for len(blocks) > 0 {
		n := min(len(blocks), blockLen+crcLen)
		if !crcHolds(blocks[:n]) {
			return dst, false
		}
		dst = append(dst, blocks[:n-crcLen]...)
		blocks = blocks[n:]
	}
	return dst, true
}

// banner says that some outstations greet with a line of text; what is told
// apart by it is the start of a stream.
var banner = []byte("DNP3")

// bannerLen is how much of a banner is looked at.
const bannerLen = 256

func isBanner(data []byte) bool {
	if !bytes.Contains(data, banner) {
		return false
	}
	for _, c := range data[:min(len(data), bannerLen)] {
		if !printable(c) && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

func printable(c byte) bool { return c >= ' ' && c < 0x7f }
