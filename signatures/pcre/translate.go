package pcre

import (
	"fmt"
	"strconv"
	"strings"
)

// highBase is where bytes from 0x80 on lie in the text that package regexp
// sees: private code points, which have no upper or lower case, so that case
// folding leaves them alone as PCRE does.
const highBase = 0xE000

func runeOf(b byte) rune {
	if b < 0x80 {
		return rune(b)
	}
	return highBase + rune(b)
}

// appendText appends data as the text that translated patterns match.
func appendText(dst, data []byte) []byte {
	for _, c := range data {
		if c < 0x80 {
			dst = append(dst, c)
			continue
		}
		// The UTF-8 form of U+E080 to U+E0FF.
		dst = append(dst, 0xEE, 0x80|c>>6, 0x80|c&0x3F)
	}
	return dst
}

// translate rewrites a PCRE pattern for package regexp. It refuses what would
// mean something else there.
func translate(pattern string, flags Flags) (string, error) {
	t := translator{in: pattern, flags: flags}
	mode := ""
	for _, m := range [...]struct {
		flag Flags
		text string
	}{{Caseless, "i"}, {DotAll, "s"}, {Multiline, "m"}, {Ungreedy, "U"}} {
		if flags&m.flag != 0 {
			mode += m.text
		}
	}
	if mode != "" {
		mode = "(?" + mode + ")"
	}
	for t.at < len(t.in) {
		if err := t.item(); err != nil {
			return "", err
		}
	}
	if flags&Anchored != 0 {
		return mode + `\A(?:` + t.out.String() + ")", nil
	}
	return mode + t.out.String(), nil
}

type translator struct {
	in    string
	at    int
	flags Flags
	out   strings.Builder
}

func (t *translator) unsupported(what string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrUnsupported, what, t.at)
}

// item translates one element outside of a class.
func (t *translator) item() error {
	c := t.in[t.at]
	switch {
	case c == '\\':
		return t.escape(false)
	case c == '[':
		return t.class()
	case c == '(':
		return t.group()
	case c == '$' && t.flags&(Multiline|DollarEndOnly) == 0:
		t.out.WriteString(`(?:\z|\n\z)`)
	case c == '$' && t.flags&Multiline == 0:
		t.out.WriteString(`\z`)
	case strings.IndexByte("*+?}", c) >= 0 && t.at+1 < len(t.in) && t.in[t.at+1] == '+' && t.quantifies():
		return t.unsupported("possessive quantifier")
	case t.flags&Extended != 0 && (c == ' ' || c >= '\t' && c <= '\r'):
	case t.flags&Extended != 0 && c == '#':
		for t.at < len(t.in) && t.in[t.at] != '\n' {
			t.at++
		}
		return nil
	default:
		t.literal(c)
	}
	t.at++
	return nil
}

// quantifies reports whether the byte at hand ends a quantifier: a } does
// only when the { before it begins one.
func (t *translator) quantifies() bool {
	if t.in[t.at] != '}' {
		return true
	}
	open := strings.LastIndexByte(t.in[:t.at], '{')
	return open >= 0 && strings.Trim(t.in[open+1:t.at], "0123456789,") == "" && t.at > open+1
}

func (t *translator) literal(c byte) { t.out.WriteRune(runeOf(c)) }

// group passes the groups that Go has on.
func (t *translator) group() error {
	rest := t.in[t.at:]
	switch {
	case !strings.HasPrefix(rest, "(?") && !strings.HasPrefix(rest, "(*"):
	case strings.HasPrefix(rest, "(?:"), strings.HasPrefix(rest, "(?P<"):
	case strings.HasPrefix(rest, "(?<") && !strings.HasPrefix(rest, "(?<=") && !strings.HasPrefix(rest, "(?<!"):
	default:
		end := strings.IndexAny(rest, ":)")
		if end < 3 || strings.Trim(rest[2:end], "imsU-") != "" {
			return t.unsupported("group " + strconv.Quote(rest[:min(len(rest), 4)]))
		}
		t.out.WriteString(rest[:end+1])
		t.at += end + 1
		return nil
	}
	t.out.WriteByte('(')
	t.at++
	return nil
}

// spaces are what \s stands for: Go's lacks the vertical tab.
const spaces = `\t\n\v\f\r `

