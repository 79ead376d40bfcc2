package keyword

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strings"

	"spanwatch/signatures/pcre"
	"spanwatch/signatures/rule"
)

// setFromBase64 is the transform from_base64:
// `from_base64[:bytes N][, offset N][, mode strict|rfc4648|rfc2045]`. What cannot
// be decoded stays as it is.
func setFromBase64(b *Builder, o *rule.Option) *rule.Diagnostic {
	size, offset, mode, strict := 0, 0, base64Plain, false
	for _, arg := range splitList(o.Value) {
		name, value, _ := strings.Cut(arg, " ")
		value = strings.TrimSpace(value)
		n, ok := parseUnsigned(value)
		ok = ok && n <= maxDecoded
		switch name {
		case "bytes":
			size = int(n)
		case "offset":
			offset = int(n)
		case "mode":
			ok = true
			switch strings.ToLower(value) {
			case "strict":
				strict = true
			case "rfc4648":
			case "rfc2045":
				mode = base64Spaced
			default:
				ok = false
			}
		default:
			ok = false
		}
		if !ok {
			return b.badValue(o, "bad argument "+quoted(arg))
		}
	}
	return b.addTransform(o, func(_ *Machine, dst, src []byte) ([]byte, bool) {
		text := src[min(offset, len(src)):]
		if size > 0 {
			text = text[:min(size, len(text))]
		}
		if !strict || wholeBase64(text) {
			if decoded, ok := appendBase64(dst, text, mode); ok {
				return decoded, true
			}
		}
		return append(dst, src...), true
	})
}

// wholeBase64 reports whether text is nothing but base64 with its padding.
func wholeBase64(text []byte) bool {
	if len(text)%4 != 0 {
		return false
	}
	body := bytes.TrimRight(text, "=")
	if len(text)-len(body) > 2 {
		return false
	}
	for _, c := range body {
		if base64Value(c) > 63 {
			return false
		}
	}
	return true
}

// setPcrexform is the transform pcrexform: `pcrexform:"regexp"`: what the first
// group of the expression matches. Without a match the buffer stays as it is.
func setPcrexform(b *Builder, o *rule.Option) *rule.Diagnostic {
	text, negated := looseText(o.Value)
	if negated {
		return b.badValue(o, "pcrexform cannot be negated")
	}
	re, err := pcre.Compile(text, 0)
	if err != nil {
		return b.badValue(o, err.Error())
	}
	if re.Groups() != 1 {
		return b.badValue(o, "the expression of pcrexform needs one group")
	}
	return b.addTransform(o, func(m *Machine, dst, src []byte) ([]byte, bool) {
		if m.regexps == nil {
			m.regexps = pcre.NewScratch()
		}
		if re.Match(m.regexps, src, 0) == pcre.Matched {
			if g := m.regexps.Group(1); g.From >= 0 {
				src = src[g.From:g.To]
			}
		}
		return append(dst, src...), true
	})
}

// defaultInflated bounds the outcome of gunzip and zlib_deflate in bytes.
const defaultInflated = 1024

// setInflate makes the Setup of the transforms gunzip and zlib_deflate:
// `gunzip[:max-size N]`. Of what cannot be inflated nothing is left. They allocate.
func setInflate(open func(io.Reader) (io.ReadCloser, error)) func(*Builder, *rule.Option) *rule.Diagnostic {
	return func(b *Builder, o *rule.Option) *rule.Diagnostic {
		limit := uint64(defaultInflated)
		if o.HasValue {
			text, found := strings.CutPrefix(strings.TrimSpace(o.Value), "max-size")
			n, ok := parseUnsigned(text)
			if !found || !ok || n == 0 || n > maxPosition {
				return b.badValue(o, o.Name+" needs max-size N")
			}
			limit = n
		}
		return b.addTransform(o, func(_ *Machine, dst, src []byte) ([]byte, bool) {
			r, err := open(bytes.NewReader(src))
			if err != nil {
				return dst, true
			}
			defer r.Close()
			out := bytes.NewBuffer(dst)
			_, _ = io.CopyN(out, r, int64(limit)) // what comes before a fault is there
			return out.Bytes(), true
		})
	}
}

func openGzip(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }
func openZlib(r io.Reader) (io.ReadCloser, error) { return zlib.NewReader(r) }
