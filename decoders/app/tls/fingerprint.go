package tls

import (
	"crypto/md5"
	"crypto/sha256"
	"slices"
	"strconv"

	"spanwatch/decoders"
)

// appendJA3 appends the text behind JA3 or, of a server, JA3S: version,
// ciphers, extensions, and of a client groups and point formats, in decimal
// (https://github.com/salesforce/ja3).
func (n *numbers) appendJA3(dst []byte, client bool) []byte {
	dst = strconv.AppendUint(dst, uint64(n.version), 10)
	lists := [...][]uint16{n.ciphers, n.extensions, n.groups, n.formats}
	for i, list := range lists {
		if i >= 2 && !client {
			break
		}
		dst = append(dst, ',')
		for j, v := range list[:n.first[i]] {
			if j > 0 {
				dst = append(dst, '-')
			}
			dst = strconv.AppendUint(dst, uint64(v), 10)
		}
	}
	return dst
}

func appendMD5(dst, text []byte) []byte {
	for _, c := range md5.Sum(text) {
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// appendJA4 appends the client's JA4 (https://github.com/FoxIO-LLC/ja4). It
// counts in all hellos of the session.
func (t *Tx) appendJA4(dst []byte) []byte {
	n := &t.sides[decoders.ToServer].numbers
	dst = append(dst, 't')
	dst = append(dst, ja4Version(n.newest)...)
	if slices.Contains(n.extensions, extServerName) {
		dst = append(dst, 'd')
	} else {
		dst = append(dst, 'i')
	}
	dst = appendTwoDigits(dst, len(n.ciphers))
	dst = appendTwoDigits(dst, len(n.extensions))
	dst = append(appendJA4ALPN(dst, n.alpn), '_')
	x := t.parser
	x.sorted = append(x.sorted[:0], n.ciphers...)
	slices.Sort(x.sorted)
	dst = appendShortSHA256(dst, x.sorted, nil, false)
	x.sorted = x.sorted[:0]
	for _, e := range n.extensions {
		if e != extServerName && e != extALPN {
			x.sorted = append(x.sorted, e)
		}
	}
	slices.Sort(x.sorted)
	return appendShortSHA256(append(dst, '_'), x.sorted, n.signatures, true)
}

func ja4Version(v Version) string {
	switch v {
	case VersionTLS13:
		return "13"
	case VersionTLS12:
		return "12"
	case VersionTLS11:
		return "11"
	case VersionTLS10:
		return "10"
	case VersionSSL3:
		return "s3"
	}
	return "00"
}

func appendTwoDigits(dst []byte, n int) []byte {
	n = min(n, 99)
	return append(dst, '0'+byte(n/10), '0'+byte(n%10))
}

// appendJA4ALPN appends the first and the last character of the first ALPN
// protocol, or of its hexadecimal form when one of them is neither letter nor
// digit.
func appendJA4ALPN(dst []byte, ends [2]byte) []byte {
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
		dst = appendHex16(dst, v)
	}
	return dst
}
