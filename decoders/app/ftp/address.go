package ftp

import (
	"bytes"
	"net/netip"
)

// parsePort reads the argument of PORT, h1,h2,h3,h4,p1,p2 (RFC 959 section
// 5.3.2).
func parsePort(argument []byte) (addr netip.Addr, port uint16, ok bool) {
	var n [6]byte
	rest := bytes.TrimLeft(argument, " ")
	for i := range n {
		var v int
		if v, rest, ok = cutNumber(rest, 255); !ok {
			return netip.Addr{}, 0, false
		}
		n[i] = byte(v)
		if i < len(n)-1 {
			if len(rest) == 0 || rest[0] != ',' {
				return netip.Addr{}, 0, false
			}
			rest = rest[1:]
		}
	}
	port = uint16(n[4])<<8 | uint16(n[5])
	return netip.AddrFrom4([4]byte(n[:4])), port, port != 0
}

// parsePASV reads the six numbers of a reply to PASV, which stand in brackets
// or, with some servers, behind the text.
func parsePASV(text []byte) (netip.Addr, uint16, bool) {
	if i := bytes.IndexByte(text, '('); i >= 0 {
		return parsePort(text[i+1:])
	}
	if i := bytes.IndexAny(text, "0123456789"); i >= 0 {
		return parsePort(text[i:])
	}
	return netip.Addr{}, 0, false
}

// parseEPRT reads the argument of EPRT, |protocol|address|port| with any
// delimiter (RFC 2428 section 2).
func parseEPRT(argument []byte) (netip.Addr, uint16, bool) {
	argument = bytes.TrimLeft(argument, " ")
	if len(argument) == 0 {
		return netip.Addr{}, 0, false
	}
	delimiter := argument[:1]
	var fields [3][]byte
	rest := argument[1:]
	for i := range fields {
		var ok bool
		if fields[i], rest, ok = bytes.Cut(rest, delimiter); !ok {
			return netip.Addr{}, 0, false
		}
	}
	port, left, ok := cutNumber(fields[2], 65535)
	addr, err := netip.ParseAddr(string(fields[1]))
	if !ok || len(left) > 0 || port == 0 || err != nil || addr.Zone() != "" {
		return netip.Addr{}, 0, false
	}
	return addr, uint16(port), true
}

// parseEPSV reads the port of a reply to EPSV, (|||port|) (RFC 2428 section 3).
func parseEPSV(text []byte) (uint16, bool) {
	i := bytes.IndexByte(text, '(')
	if i < 0 || len(text) < i+5 || text[i+1] != text[i+2] || text[i+1] != text[i+3] {
		return 0, false
	}
	port, rest, ok := cutNumber(text[i+4:], 65535)
	return uint16(port), ok && port > 0 && len(rest) > 0 && rest[0] == text[i+1]
}

// cutNumber cuts a decimal number of at most limit off b.
func cutNumber(b []byte, limit int) (n int, rest []byte, ok bool) {
	for len(b) > 0 && b[0] >= '0' && b[0] <= '9' {
		if n = n*10 + int(b[0]-'0'); n > limit {
			return 0, nil, false
		}
		b, ok = b[1:], true
	}
	return n, b, ok
}
