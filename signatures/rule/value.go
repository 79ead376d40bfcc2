package rule

import (
	"errors"
	"strings"
)

// ValueError says what is wrong with the value of an option, and at which of
// its bytes. Rule.Diagnose makes a Diagnostic of it.
type ValueError struct {
	At              int // offset in the option's Value, from 0
	Code            string
	What, Why, Hint string // as in Diagnostic
}

// Error returns what, why and hint on one line.
func (e *ValueError) Error() string {
	return (&Diagnostic{What: e.What, Why: e.Why, Hint: e.Hint}).text()
}

// Diagnose makes a diagnostic about option o of r. Its place is that of the
// byte which a *ValueError in err names, or of the option's name for any
// other error.
func (r *Rule) Diagnose(o *Option, err error) *Diagnostic {
	d := &Diagnostic{Pos: o.Pos, Sid: findSid(r.Text)}
	var v *ValueError
	if !errors.As(err, &v) {
		d.What, d.Code = o.Name+": "+err.Error(), CodeOption
		return d
	}
	d.Pos = r.At(o, v.At)
	d.What, d.Why, d.Hint, d.Code = o.Name+": "+v.What, v.Why, v.Hint, v.Code
	return d
}

// At returns the position of the byte at offset of o's Value, exact across
// continuation lines; that of the name when o has no value. Rules that Parse
// did not make have no continuation lines.
func (r *Rule) At(o *Option, offset int) Position {
	switch {
	case !o.HasValue:
		return o.Pos
	case len(r.places.segments) == 0:
		p := o.ValuePos
		p.Col += offset
		return p
	}
	return r.places.at(o.valueAt + offset)
}

// Quoted returns what stands between the quotes of value, escapes kept, with
// the offset at which it begins. A ! before the quotes negates.
func Quoted(value string) (inner string, at int, negated bool, err error) {
	if negated = strings.HasPrefix(value, "!"); negated {
		_, front := trim(value[1:])
		at = 1 + front
	}
	inner = value[at:]
	if inner == "" {
		return "", at, negated, &ValueError{At: at, Code: CodeUnquoted, What: "value is missing", Why: "a text in double quotes expected"}
	}
	if len(inner) < 2 || inner[0] != '"' || inner[len(inner)-1] != '"' {
		return "", at, negated, &ValueError{At: at, Code: CodeUnquoted, What: "value is not in double quotes", Hint: `write "` + inner + `"`}
	}
	return inner[1 : len(inner)-1], at + 1, negated, nil
}

// MaybeQuoted is Quoted for keywords that take values without quotes, too, as
// pcre does.
func MaybeQuoted(value string) (inner string, at int, negated bool, err error) {
	inner, at, negated, err = Quoted(value)
	if err == nil || value[at:] == "" || strings.HasPrefix(value[at:], `"`) || strings.HasSuffix(value[at:], `"`) {
		return inner, at, negated, err
	}
	return value[at:], at, negated, nil
}

// Text returns the text of a quoted value that is for people, such as msg: a
// backslash stands for the byte behind it. Bytes above 0x7f are kept as they
// are, whatever their encoding.
func Text(value string) (string, error) {
	inner, at, negated, err := Quoted(value)
	if err != nil {
		return "", err
	}
	if negated {
		return "", &ValueError{Code: CodeNegated, What: "value cannot be negated", Hint: "delete the !"}
	}
	if inner == "" {
		return "", &ValueError{At: at, Code: CodeEmptyContent, What: "value is empty"}
	}
	if strings.IndexByte(inner, '\\') < 0 {
		return inner, nil
	}
	text := make([]byte, 0, len(inner))
	for i := 0; i < len(inner); i++ {
		if inner[i] == '\\' && i+1 < len(inner) {
			i++
		}
		text = append(text, inner[i])
	}
	return string(text), nil
}

// Content returns the bytes of a quoted pattern, such as that of content:
// \" \\ \; and \: stand for the character behind the backslash, and hex digits
// between pipes for bytes; white space and commas between the digits mean
// nothing. The result is never empty and belongs to the caller.
func Content(value string) (pattern []byte, negated bool, err error) {
	inner, at, negated, err := Quoted(value)
	if err != nil {
		return nil, negated, err
	}
	pattern = make([]byte, 0, len(inner))
	for i := 0; i < len(inner); i++ {
		switch c := inner[i]; c {
		case '|':
			var f *ValueError
			if pattern, i, f = appendHex(pattern, inner, i+1); f != nil {
				f.At += at
				return nil, negated, f
			}
		case '\\':
			i++
			if i == len(inner) || !strings.ContainsRune(`"\;:`, rune(inner[i])) {
				return nil, negated, badEscape(inner, i, at)
			}
			pattern = append(pattern, inner[i])
		case '"':
			return nil, negated, &ValueError{At: at + i, Code: CodeEscape, What: "quote inside the quotes", Hint: `write \" or |22|`}
		default:
			pattern = append(pattern, c)
		}
	}
	if len(pattern) == 0 {
		return nil, negated, &ValueError{At: at, Code: CodeEmptyContent, What: "content is empty"}
	}
	return pattern, negated, nil
}

func badEscape(inner string, i, at int) *ValueError {
	e := &ValueError{At: at + i - 1, Code: CodeEscape, What: "backslash before nothing", Hint: `a backslash is written \\`}
	if i < len(inner) {
		e.What = quote(inner[i:i+1]) + " cannot be escaped"
		e.Why = `a backslash may stand before " \ ; and : only`
	}
	if i < len(inner) && inner[i] == '|' {
		e.Hint = "a pipe is written |7C|"
	}
	return e
}

// appendHex appends the bytes of the hex digits from i up to the next pipe,
// and returns the offset of that pipe.
func appendHex(dst []byte, s string, i int) ([]byte, int, *ValueError) {
	open, high := i-1, -1
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '|' && high >= 0:
			return dst, i, &ValueError{At: i - 1, Code: CodeHex, What: "odd number of hex digits", Why: "a byte is two digits"}
		case c == '|':
			return dst, i, nil
		case c == ',' || isSpace(c):
		default:
			n := hexDigit(c)
			if n < 0 {
				return dst, i, &ValueError{At: i, Code: CodeHex, What: quote(s[i:i+1]) + " is not a hex digit", Hint: "is a | missing before it?"}
			}
			if high < 0 {
				high = n
				continue
			}
			dst, high = append(dst, byte(high<<4|n)), -1
		}
	}
	return dst, i, &ValueError{At: open, Code: CodePipe, What: "hex bytes are never closed", Hint: "| expected; a pipe as a character is written |7C|"}
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
