package rule

import "strings"

// IndexKind says which values of several an integer keyword looks at.
type IndexKind uint8

// Kinds of index, by the words that rules use.
const (
	IndexAny         IndexKind = iota + 1 // any, the default: at least one matches
	IndexAll                              // all: there are values and all match
	IndexAllOrAbsent                      // all_or_absent: none fails
	IndexOrAbsent                         // or_absent: one matches, or there is none
	IndexAt                               // N or -N: the Nth from the front, or from the back
	IndexOutOrAt                          // oob_or N: as IndexAt, or there is no Nth
	IndexNumber                           // nb<op>N: so many match
	IndexCount                            // count<op>N: so many values there are
)

// IntList is the condition of an integer keyword over a list of values, such
// as the record types of a DNS answer. It is comparable with ==.
type IntList struct {
	Value  Int // not used by IndexCount
	Kind   IndexKind
	N      int32 // for IndexAt and IndexOutOrAt
	Number Int   // for IndexNumber and IndexCount
	// Part restricts the list to [From:To) before anything else; negative
	// ends count from the back.
	Part     bool
	From, To int32
}

// NeedsAll says whether the answer may change when further values come: then the
// keyword waits for the end of the transaction.
func (l IntList) NeedsAll() bool {
	return l.Kind != IndexAny && !(l.Kind == IndexAt && l.N >= 0) || l.Part
}

// Match says whether the values satisfy the condition. It does not allocate.
func (l IntList) Match(values []uint64) bool {
	if l.Part {
		values = part(values, l.From, l.To)
	}
	switch l.Kind {
	case IndexAny:
		return l.matches(values) > 0
	case IndexAll:
		return len(values) > 0 && l.matches(values) == len(values)
	case IndexAllOrAbsent:
		return l.matches(values) == len(values)
	case IndexOrAbsent:
		return len(values) == 0 || l.matches(values) > 0
	case IndexAt, IndexOutOrAt:
		i := position(l.N, len(values))
		if i < 0 || i >= len(values) {
			return l.Kind == IndexOutOrAt
		}
		return l.Value.Match(values[i])
	case IndexNumber:
		return l.Number.Match(uint64(l.matches(values)))
	case IndexCount:
		return l.Number.Match(uint64(len(values)))
	}
	return false
}

func (l IntList) matches(values []uint64) int {
	n := 0
	for _, v := range values {
		if l.Value.Match(v) {
			n++
		}
	}
	return n
}

func position(n int32, length int) int {
	if n < 0 {
		return length + int(n)
	}
	return int(n)
}

// part returns values[from:to], nothing when an end is out of bounds.
func part(values []uint64, from, to int32) []uint64 {
	a, b := position(from, len(values)), position(to, len(values))
	if a < 0 || b > len(values) || a >= b {
		return nil
	}
	return values[a:b]
}

// ParseList reads the value of a keyword over several integers:
//
//	expression[,index[,from:to]]  or  count<op>N
//
// where index is any, all, all_or_absent, or_absent, N, -N, oob_or N or
// nb<op>N. The older name all1 is all.
func (s IntSyntax) ParseList(value string) (IntList, error) {
	if rest, ok := strings.CutPrefix(value, "count"); ok {
		n, err := parseCount(rest, len("count"))
		return IntList{Kind: IndexCount, Number: n}, err
	}
	args := SplitArgs(value, ',')
	if len(args) > 3 {
		return IntList{}, &ValueError{At: args[3].At, Code: CodeIndex, What: "more than three arguments", Why: "the form is: value, index, from:to"}
	}
	l := IntList{Kind: IndexAny}
	var err error
	if l.Value, err = s.Parse(args[0].Text); err != nil {
		return IntList{}, shift(err, args[0].At)
	}
	if len(args) > 1 {
		if err := l.index(args[1]); err != nil {
			return IntList{}, err
		}
	}
	if len(args) > 2 {
		if err := l.part(args[2]); err != nil {
			return IntList{}, err
		}
	}
	return l, nil
}

// shift moves the place of a ValueError of a piece to that of the whole.
func shift(err error, by int) error {
	if v, ok := err.(*ValueError); ok {
		v.At += by
	}
	return err
}

func parseCount(text string, at int) (Int, error) {
	n, err := ParseInt(text, 32)
	return n, shift(err, at)
}

func (l *IntList) index(a Arg) error {
	var err error
	switch text := a.Text; {
	case text == "any":
		l.Kind = IndexAny
	case text == "all" || text == "all1":
		l.Kind = IndexAll
	case text == "all_or_absent":
		l.Kind = IndexAllOrAbsent
	case text == "or_absent":
		l.Kind = IndexOrAbsent
	case strings.HasPrefix(text, "nb"):
		l.Kind = IndexNumber
		l.Number, err = parseCount(text[2:], a.At+2)
	case strings.HasPrefix(text, "oob_or"):
		l.Kind = IndexOutOrAt
		l.N, err = parseIndex(text[6:], a.At+6)
	default:
		l.Kind = IndexAt
		l.N, err = parseIndex(text, a.At)
	}
	return err
}

func (l *IntList) part(a Arg) error {
	from, to, ok := strings.Cut(a.Text, ":")
	if !ok {
		return &ValueError{At: a.At, Code: CodeIndex, What: "bad part " + quote(a.Text), Hint: "write from:to"}
	}
	var err error
	l.Part = true
	if l.From, err = parseIndex(from, a.At); err != nil {
		return err
	}
	l.To, err = parseIndex(to, a.At+len(from)+1)
	return err
}

var indexWords = []string{"any", "all", "all_or_absent", "or_absent", "oob_or", "count", "nb"}

func parseIndex(text string, at int) (int32, error) {
	word, front := trim(text)
	digits := strings.TrimPrefix(word, "-")
	n, ok := smallNumber(digits)
	if !ok {
		return 0, &ValueError{At: at + front, Code: CodeIndex, What: "bad index " + quote(word), Why: "a number expected, or a word such as all", Hint: didYouMean(word, indexWords)}
	}
	if digits != word {
		n = -n
	}
	return int32(n), nil
}
