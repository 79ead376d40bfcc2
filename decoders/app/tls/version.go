package tls

import "strconv"

// Version is a protocol version as on the wire.
type Version uint16

// Versions that events name; drafts of TLS 1.3 have 0x7f in front of their
// number, those of one large site 0xfb.
const (
	VersionSSL2  Version = 0x0002
	VersionSSL3  Version = 0x0300
	VersionTLS10 Version = 0x0301
	VersionTLS11 Version = 0x0302
	VersionTLS12 Version = 0x0303
	VersionTLS13 Version = 0x0304

	// versionEarlyDraft stands for the drafts of TLS 1.3 before the 16th,
	// which had the final number in the hello or one below draft 16.
	versionEarlyDraft Version = 0x7f01
)

// AppendText appends the version as events write it.
func (v Version) AppendText(dst []byte) []byte {
	switch v {
	case 0:
		return append(dst, "UNDETERMINED"...)
	case VersionSSL2:
		return append(dst, "SSLv2"...)
	case VersionSSL3:
		return append(dst, "SSLv3"...)
	case VersionTLS10:
		return append(dst, "TLSv1"...)
	case VersionTLS11:
		return append(dst, "TLS 1.1"...)
	case VersionTLS12:
		return append(dst, "TLS 1.2"...)
	case VersionTLS13:
		return append(dst, "TLS 1.3"...)
	case versionEarlyDraft:
		return append(dst, "TLS 1.3 draft-<16"...)
	}
	if v.valid() {
		n := byte(v)
		dst = append(dst, "TLS 1.3 draft-"...)
		dst = append(dst, '0'+n/10, '0'+n%10)
		if v>>8 == 0xfb {
			dst = append(dst, "-fb"...)
		}
		return dst
	}
	return strconv.AppendUint(dst, uint64(v), 10)
}

// valid reports whether a record or hello may have the version.
func (v Version) valid() bool {
	switch {
	case v >= VersionSSL3 && v <= VersionTLS13, v == versionEarlyDraft:
		return true
	case v >= 0x7f10 && v <= 0x7f1c: // drafts 16 to 28
		return true
	case v >= 0xfb14 && v <= 0xfb17, v == 0xfb1a:
		return true
	}
	return false
}

const hexDigits = "0123456789abcdef"
