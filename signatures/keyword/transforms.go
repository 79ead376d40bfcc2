package keyword

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"spanwatch/signatures/rule"
)

// Transform changes the bytes of a buffer before conditions look at it. It
// appends the result to dst, which has no content, and returns it; src is not
// changed. ok is false when there is no result: the buffer does not exist then.
type Transform func(m *Machine, dst, src []byte) (out []byte, ok bool)

// Transformed returns the list's buffer after its transforms; ok is false when
// one of them has no result. The bytes are borrowed until the next call.
func (m *Machine) Transformed(l *List, data []byte) (out []byte, ok bool) {
	for i, t := range l.Transforms {
		m.work += 1 + uint64(len(data))/transformedPerUnit
		out := &m.transformed[i&1]
		if *out, ok = t(m, (*out)[:0], data); !ok {
			return nil, false
		}
		data = *out
	}
	return data, true
}

// always makes a Transform of a function that has a result for all bytes.
func always(f func(dst, src []byte) []byte) Transform {
	return func(_ *Machine, dst, src []byte) ([]byte, bool) { return f(dst, src), true }
}

// transform makes the Setup of a transform without a value.
func transform(f func(dst, src []byte) []byte) func(*Builder, *rule.Option) *rule.Diagnostic {
	return func(b *Builder, o *rule.Option) *rule.Diagnostic { return b.addTransform(o, always(f)) }
}

// partialTransform makes the Setup of a transform that not all bytes have a
// result of.
func partialTransform(t Transform) func(*Builder, *rule.Option) *rule.Diagnostic {
	return func(b *Builder, o *rule.Option) *rule.Diagnostic { return b.addTransform(o, t) }
}

func (b *Builder) addTransform(o *rule.Option, t Transform) *rule.Diagnostic {
	if b.list == nil || b.list.Source == nil || !b.transform && len(b.list.Transforms) > 0 {
		return b.fail(o, "misplaced-transform", "transform "+o.Name+" does not follow a sticky buffer", "transforms come directly behind the buffer, before any condition", "")
	}
	if b.list.Chain.Len() > 0 {
		b.list = &List{Source: b.list.Source, Dirs: b.list.Dirs}
		b.plan.Lists = append(b.plan.Lists, b.list)
	}
	b.list.Transforms = append(b.list.Transforms, t)
	if b.lastTransform == nil {
		b.lastTransform = make(map[*List]string)
	}
	b.lastTransform[b.list] = o.Name
	b.list.key += "|" + o.Name + ":" + o.Value
	b.transform = true // another may follow
	return nil
}

// impossible says why a content as written cannot lie in what a list's last
// transform makes, whatever the buffer holds; empty when it can.
func impossible(transform string, pattern []byte) string {
	unlike := func(f func(dst, src []byte) []byte) bool { return string(f(nil, pattern)) != string(pattern) }
	switch {
	case transform == "to_lowercase" && unlike(toLowercase):
		return "upper case in a content behind to_lowercase"
	case transform == "to_uppercase" && unlike(toUppercase):
		return "lower case in a content behind to_uppercase"
	case transform == "strip_whitespace" && unlike(stripWhitespace):
		return "white space in a content behind strip_whitespace"
	case transform == "compress_whitespace" && len(compressWhitespace(nil, pattern)) != len(pattern):
		return "a run of white space in a content behind compress_whitespace"
	}
	return ""
}

func dotPrefix(dst, src []byte) []byte { return append(append(dst, '.'), src...) }

func toLowercase(dst, src []byte) []byte {
	for _, c := range src {
		dst = append(dst, asciiLower[c])
	}
	return dst
}

func toUppercase(dst, src []byte) []byte {
	for _, c := range src {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// isSpace is C's isspace in the POSIX locale.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func stripWhitespace(dst, src []byte) []byte {
	for _, c := range src {
		if !isSpace(c) {
			dst = append(dst, c)
		}
	}
	return dst
}

// compressWhitespace keeps the first byte of a run of white space as a space.
func compressWhitespace(dst, src []byte) []byte {
	run := false
	for _, c := range src {
		if !isSpace(c) {
			dst, run = append(dst, c), false
			continue
		}
		if !run {
			dst = append(dst, ' ')
		}
		run = true
	}
	return dst
}

func toMD5(dst, src []byte) []byte {
	sum := md5.Sum(src)
	return append(dst, sum[:]...)
}

func toSHA1(dst, src []byte) []byte {
	sum := sha1.Sum(src)
	return append(dst, sum[:]...)
}

func toSHA256(dst, src []byte) []byte {
	sum := sha256.Sum256(src)
	return append(dst, sum[:]...)
}

// urlDecode replaces %HH by its byte and + by a space; a % without two hex
// digits stays.
func urlDecode(dst, src []byte) []byte {
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(src) && digit(src[i+1]) < 16 && digit(src[i+2]) < 16:
			c = byte(digit(src[i+1])<<4 | digit(src[i+2]))
			i += 2
		}
		dst = append(dst, c)
	}
	return dst
}

// headerLowercase lowers the name of each header line: up to the colon.
func headerLowercase(dst, src []byte) []byte {
	name := true
	for _, c := range src {
		switch {
		case c == ':':
			name = false
		case c == '\n':
			name = true
		}
		if name {
			c = asciiLower[c]
		}
		dst = append(dst, c)
	}
	return dst
}

// stripPseudoHeaders drops the lines that start with a colon.
func stripPseudoHeaders(dst, src []byte) []byte {
	for len(src) > 0 {
		line := src
		for i, c := range src {
			if c == '\n' {
				line = src[:i+1]
				break
			}
		}
		if line[0] != ':' {
			dst = append(dst, line...)
		}
		src = src[len(line):]
	}
	return dst
}

// setXor is the transform xor:"hex" and xor:offset N,"hex": every byte from
// the offset on is combined with the repeated key.
func setXor(b *Builder, o *rule.Option) *rule.Diagnostic {
	value, offset := o.Value, uint64(0)
	if rest, found := strings.CutPrefix(value, "offset "); found {
		at, key, found := strings.Cut(rest, ",")
		var ok bool
		if offset, ok = parseUnsigned(at); !found || !ok || offset > maxPosition {
			return b.badValue(o, "xor needs offset N, and the key")
		}
		value = strings.TrimSpace(key)
	}
	value = strings.ReplaceAll(strings.Trim(value, `"`), " ", "")
	key, err := hex.DecodeString(value)
	if err != nil || len(key) == 0 || len(key) > 255 {
		return b.badValue(o, "the key of xor must be 1 to 255 bytes in hexadecimal")
	}
	return b.addTransform(o, always(func(dst, src []byte) []byte {
		for i, c := range src {
			if uint64(i) >= offset {
				c ^= key[(i-int(offset))%len(key)]
			}
			dst = append(dst, c)
		}
		return dst
	}))
}
