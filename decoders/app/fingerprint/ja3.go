package fingerprint

import (
	"crypto/md5"
	"strconv"
)

// IsGREASE reports whether a number is one of those that clients send so that
// servers stay tolerant (RFC 8701): fingerprints leave them out.
func IsGREASE(n uint16) bool { return n&0x0f0f == 0x0a0a && n>>8 == n&0xff }

// AppendJA3 appends the text behind JA3 or JA3S: the version and lists of
// numbers in decimal (https://github.com/salesforce/ja3). Those of a client are
// ciphers, extensions, groups and point formats, those of a server its cipher
// and extensions.
func AppendJA3(dst []byte, version uint16, lists ...[]uint16) []byte {
	dst = strconv.AppendUint(dst, uint64(version), 10)
	for _, list := range lists {
		dst = append(dst, ',')
		for i, v := range list {
			if i > 0 {
				dst = append(dst, '-')
			}
			dst = strconv.AppendUint(dst, uint64(v), 10)
		}
	}
	return dst
}

// AppendMD5 appends the MD5 of a text in lower-case hexadecimal.
func AppendMD5(dst, text []byte) []byte {
	for _, c := range md5.Sum(text) {
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

const hexDigits = "0123456789abcdef"
