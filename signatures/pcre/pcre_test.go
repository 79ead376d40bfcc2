package pcre

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
)

func compile(t testing.TB, pattern string, flags Flags) *Regexp {
	t.Helper()
	r, err := Compile(pattern, flags)
	if errors.Is(err, ErrUnsupported) {
		t.Skipf("%s: %v", Engine, err)
	}
	if err != nil {
		t.Fatalf("%s: %v", pattern, err)
	}
	return r
}

func TestMatch(t *testing.T) {
	tests := []struct {
		name, pattern string
		flags         Flags
		data          string
		start         int
		want          Result
		from, to      int
	}{
		{"plain", `b+`, 0, "abbc", 0, Matched, 1, 3},
		{"absent", `x`, 0, "abbc", 0, NoMatch, 0, 0},
		{"start skips an earlier place", `b`, 0, "abcb", 2, Matched, 3, 4},
		{"^ is the start of the data, not of the search", `^b`, 0, "ab", 1, NoMatch, 0, 0},
		{"caseless", `ABC`, Caseless, "xabc", 0, Matched, 1, 4},
		{"caseless leaves high bytes alone", "\xE9", Caseless, "\xC9", 0, NoMatch, 0, 0},
		{"dot and newline", `a.b`, 0, "a\nb", 0, NoMatch, 0, 0},
		{"dot all", `a.b`, DotAll, "a\nb", 0, Matched, 0, 3},
		{"multiline", `^b`, Multiline, "a\nb", 0, Matched, 2, 3},
		{"extended", "a b # c", Extended, "ab", 0, Matched, 0, 2},
		{"anchored", `b`, Anchored, "ab", 0, NoMatch, 0, 0},
		{"end before a final newline", `a$`, 0, "a\n", 0, Matched, 0, 1},
		{"dollar end only", `a$`, DollarEndOnly, "a\n", 0, NoMatch, 0, 0},
		{"ungreedy", `a+`, Ungreedy, "aaa", 0, Matched, 0, 1},
		{"bytes are no characters", `^.$`, 0, "\xC3\xA9", 0, NoMatch, 0, 0},
		{"high byte by number", `\xff\x00`, 0, "a\xff\x00", 0, Matched, 1, 3},
		{"class over all bytes", `^[\x00-\xff]{3}$`, 0, "\x00\x80\xff", 0, Matched, 0, 3},
		{"negated class takes high bytes", `^[^a]$`, 0, "\xfe", 0, Matched, 0, 1},
		{"white space has the vertical tab", `^\s$`, 0, "\v", 0, Matched, 0, 1},
		{"class with escapes", `^[\d\-\/]+$`, 0, "1-/2", 0, Matched, 0, 4},
		{"hyphen at the end of a class", `^[a-]+$`, 0, "a-", 0, Matched, 0, 2},
		{"bracket first in a class", `^[]a]+$`, 0, "]a", 0, Matched, 0, 2},
		{"inline flag", `a(?i)b`, 0, "aB", 0, Matched, 0, 2},
		{"empty data", `^$`, 0, "", 0, Matched, 0, 0},
		{"look-ahead", `a(?!b)`, 0, "abac", 0, Matched, 2, 3},
		{"look-behind sees what is before start", `(?<=a)b`, 0, "ab", 1, Matched, 1, 2},
		{"back reference", `(.)\1`, 0, "abb", 0, Matched, 1, 3},
		{"possessive", `a++b`, 0, "aab", 0, Matched, 0, 3},
		{"large count", `^a{1100}$`, 0, strings.Repeat("a", 1100), 0, Matched, 0, 1100},
		{"hopeless backtracking gives up", `^(a|b|ab)*[cd]$`, 0, strings.Repeat("ab", 2000), 0, GaveUp, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := NewScratch()
			got := compile(t, tt.pattern, tt.flags).Match(s, []byte(tt.data), tt.start)
			if Engine == "Go regexp" && tt.want == GaveUp {
				tt.want = NoMatch // it needs no limits
			}
			if got != tt.want {
				t.Fatalf("%q on %.40q: %v, want %v", tt.pattern, tt.data, got, tt.want)
			}
			if got != Matched {
				return
			}
			if span := s.Group(0); span.From != tt.from || Engine == "PCRE2" && span.To != tt.to {
				t.Errorf("%q on %q: %v, want %d to %d", tt.pattern, tt.data, span, tt.from, tt.to)
			}
		})
	}
}

func TestGroups(t *testing.T) {
	r := compile(t, `(a)|(b)(c)?`, 0)
	s := NewScratch()
	if r.Groups() != 3 || r.Match(s, []byte("xbc"), 0) != Matched {
		t.Fatalf("%d groups", r.Groups())
	}
	for i, want := range []Span{{1, 3}, {-1, -1}, {1, 2}, {2, 3}, {-1, -1}} {
		if got := s.Group(i); got != want {
			t.Errorf("group %d: %v, want %v", i, got, want)
		}
	}
}

func TestMoreGroupsThanPlaces(t *testing.T) {
	r := compile(t, strings.Repeat("(a)", MaxGroups+3), 0)
	s := NewScratch()
	if r.Match(s, bytes.Repeat([]byte("a"), MaxGroups+3), 0) != Matched {
		t.Fatal("no match")
	}
	if got := s.Group(MaxGroups); got != (Span{MaxGroups - 1, MaxGroups}) {
		t.Errorf("last place: %v", got)
	}
	if got := s.Group(MaxGroups + 1); got.From != -1 {
		t.Errorf("beyond: %v", got)
	}
}

