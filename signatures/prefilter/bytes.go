package prefilter

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

func lowerASCII(b []byte) {
	for i, c := range b {
		b[i] = asciiLower[c]
	}
}

// byteCommonness ranks how often a byte is seen in traffic, 1 (rare) to 32.
// A coarse guess is enough: it only decides which part of a pattern is looked
// up, never whether the pattern is found.
var byteCommonness = func() (t [256]uint8) {
	for i := range t {
		switch {
		case i == 0x00:
			t[i] = 32
		case i == ' ' || i == 0xFF:
			t[i] = 20
		case i == '\r' || i == '\n' || i == '/' || i == '.' || i == ':' || i == '=' || i == '-' || i == 0x01:
			t[i] = 14
		case i >= '0' && i <= '9':
			t[i] = 10
		case i >= 'a' && i <= 'z' || i >= 'A' && i <= 'Z':
			t[i] = 8
		case i > ' ' && i < 0x7F:
			t[i] = 5
		default:
			t[i] = 3
		}
	}
	for _, c := range "etaoinsrhldcETAOINSRHLDC" {
		t[c] = 14
	}
	return t
}()
