package quic

import "strconv"

// version is the version of QUIC as on the wire.
type version uint32

// Versions that are treated in a way of their own.
const (
	versionNegotiation version = 0
	version1           version = 1
	version2           version = 0x6b3343cf // RFC 9369
	versionQ039        version = 0x51303339
	versionQ043        version = 0x51303433
	versionQ044        version = 0x51303434
	versionQ045        version = 0x51303435
	versionQ046        version = 0x51303436
	versionQ050        version = 0x51303530
)

// google reports whether long headers are those of Google's versions.
func (v version) google() bool { return v >= versionQ043 && v <= versionQ046 }

// appendText appends the version as events write it.
func (v version) appendText(dst []byte) []byte {
	switch v {
	case versionQ039, versionQ043, versionQ044, versionQ045, versionQ046:
		return append(dst, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
	case version2:
		return append(dst, "v2"...)
	}
	return strconv.AppendUint(dst, uint64(v), 16)
}

// salt is what the keys of Initial packets are made with; nil when it is not
// known, so that packets are taken to be in the clear.
func (v version) salt() []byte {
	switch {
	case v == version2:
		return saltV2
	case v == version1, v >= 0xff000021 && v <= 0xff000022:
		return saltV1
	case v >= 0xff00001d && v <= 0xff000020:
		return saltDraft29
	case v >= 0xff000017 && v <= 0xff00001c, v == 0xfaceb002: // the last is Facebook's
		return saltDraft23
	case v == versionQ050:
		return saltQ050
	}
	return nil
}

var (
	saltV1 = []byte{ // RFC 9001 section 5.2
		0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a,
	}
	saltV2 = []byte{ // RFC 9369 section 3.3.1
		0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9,
	}
	saltDraft29 = []byte{ // draft-ietf-quic-tls-29 section 5.2
		0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99,
	}
	saltDraft23 = []byte{ // draft-ietf-quic-tls-23 section 5.2
		0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02,
	}
	saltQ050 = []byte{ // Chromium, net/third_party/quiche, Q050
		0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94, 0x5c, 0xfc, 0xdb, 0xd3, 0xa7, 0xf0, 0xd3, 0xb5, 0x6b, 0x45,
	}
)
