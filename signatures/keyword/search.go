package keyword

import "bytes"

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

// indexFold is index for a lower-case pattern in data of any case.
func indexFold(data, lower []byte) int {
	first := lower[0]
	last := len(data) - len(lower)
	isLetter := first >= 'a' && first <= 'z'
	for i := 0; i <= last; i++ {
		if !isLetter {
			k := bytes.IndexByte(data[i:last+1], first)
			if k < 0 {
				return -1
			}
			i += k
		} else if data[i]|0x20 != first {
			continue
		}
		if equalFold(data[i:i+len(lower)], lower) {
			return i
		}
	}
	return -1
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
