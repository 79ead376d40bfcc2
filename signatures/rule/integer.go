package rule

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// IntMode is the comparison that an integer expression makes.
type IntMode uint8

// Comparisons of a value v with the operands A and B of an Int.
const (
	IntEqual     IntMode = iota + 1 // v == A
	IntNotEqual                     // v != A
	IntLess                         // v < A
	IntLessEqual                    // v <= A
	IntMore                         // v > A
	IntMoreEqual                    // v >= A
	IntInside                       // A < v < B, written A-B or A<>B: both ends excluded
	IntOutside                      // not IntInside
	IntMask                         // v & A == B
	IntMaskNot                      // v & A != B
)

// Int is a comparison with constants, the meaning of every integer keyword's
// value. It is comparable with == and safe to share. The zero Int matches
// nothing.
type Int struct {
	Mode IntMode
	A, B uint64
}

// Match says whether v satisfies the comparison.
func (n Int) Match(v uint64) bool {
	switch n.Mode {
	case IntEqual:
		return v == n.A
	case IntNotEqual:
		return v != n.A
	case IntLess:
		return v < n.A
	case IntLessEqual:
		return v <= n.A
	case IntMore:
		return v > n.A
	case IntMoreEqual:
		return v >= n.A
	case IntInside:
		return n.A < v && v < n.B
	case IntOutside:
		return v <= n.A || n.B <= v
	case IntMask:
		return v&n.A == n.B
	case IntMaskNot:
		return v&n.A != n.B
	}
	return false
}

// Bounds returns the least and the greatest value that may match; values
// between them need not. A prefilter may use them to rule out.
func (n Int) Bounds() (least, greatest uint64) {
	switch n.Mode {
	case IntEqual:
		return n.A, n.A
	case IntLess:
		return 0, n.A - 1
	case IntLessEqual:
		return 0, n.A
	case IntMore:
		return n.A + 1, math.MaxUint64
	case IntMoreEqual:
		return n.A, math.MaxUint64
	case IntInside:
		return n.A + 1, n.B - 1
	case IntMask:
		return n.B, math.MaxUint64
	}
	return 0, math.MaxUint64
}

// String returns the expression in the shortest form that ParseInt reads.
func (n Int) String() string {
	a, b := strconv.FormatUint(n.A, 10), strconv.FormatUint(n.B, 10)
	switch n.Mode {
	case IntEqual:
		return a
	case IntNotEqual:
		return "!" + a
	case IntLess:
		return "<" + a
	case IntLessEqual:
		return "<=" + a
	case IntMore:
		return ">" + a
	case IntMoreEqual:
		return ">=" + a
	case IntInside:
		return a + "-" + b
	case IntOutside:
		return "!" + a + "-" + b
	case IntMask:
		return "&0x" + strconv.FormatUint(n.A, 16) + "=0x" + strconv.FormatUint(n.B, 16)
	case IntMaskNot:
		return "&0x" + strconv.FormatUint(n.A, 16) + "!=0x" + strconv.FormatUint(n.B, 16)
	}
	return "nothing"
}

// IntSyntax is how one keyword writes its integers.
type IntSyntax struct {
	Bits int // width of the compared value: 8, 16, 32 or 64
	// Inclusive keywords, such as nfs_procedure, take both ends of A-B and
	// A<>B into the range.
	Inclusive bool
	// Lookup resolves the names of an enumeration or of flags; nil when the
	// keyword has none. Names are the known ones, for hints.
	Lookup func(name string) (uint64, bool)
	Names  []string
}

// ParseInt reads an integer expression over values of the given width:
//
//	N =N !N !=N <N <=N >N >=N A-B A<>B !A-B &mask=V &mask!=V
//
// Numbers are decimal or 0x hex; decimal ones may have a suffix kb, kib, mb,
// mib, gb or gib of powers of 1,024, in any case. A-B excludes both ends.
// Expressions that match nothing or everything are errors, as in Suricata.
func ParseInt(value string, bits int) (Int, error) {
	return IntSyntax{Bits: bits}.Parse(value)
}

