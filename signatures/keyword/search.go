package keyword

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// asciiLower maps A..Z to a..z and every other byte to itself.
var asciiLower = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if i >= 'A' && i <= 'Z' {
			t[i] += 'a' - 'A'
		}
	}
	return t
}()

func index(data, pattern []byte) int { return bytes.Index(data, pattern) }

// indexFold is index for a lower-case pattern in data of any case. It looks for
// the first two bytes of the pattern at eight places at a time.
func indexFold(data, lower []byte) int {
	last := len(data) - len(lower)
	i := 0
	if len(lower) >= 2 {
		// Setting bit 0x20 folds letters, and a few other bytes together, which
		// only costs a compare.
		first, second := ones*uint64(lower[0]|0x20), ones*uint64(lower[1]|0x20)
		for ; i+9 <= len(data) && i <= last; i += 8 {
			x := (binary.LittleEndian.Uint64(data[i:]) | ones*0x20) ^ first
			y := (binary.LittleEndian.Uint64(data[i+1:]) | ones*0x20) ^ second
			for z := zeroBytes(x | y); z != 0; z &= z - 1 {
				k := i + bits.TrailingZeros64(z)/8
				if k > last {
					return -1
				}
				if equalFold(data[k:k+len(lower)], lower) {
					return k
				}
			}
		}
	}
	for ; i <= last; i++ {
		if asciiLower[data[i]] == lower[0] && equalFold(data[i:i+len(lower)], lower) {
			return i
		}
	}
	return -1
}

// ones times a byte is that byte in all eight places.
const ones = 0x0101010101010101

// zeroBytes returns the upper bit of every byte of x that is zero, and of no
// other.
func zeroBytes(x uint64) uint64 {
	const low = ones * 0x7F
	return ^(((x & low) + low) | x | low)
}

// equalFold compares data of any case with lower-case bytes of equal length.
func equalFold(data, lower []byte) bool {
	for i, c := range lower {
		if asciiLower[data[i]] != c {
			return false
		}
	}
	return true
}
