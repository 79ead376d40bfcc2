package signatures

import (
	"strconv"
	"unicode/utf8"
)

// appendAlertJSON renders the `alert` object: what EVE says about a rule, in
// the order in which EVE says it.
func appendAlertJSON(dst []byte, s *Signature) []byte {
	m := &s.plan.Meta
	dst = append(dst, `{"action":"`...)
	dst = append(dst, s.action.Verdict()...)
	dst = append(dst, `","gid":`...)
	dst = strconv.AppendUint(dst, uint64(m.Gid), 10)
	dst = append(dst, `,"signature_id":`...)
	dst = strconv.AppendUint(dst, uint64(m.Sid), 10)
	dst = append(dst, `,"rev":`...)
	dst = strconv.AppendUint(dst, uint64(m.Rev), 10)
	dst = append(dst, `,"signature":`...)
	dst = appendJSONString(dst, m.Msg)
	dst = append(dst, `,"category":`...)
	dst = appendJSONString(dst, m.ClassText)
	dst = append(dst, `,"severity":`...)
	dst = strconv.AppendUint(dst, uint64(m.Priority), 10)
	dst = appendMetadataJSON(dst, s)
	dst = appendReferencesJSON(dst, s)
	return append(dst, '}')
}

// appendMetadataJSON renders metadata: every key once, every value an array.
func appendMetadataJSON(dst []byte, s *Signature) []byte {
	pairs := s.plan.Meta.Metadata
	if len(pairs) == 0 {
		return dst
	}
	dst = append(dst, `,"metadata":{`...)
	written := make(map[string]bool, len(pairs))
	for _, first := range pairs {
		if written[first.Key] {
			continue
		}
		if len(written) > 0 {
			dst = append(dst, ',')
		}
		written[first.Key] = true
		dst = appendJSONString(dst, first.Key)
		dst = append(dst, ":["...)
		values := 0
		for _, p := range pairs {
			if p.Key != first.Key {
				continue
			}
			if values > 0 {
				dst = append(dst, ',')
			}
			values++
			dst = appendJSONString(dst, p.Value)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// appendReferencesJSON renders the references whose type is known as URLs.
func appendReferencesJSON(dst []byte, s *Signature) []byte {
	open := false
	for _, r := range s.plan.Meta.References {
		if r.URL == "" {
			continue
		}
		if open {
			dst = append(dst, ',')
		} else {
			dst = append(dst, `,"references":[`...)
			open = true
		}
		dst = appendJSONString(dst, r.URL)
	}
	if open {
		dst = append(dst, ']')
	}
	return dst
}

// appendJSONString quotes s. A byte that is not part of UTF-8 is written as
// the text \xHH, so that nothing is lost and the JSON stays valid.
func appendJSONString(dst []byte, s string) []byte {
	const hexDigits = "0123456789ABCDEF"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, '\\', '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
			} else {
				dst = append(dst, s[i:i+size]...)
			}
			i += size
			continue
		}
		i++
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < 0x20 || c == 0x7F:
			dst = append(dst, `\u00`...)
			dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