// Parse reads an expression as ParseInt does, or [!]name of the enumeration.
func (s IntSyntax) Parse(value string) (Int, error) {
	p := intParser{text: value, max: math.MaxUint64 >> (64 - uint(min(max(s.Bits, 1), 64)))}
	p.skipSpace()
	if s.Lookup != nil {
		if n, ok := s.name(value[p.at:]); ok {
			return n, nil
		}
	}
	n, e := p.expression(s.Inclusive)
	if e != nil {
		return Int{}, s.explain(value, p, e)
	}
	return n, nil
}

func (s IntSyntax) name(text string) (Int, bool) {
	mode := IntEqual
	if strings.HasPrefix(text, "!") {
		mode, text = IntNotEqual, strings.TrimPrefix(text[1:], "=")
	}
	text, _ = trim(text)
	v, ok := s.Lookup(text)
	return Int{Mode: mode, A: v}, ok
}

// explain makes the error of a keyword with names speak of names where a
// word stands in the place of a number.
func (s IntSyntax) explain(value string, p intParser, e *ValueError) error {
	if s.Lookup == nil || e.Code != CodeInteger || p.at >= len(value) || !isLetter(value[p.at]) {
		return e
	}
	word, _ := trim(value[p.at:])
	return &ValueError{At: p.at, Code: CodeUnknownName, What: "unknown name " + quote(word), Hint: didYouMean(word, s.Names)}
}

