package http1

import "bytes"

// contentRange reads the Content-Range field.
func (m *message) contentRange() (*ContentRange, bool) {
	value, ok := m.value("content-range")
	if !ok {
		return nil, false
	}
	r := &m.rangeOf
	*r = ContentRange{Raw: value}
	b := value[skip(value, isSpace):]
	if !hasPrefix(b, "bytes") {
		return r, true
	}
	b = b[len("bytes"):]
	b = b[skip(b, isSpace):]
	slash := bytes.IndexByte(b, '/')
	hyphen := bytes.IndexByte(b, '-')
	if hyphen <= 0 || slash < hyphen {
		return r, true
	}
	start, ok1 := decimal(b[:hyphen])
	end, ok2 := decimal(b[hyphen+1 : slash])
	size, ok3 := decimal(b[slash+1:])
	if string(b[slash+1:]) == "*" {
		size, ok3 = 0, true
	}
	if ok1 && ok2 && ok3 && start <= end {
		r.Valid, r.Start, r.End, r.Size = true, start, end, size
	}
	return r, true
}

// decimal reads a number that is nothing but digits.
func decimal(b []byte) (uint64, bool) {
	if len(b) == 0 || skip(b, isDigit) < len(b) {
		return 0, false
	}
	return number(b, 10)
}