// escape translates a backslash and what belongs to it.
func (t *translator) escape(inClass bool) error {
	if t.at+1 >= len(t.in) {
		return patternError(t.at, "\\ at the end of the pattern")
	}
	c := t.in[t.at+1]
	t.at += 2
	switch c {
	case 's':
		t.set(spaces, inClass, false)
	case 'S':
		if inClass {
			return t.unsupported(`\S in a class`)
		}
		t.set(spaces, inClass, true)
	case 'h':
		t.set(`\t `+string(runeOf(0xA0)), inClass, false)
	case 'v':
		t.set(`\n\v\f\r`+string(runeOf(0x85)), inClass, false)
	case 'd', 'D', 'w', 'W', 'n', 'r', 't', 'f', 'a', 'A', 'z', 'B':
		t.out.WriteByte('\\')
		t.out.WriteByte(c)
	case 'b':
		if inClass {
			t.out.WriteString(`\x08`)
			return nil
		}
		t.out.WriteString(`\b`)
	case 'Z':
		t.out.WriteString(`(?:\z|\n\z)`)
	case 'e':
		t.out.WriteString(`\x1b`)
	case 'x', '0':
		b, err := t.number(c)
		if err != nil {
			return err
		}
		t.code(b)
	default:
		if c >= '1' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			t.at -= 2
			return t.unsupported(`escape \` + string(rune(c)))
		}
		t.code(c)
	}
	return nil
}

// code writes one byte so that it means nothing but itself.
func (t *translator) code(b byte) { fmt.Fprintf(&t.out, `\x{%x}`, runeOf(b)) }

func (t *translator) set(members string, inClass, negated bool) {
	switch {
	case inClass:
		t.out.WriteString(members)
	case negated:
		t.out.WriteString("[^" + members + "]")
	default:
		t.out.WriteString("[" + members + "]")
	}
}

// number reads \xHH, \x{HH} and \0OO behind their letter.
func (t *translator) number(kind byte) (byte, error) {
	base, most, digits := 16, 2, "0123456789abcdefABCDEF"
	if kind == '0' {
		base, digits = 8, "01234567"
	}
	text := t.in[t.at:]
	if kind == 'x' && strings.HasPrefix(text, "{") {
		end := strings.IndexByte(text, '}')
		v, err := strconv.ParseUint(text[1:max(end, 1)], 16, 8)
		if err != nil {
			return 0, t.unsupported(`\x{…} above a byte`)
		}
		t.at += end + 1
		return byte(v), nil
	}
	n := 0
	for n < most && n < len(text) && strings.IndexByte(digits, text[n]) >= 0 {
		n++
	}
	t.at += n
	if n == 0 {
		return 0, nil
	}
	v, err := strconv.ParseUint(text[:n], base, 8)
	if err != nil {
		return 0, patternError(t.at, "bad number")
	}
	return byte(v), nil
}

// class translates […]. A range that reaches over 0x7F becomes two.
func (t *translator) class() error {
	t.out.WriteByte('[')
	t.at++
	if t.at < len(t.in) && t.in[t.at] == '^' {
		t.out.WriteByte('^')
		t.at++
	}
	for first := true; ; first = false {
		if t.at >= len(t.in) {
			return patternError(t.at, "class without end")
		}
		c := t.in[t.at]
		switch {
		case c == ']' && !first:
			t.out.WriteByte(']')
			t.at++
			return nil
		case c == '[' && t.at+1 < len(t.in) && t.in[t.at+1] == ':':
			end := strings.Index(t.in[t.at:], ":]")
			if end < 0 {
				return patternError(t.at, "class name without end")
			}
			t.out.WriteString(t.in[t.at : t.at+end+2])
			t.at += end + 2
			continue
		}
		from, single, err := t.member()
		if err != nil {
			return err
		}
		if !single || t.at+1 >= len(t.in) || t.in[t.at] != '-' || t.in[t.at+1] == ']' {
			if single {
				t.code(from)
			}
			continue
		}
		t.at++
		to, single, err := t.member()
		if err != nil {
			return err
		}
		switch {
		case !single || to < from:
			return t.unsupported("odd range in a class")
		case from < 0x80 && to >= 0x80:
			fmt.Fprintf(&t.out, `\x{%x}-\x{7f}\x{%x}-\x{%x}`, from, runeOf(0x80), runeOf(to))
		default:
			fmt.Fprintf(&t.out, `\x{%x}-\x{%x}`, runeOf(from), runeOf(to))
		}
	}
}

// member reads one member of a class: a byte, or an escape for several, which
// it writes.
func (t *translator) member() (b byte, single bool, err error) {
	c := t.in[t.at]
	if c != '\\' {
		t.at++
		return c, true, nil
	}
	if t.at+1 >= len(t.in) {
		return 0, false, patternError(t.at, "\\ at the end of the pattern")
	}
	e := t.in[t.at+1]
	if i := strings.IndexByte("nrtfaeb", e); i >= 0 {
		t.at += 2
		return "\n\r\t\f\a\x1b\b"[i], true, nil
	}
	if e == 'x' || e == '0' {
		t.at += 2
		b, err := t.number(e)
		return b, true, err
	}
	if e >= '0' && e <= '9' || e >= 'a' && e <= 'z' || e >= 'A' && e <= 'Z' {
		return 0, false, t.escape(true)
	}
	t.at += 2
	return e, true, nil
}