// ParseFlags reads names of flags separated by commas, each with or without
// "!": the first must be set and the others clear. Any other expression is
// read as Parse does.
func (s IntSyntax) ParseFlags(value string) (Int, error) {
	if word := strings.TrimLeft(value, "! "); s.Lookup == nil || word == "" || !isLetter(word[0]) {
		return s.Parse(value)
	}
	flags := Int{Mode: IntMask}
	for _, a := range SplitArgs(value, ',') {
		name, front := trim(strings.TrimPrefix(a.Text, "!"))
		bit, ok := s.Lookup(name)
		if !ok {
			return Int{}, &ValueError{At: a.At + front, Code: CodeUnknownName, What: "unknown flag " + quote(name), Hint: didYouMean(name, s.Names)}
		}
		if flags.A&bit != 0 {
			return Int{}, &ValueError{At: a.At, Code: CodeInteger, What: "flag " + name + " is given twice"}
		}
		flags.A |= bit
		if !strings.HasPrefix(a.Text, "!") {
			flags.B |= bit
		}
	}
	return flags, nil
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// intParser reads one expression from the left to the right.
type intParser struct {
	text string
	at   int
	max  uint64
}

func (p *intParser) skipSpace() {
	for p.at < len(p.text) && isSpace(p.text[p.at]) {
		p.at++
	}
}

// accept moves over s and the white space behind it, if s comes next.
func (p *intParser) accept(s string) bool {
	if !strings.HasPrefix(p.text[p.at:], s) {
		return false
	}
	p.at += len(s)
	p.skipSpace()
	return true
}

func (p *intParser) expression(inclusive bool) (Int, *ValueError) {
	n, e := p.comparison(inclusive)
	if e == nil && p.at < len(p.text) {
		e = &ValueError{At: p.at, Code: CodeInteger, What: "unexpected " + quote(p.text[p.at:]) + " behind the integer"}
	}
	return n, e
}

func (p *intParser) comparison(inclusive bool) (Int, *ValueError) {
	start := p.at
	switch {
	case p.accept("&"):
		return p.mask(start)
	case p.accept(">="):
		return p.edge(IntMoreEqual, start)
	case p.accept("<="):
		return p.edge(IntLessEqual, start)
	case p.accept(">"):
		return p.edge(IntMore, start)
	case p.accept("<"):
		return p.edge(IntLess, start)
	case p.accept("!="):
		a, e := p.number()
		return Int{Mode: IntNotEqual, A: a}, e
	case p.accept("="):
		a, e := p.number()
		return Int{Mode: IntEqual, A: a}, e
	}
	negated := p.accept("!")
	a, e := p.number()
	if e != nil {
		return Int{}, e
	}
	if p.accept("<>") || p.accept("-") {
		return p.between(a, negated, inclusive, start)
	}
	if negated {
		return Int{Mode: IntNotEqual, A: a}, nil
	}
	return Int{Mode: IntEqual, A: a}, nil
}

// edge reads the operand of an inequality and refuses those that no value, or
// every value, satisfies.
func (p *intParser) edge(mode IntMode, start int) (Int, *ValueError) {
	a, e := p.number()
	if e != nil {
		return Int{}, e
	}
	switch {
	case mode == IntLess && a == 0 || mode == IntMore && a == p.max:
		return Int{}, &ValueError{At: start, Code: CodeNeverMatches, What: "no value is " + p.text[start:p.at]}
	case mode == IntMoreEqual && a == 0 || mode == IntLessEqual && a == p.max:
		return Int{}, &ValueError{At: start, Code: CodeAlwaysMatches, What: "every value is " + p.text[start:p.at]}
	}
	return Int{Mode: mode, A: a}, nil
}

func (p *intParser) between(a uint64, negated, inclusive bool, start int) (Int, *ValueError) {
	b, e := p.number()
	if e != nil {
		return Int{}, e
	}
	n := Int{Mode: IntInside, A: a, B: b}
	if negated {
		n.Mode = IntOutside
	}
	switch {
	case b <= a:
		return Int{}, &ValueError{At: start, Code: CodeNeverMatches, What: "range " + quote(p.text[start:p.at]) + " ends before it begins"}
	case inclusive && (a == 0 || b == p.max):
		// The operands of IntInside cannot express a range that touches the
		// end of the space; Suricata refuses them too.
		return Int{}, &ValueError{At: start, Code: CodeIntegerRange, What: "range touches the end of the values", Hint: "write <=N or >=N"}
	case inclusive:
		n.A, n.B = a-1, b+1
	case b-a == 1:
		return Int{}, &ValueError{
			At: start, Code: CodeNeverMatches, What: "nothing is between " + strconv.FormatUint(a, 10) + " and " + strconv.FormatUint(b, 10),
			Why: "ranges exclude both ends",
		}
	}
	return n, nil
}

func (p *intParser) mask(start int) (Int, *ValueError) {
	mask, e := p.number()
	if e != nil {
		return Int{}, e
	}
	n := Int{Mode: IntMask, A: mask}
	if p.accept("!") {
		n.Mode = IntMaskNot
	}
	if !p.accept("=") {
		return Int{}, &ValueError{At: min(p.at, len(p.text)), Code: CodeInteger, What: `"=" expected behind the mask`, Hint: "write &mask=value or &mask!=value"}
	}
	if n.B, e = p.number(); e != nil {
		return Int{}, e
	}
	if n.B&^n.A != 0 {
		return Int{}, &ValueError{At: start, Code: CodeNeverMatches, What: "the value has bits that the mask clears", Why: "the masked value is not shifted"}
	}
	return n, nil
}

// units of decimal numbers, longest first.
var units = []struct {
	suffix string
	shift  int
}{{"kib", 10}, {"mib", 20}, {"gib", 30}, {"kb", 10}, {"mb", 20}, {"gb", 30}}

// number reads a number with the white space behind it.
func (p *intParser) number() (uint64, *ValueError) {
	from, base := p.at, uint64(10)
	if len(p.text)-p.at > 2 && p.text[p.at] == '0' && p.text[p.at+1]|0x20 == 'x' {
		p.at += 2
		base = 16
	}
	digits, v, over := p.at, uint64(0), false
	for ; p.at < len(p.text); p.at++ {
		d := hexDigit(p.text[p.at])
		if d < 0 || uint64(d) >= base {
			break
		}
		high, low := bits.Mul64(v, base)
		sum, carry := bits.Add64(low, uint64(d), 0)
		over = over || high != 0 || carry != 0
		v = sum
	}
	if p.at == digits {
		p.at = from
		return 0, &ValueError{At: from, Code: CodeInteger, What: "number expected" + p.found()}
	}
	if base == 10 {
		for _, u := range units {
			if rest := p.text[p.at:]; len(rest) >= len(u.suffix) && strings.EqualFold(rest[:len(u.suffix)], u.suffix) {
				p.at += len(u.suffix)
				over = over || v > math.MaxUint64>>u.shift
				v <<= u.shift
				break
			}
		}
	}
	if over || v > p.max {
		return 0, &ValueError{At: from, Code: CodeIntegerRange, What: quote(p.text[from:p.at]) + " is too large", Why: "the greatest value is " + strconv.FormatUint(p.max, 10)}
	}
	p.skipSpace()
	return v, nil
}

func (p *intParser) found() string {
	if p.at >= len(p.text) {
		return ""
	}
	return ", not " + quote(p.text[p.at:])
}