func TestBadPatternsAreRefused(t *testing.T) {
	for _, p := range []string{"(", "[a", `a\`, "a{2,1}", "(?P<n"} {
		if _, err := Compile(p, 0); err == nil {
			t.Errorf("%q compiles", p)
		} else if !errors.Is(err, ErrPattern) && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%q: %v names no cause", p, err)
		}
	}
}

func TestStartOutsideOfDataIsNoMatch(t *testing.T) {
	r, s := compile(t, "a*", 0), NewScratch()
	for _, start := range []int{-1, 4} {
		if got := r.Match(s, []byte("aaa"), start); got != NoMatch {
			t.Errorf("start %d: %v", start, got)
		}
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	if Engine != "PCRE2" {
		t.Skip("package regexp allocates")
	}
	r, s, data := compile(t, `(?:GET|POST)\s+/([a-z]+)\.php`, 0), NewScratch(), []byte("xx POST /index.php HTTP/1.1")
	if n := testing.AllocsPerRun(100, func() {
		if r.Match(s, data, 0) != Matched || s.Group(1).From != 9 {
			t.Fatal("no match")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// translated runs a pattern on package regexp, whatever the build.
func translated(pattern string, flags Flags, data []byte) (matched, ok bool) {
	text, err := translate(pattern, flags)
	if err != nil {
		return false, false
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return false, false
	}
	return re.Match(appendText(nil, data)), true
}

// TestTranslationMeansTheSame compares package regexp on translated patterns
// with PCRE2 on the originals.
func TestTranslationMeansTheSame(t *testing.T) {
	if Engine != "PCRE2" {
		t.Skip("there is no PCRE2 in this build to compare with")
	}
	r := rand.New(rand.NewPCG(1, 9))
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	atom := func() string {
		return pick("a", "b", "B", ".", `\d`, `\w`, `\s`, `\S`, `\x80`, `\xe9`, "[a-c]", "[^a]", `[\x00-\xff]`, `[\s\d]`, `[^\x80-\x90]`,
			"(a|b)", "(?:ab)", `\.`, `\/`, "^", "$", `\b`, `[a\-c]`, "(?i)a", `\x{41}`, " ")
	}
	compared, matched := 0, 0
	s := NewScratch()
	for range 4000 {
		var p strings.Builder
		for range 1 + r.IntN(4) {
			p.WriteString(atom())
			p.WriteString(pick("", "", "", "*", "+", "?", "{1,2}", "+?"))
		}
		flags := Flags(r.IntN(128))
		re, err := Compile(p.String(), flags)
		if err != nil {
			continue
		}
		data := make([]byte, r.IntN(8))
		for i := range data {
			data[i] = "aabBc1. \n\v\x80\xe9\xff/"[r.IntN(14)]
		}
		want := re.Match(s, data, 0)
		got, ok := translated(p.String(), flags, data)
		if !ok || want == GaveUp {
			continue
		}
		compared++
		if got {
			matched++
		}
		if got != (want == Matched) {
			text, _ := translate(p.String(), flags)
			t.Fatalf("%q flags %b on %q: Go %v (%s), PCRE2 %v", p.String(), flags, data, got, text, want)
		}
	}
	if compared < 1000 || matched < 100 {
		t.Errorf("only %d compared, %d matched", compared, matched)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("a(b|c)*d", []byte("abcbcd"), uint8(0), 0)
	f.Add(`(?=a)[^\x00]+$`, []byte("\x00aaa\n"), uint8(3), 1)
	f.Fuzz(func(t *testing.T, pattern string, data []byte, flags uint8, start int) {
		if len(pattern) > 200 || len(data) > 2000 {
			return
		}
		r, err := Compile(pattern, Flags(flags&127))
		if err != nil {
			return
		}
		s := NewScratch()
		if r.Match(s, data, start) != Matched {
			return
		}
		for i := range min(r.Groups(), MaxGroups) + 1 {
			g := s.Group(i)
			if g.From < 0 && i > 0 {
				continue
			}
			// \K may put the start of the whole match behind its end.
			if g.From < 0 || g.To > len(data) || g.From > g.To && !strings.Contains(pattern, `\K`) {
				t.Fatalf("group %d is %v in %d bytes", i, g, len(data))
			}
		}
	})
}

func TestTheFirstMatchOfWorkersAtOnceIsRight(t *testing.T) {
	for range 50 {
		r := compile(t, `a(b+)c(?=d)`, 0)
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				s := NewScratch()
				if r.Match(s, []byte("xabbcd"), 0) != Matched || s.Group(1) != (Span{2, 4}) {
					t.Errorf("no match, or group %v", s.Group(1))
				}
			})
		}
		wait.Wait()
	}
}

var onHeap any

// TestDataMayLieBesidePointers: parsers keep short buffers in the structures of
// their transactions.
func TestDataMayLieBesidePointers(t *testing.T) {
	tx := &struct {
		random [32]byte
		chain  *[]byte
	}{chain: new([]byte)}
	copy(tx.random[:], "abc")
	onHeap = tx
	if got := compile(t, "^abc", 0).Match(NewScratch(), tx.random[:], 0); got != Matched {
		t.Errorf("got %v", got)
	}
}
