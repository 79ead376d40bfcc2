package mime

// appendParam appends the value of a parameter of a header field such as
// Content-Type to dst: name=value or name="value", or the pieces name*0=,
// name*1= and so on joined (RFC 2231 section 3). Of two with the same name the
// last counts, as in Suricata. ok is false when there is none.
func appendParam(dst, field []byte, name string) (_ []byte, ok bool) {
	if v, found := findParam(field, name, "", -1); found {
		return appendUnquoted(dst, v), true
	}
	for section := 0; section < maxSections; section++ {
		v, found := findParam(field, name, "", section)
		if found {
			dst = appendUnquoted(dst, v)
		} else if v, found = findParam(field, name, "*", section); found {
			dst = appendPercentDecoded(dst, v, section == 0)
		} else {
			return dst, section > 0
		}
	}
	return dst, true
}

// appendExtendedParam appends the value of name*=charset'language'value, percent
// decoded. Suricata does not know this form.
func appendExtendedParam(dst, field []byte, name string) (_ []byte, ok bool) {
	v, found := findParam(field, name, "*", -1)
	if !found {
		return dst, false
	}
	return appendPercentDecoded(dst, v, true), true
}

// maxSections bounds the pieces of one parameter: each is a search of its own.
const maxSections = 32

// findParam finds the last parameter whose name is name, then *section unless
// that is negative, then suffix.
func findParam(field []byte, name, suffix string, section int) (value []byte, ok bool) {
	rest := field[tokenEnd(field):]
	for len(rest) > 0 {
		rest = rest[1:] // the semicolon
		end := tokenEnd(rest)
		p := trimSpace(rest[:end])
		rest = rest[end:]
		if !hasPrefixFold(p, name) {
			continue
		}
		p = p[len(name):]
		if section >= 0 {
			n, used := starNumber(p)
			if used == 0 || n != section {
				continue
			}
			p = p[used:]
		}
		if !hasPrefixFold(p, suffix) {
			continue
		}
		p = trimSpace(p[len(suffix):])
		if len(p) > 0 && p[0] == '=' {
			value, ok = trimSpace(p[1:]), true
		}
	}
	return value, ok
}

// starNumber reads "*12" and returns 12 and the bytes it took, 0 when p does
// not start so.
func starNumber(p []byte) (n, used int) {
	if len(p) < 2 || p[0] != '*' {
		return 0, 0
	}
	used = 1
	for used < len(p) && used < 4 && p[used] >= '0' && p[used] <= '9' {
		n = n*10 + int(p[used]-'0')
		used++
	}
	if used == 1 {
		return 0, 0
	}
	return n, used
}

// tokenEnd returns where the first semicolon outside of quotes is.
func tokenEnd(b []byte) int {
	quoted := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == ';' && !quoted:
			return i
		}
	}
	if quoted { // a quote that is not closed ends at the next semicolon
		for i, c := range b {
			if c == ';' {
				return i
			}
		}
	}
	return len(b)
}

func appendUnquoted(dst, v []byte) []byte {
	if len(v) < 2 || v[0] != '"' {
		return append(dst, v...)
	}
	for i := 1; i < len(v) && v[i] != '"'; i++ {
		if v[i] == '\\' && i+1 < len(v) {
			i++
		}
		dst = append(dst, v[i])
	}
	return dst
}

// appendPercentDecoded appends an extended value; the first piece starts with
// charset'language'.
func appendPercentDecoded(dst, v []byte, first bool) []byte {
	if first {
		quotes := 0
		for i, c := range v {
			if c == '\'' {
				if quotes++; quotes == 2 {
					v = v[i+1:]
					break
				}
			}
		}
	}
	for i := 0; i < len(v); i++ {
		if v[i] == '%' && i+2 < len(v) {
			hi, ok1 := hexValue(v[i+1])
			lo, ok2 := hexValue(v[i+2])
			if ok1 && ok2 {
				dst = append(dst, hi<<4|lo)
				i += 2
				continue
			}
		}
		dst = append(dst, v[i])
	}
	return dst
}

func hexValue(c byte) (v byte, ok bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}
