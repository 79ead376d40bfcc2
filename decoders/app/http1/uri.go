package http1

import (
	"bytes"
	"net/netip"
)

// uriParts are where the parts of a request's URI are in its head.
type uriParts struct {
	hasScheme             bool
	hostname, port        ref // as sent
	path, query, fragment ref // without ? and #
}

// splitURI finds the parts of uri, which starts at the given place of the head.
// It takes whatever is there for a URI: what stands before the first colon is
// its scheme, unless it starts with a slash.
func splitURI(uri []byte, at int) (p uriParts) {
	here := 0
	part := func(from, to int) ref { return headRef(at+from, at+to) }
	if colon := bytes.IndexByte(uri, ':'); colon >= 0 && uri[0] != '/' {
		p.hasScheme = true
		here = colon + 1
		rest := uri[here:]
		if bytes.HasPrefix(rest, []byte("//")) && !bytes.HasPrefix(rest, []byte("///")) {
			if user := bytes.IndexByte(rest, '@'); user >= 2 {
				here += user + 1
			}
		}
		if start, end, next, ok := hostnameAt(uri, here); ok {
			p.hostname = part(start, end)
			here = next
			if start, end, next, ok := portAt(uri, here); ok {
				p.port = part(start, end)
				here = next
			}
		}
	}
	if n := skip(uri[here:], func(c byte) bool { return c != '?' && c != '#' }); n > 0 {
		p.path = part(here, here+n)
		here += n
	}
	if here < len(uri) && uri[here] == '?' {
		n := skip(uri[here+1:], func(c byte) bool { return c != '#' })
		p.query = part(here+1, here+1+n)
		here += 1 + n
	}
	if here < len(uri) && uri[here] == '#' {
		p.fragment = part(here+1, len(uri))
	}
	return p
}

// hostnameAt reads a host name, which two slashes may precede.
func hostnameAt(b []byte, at int) (start, end, next int, ok bool) {
	if bytes.HasPrefix(b[at:], []byte("//")) {
		at += 2
	}
	if at == len(b) || b[at] == '/' {
		return 0, 0, 0, false
	}
	at += skip(b[at:], func(c byte) bool { return c == ' ' })
	start = at
	if at < len(b) && b[at] == '[' {
		n := skip(b[at+1:], func(c byte) bool { return c != '/' && c != '?' && c != '#' && c != ']' })
		if n > 0 {
			at += 1 + n
			if at < len(b) && b[at] == ']' {
				at++
			}
			return start, at, at, true
		}
	}
	n := skip(b[at:], func(c byte) bool { return c != '/' && c != '?' && c != '#' && c != ':' })
	if n == 0 {
		return 0, 0, 0, false
	}
	next = at + n
	for end = next; end > start && b[end-1] == ' '; end-- {
	}
	return start, end, next, true
}

// portAt reads a colon and what follows as the port, whatever it is.
func portAt(b []byte, at int) (start, end, next int, ok bool) {
	if at == len(b) || b[at] != ':' {
		return 0, 0, 0, false
	}
	at++
	at += skip(b[at:], func(c byte) bool { return c == ' ' })
	n := skip(b[at:], func(c byte) bool { return c != '/' && c != '?' && c != '#' })
	if n == 0 {
		return 0, 0, 0, false
	}
	return at, at + skip(b[at:at+n], func(c byte) bool { return c != ' ' }), at + n, true
}

// hostAndPort reads the authority of CONNECT and the Host field. valid says
// that nothing about it is odd.
func hostAndPort(b []byte) (host, port []byte, valid, ok bool) {
	if len(b) == 0 {
		return nil, nil, false, false
	}
	start, end, next, ok := hostnameAt(b, 0)
	if !ok {
		return nil, nil, false, false
	}
	host = b[start:end]
	valid = validHost(host)
	if start, end, _, ok := portAt(b, next); ok {
		port = b[start:end]
		return host, port, valid && portNumber(port) != 0, true
	}
	return host, nil, valid && next == len(b), true
}

// portNumber returns the value of a port, 0 if it is none.
func portNumber(b []byte) int {
	n := 0
	for _, c := range b {
		if !isDigit(c) {
			return 0
		}
		if n = n*10 + int(c-'0'); n > 65535 {
			return 0
		}
	}
	return n
}

// validHost reports whether a host name has the form of one: an IPv6 address
// in brackets, or labels of letters, digits, hyphens and underscores.
func validHost(b []byte) bool {
	if len(b) == 0 || len(b) > 255 {
		return false
	}
	if end := bytes.IndexByte(b, ']'); b[0] == '[' && end > 1 {
		if a, err := netip.ParseAddr(string(b[1:end])); err == nil {
			return a.Is6() && a.Zone() == ""
		}
		return false
	}
	if b[0] == '.' {
		return false
	}
	label := 0
	for i, c := range b {
		switch {
		case c == '.':
			if i > 0 && b[i-1] == '.' {
				return false
			}
			label = 0
		case c == '_' || c == '-' || isDigit(c) || lower(c) >= 'a' && lower(c) <= 'z' || isLatin1Letter(c):
			if label++; label > 63 {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// isLatin1Letter is a letter beyond ASCII in ISO 8859-1, which libhtp lets
// pass in host names.
func isLatin1Letter(c byte) bool {
	return c >= 0xc0 && c != 0xd7 && c != 0xf7 || c == 0xaa || c == 0xb5 || c == 0xba || c == 0xb2 || c == 0xb3 || c == 0xb9 || c >= 0xbc && c <= 0xbe
}
