package fingerprint

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// What carries the hello, as JA4 writes it.
const (
	OverTCP  = 't'
	OverQUIC = 'q'
)

// Extensions that JA4 treats in a way of their own (IANA, TLS ExtensionType).
const (
	serverName = 0
	alpn       = 16
)

// Client is what JA4 is made of. The lists are without GREASE and in the order
// of the hello.
type Client struct {
	Over       byte    // OverTCP or OverQUIC
	Version    uint16  // the highest that the hello names
	ALPN       [2]byte // first and last byte of the first protocol; zeros without one
	Ciphers    []uint16
	Extensions []uint16
	Signatures []uint16 // signature algorithms
}

// ALPNEnds returns what goes into Client.ALPN for the first protocol of the
// list; false when it does not count.
func ALPNEnds(protocol []byte) (ends [2]byte, ok bool) {
	if len(protocol) < 2 || len(protocol) == 2 && IsGREASE(binary.BigEndian.Uint16(protocol)) {
		return ends, false
	}
	return [2]byte{protocol[0], protocol[len(protocol)-1]}, true
}

// Maker makes JA4s. Its memory is reused; it belongs to one goroutine.
type Maker struct {
	sorted []uint16
}

// AppendJA4 appends JA4 (https://github.com/FoxIO-LLC/ja4).
func (m *Maker) AppendJA4(dst []byte, c *Client) []byte {
	dst = append(append(dst, c.Over), versionCode(c.Version)...)
	if slices.Contains(c.Extensions, serverName) {
		dst = append(dst, 'd')
	} else {
		dst = append(dst, 'i')
	}
	dst = appendTwoDigits(dst, len(c.Ciphers))
	dst = appendTwoDigits(dst, len(c.Extensions))
	dst = append(appendALPN(dst, c.ALPN), '_')
	m.sorted = append(m.sorted[:0], c.Ciphers...)
	slices.Sort(m.sorted)
	dst = appendShortSHA256(dst, m.sorted, nil, false)
	m.sorted = m.sorted[:0]
	for _, e := range c.Extensions {
		if e != serverName && e != alpn {
			m.sorted = append(m.sorted, e)
		}
	}
	slices.Sort(m.sorted)
	return appendShortSHA256(append(dst, '_'), m.sorted, c.Signatures, true)
}

// versionCode is how JA4 writes a version.
func versionCode(v uint16) string {
	switch v {
	case 0x0304:
		return "13"
	case 0x0303:
		return "12"
	case 0x0302:
		return "11"
	case 0x0301:
		return "10"
	case 0x0300:
		return "s3"
	}
	return "00"
}

func appendTwoDigits(dst []byte, n int) []byte {
	n = min(n, 99)
	return append(dst, '0'+byte(n/10), '0'+byte(n%10))
}

// appendALPN appends the first and the last character of the first ALPN
// protocol, or of its hexadecimal form when one of them is neither letter nor
// digit.
func appendALPN(dst []byte, ends [2]byte) []byte {
	switch {
	case ends == [2]byte{}:
		return append(dst, "00"...)
	case !alphanumeric(ends[0]) || !alphanumeric(ends[1]):
		return append(dst, hexDigits[ends[0]>>4], hexDigits[ends[1]&15])
	}
	return append(dst, ends[0], ends[1])
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// appendShortSHA256 appends the first 12 digits of the SHA-256 of numbers in
// hexadecimal with commas between, and behind "_" of more when there is a
// second list. The text is put together behind dst.
func appendShortSHA256(dst []byte, list, more []uint16, two bool) []byte {
	end := len(dst)
	dst = appendHexList(dst, list)
	if two {
		dst = appendHexList(append(dst, '_'), more)
	}
	sum := sha256.Sum256(dst[end:])
	dst = dst[:end]
	for _, c := range sum[:6] {
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

func appendHexList(dst []byte, list []uint16) []byte {
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, hexDigits[v>>12], hexDigits[v>>8&15], hexDigits[v>>4&15], hexDigits[v&15])
	}
	return dst
}
