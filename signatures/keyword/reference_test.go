package keyword

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// This file holds a second, slow matcher for contents, written from the
// description of the language alone: it lists every place where a content may
// lie, one byte at a time, and tries them by plain recursion. It shares no
// code with Chain.

// refContent is a content as a rule writes it; nil fields are not given.
type refContent struct {
	text                             string
	nocase, negated, starts, ends    bool
	offset, depth, distance, within  *int
	isdataat, relativeData, notAfter bool // isdataat:[!]N,relative instead of a content
	n                                int
	pcre                             string // an expression instead of a content; relativeData is its flag R
}

func (c *refContent) option() string {
	if c.isdataat {
		not := ""
		if c.notAfter {
			not = "!"
		}
		rel := ""
		if c.relativeData {
			rel = ",relative"
		}
		return fmt.Sprintf("isdataat:%s%d%s;", not, c.n, rel)
	}
	if c.pcre != "" {
		not, flag := "", ""
		if c.negated {
			not = "!"
		}
		if c.relativeData {
			flag = "R"
		}
		return fmt.Sprintf(`pcre:%s"/%s/%s";`, not, c.pcre, flag)
	}
	var s strings.Builder
	s.WriteString("content:")
	if c.negated {
		s.WriteByte('!')
	}
	fmt.Fprintf(&s, "%q;", c.text)
	add := func(name string, v *int) {
		if v != nil {
			fmt.Fprintf(&s, " %s:%d;", name, *v)
		}
	}
	if c.nocase {
		s.WriteString(" nocase;")
	}
	if c.starts {
		s.WriteString(" startswith;")
	}
	if c.ends {
		s.WriteString(" endswith;")
	}
	add("offset", c.offset)
	add("depth", c.depth)
	add("distance", c.distance)
	add("within", c.within)
	return s.String()
}

func (c *refContent) relative() bool {
	return c.distance != nil || c.within != nil || (c.isdataat || c.pcre != "") && c.relativeData
}

// matches lists the matches of an expression that are tried, in order: the
// first, then the first from one byte behind its start on, and so forth.
func (c *refContent) matches(data []byte, cursor int) (ends []int) {
	origin := 0
	if c.relativeData {
		origin = cursor
	}
	if origin > len(data) {
		return nil
	}
	re := regexp.MustCompile(c.pcre)
	for start := 0; origin+start <= len(data); {
		place := re.FindIndex(data[origin+start:])
		if place == nil || start > 0 && c.pcre[0] == '^' {
			return ends
		}
		ends = append(ends, origin+start+place[1])
		start += place[0] + 1
	}
	return ends
}

// ends lists the ends of all places of c, in order, for a cursor.
func (c *refContent) places(data []byte, cursor int) (ends []int) {
	for start := 0; start+len(c.text) <= len(data); start++ {
		end := start + len(c.text)
		got := data[start:end]
		if c.nocase {
			if !bytes.Equal(bytes.ToLower(got), []byte(strings.ToLower(c.text))) {
				continue
			}
		} else if string(got) != c.text {
			continue
		}
		if c.starts && start != 0 || c.ends && end != len(data) {
			continue
		}
		value := func(p *int, otherwise int) int {
			if p == nil {
				return otherwise
			}
			return *p
		}
		if c.offset != nil && start < *c.offset {
			continue
		}
		if c.depth != nil && end > value(c.offset, 0)+*c.depth {
			continue
		}
		if c.distance != nil && start < cursor+*c.distance {
			continue
		}
		if c.within != nil && (start < cursor+value(c.distance, 0) || end > cursor+value(c.distance, 0)+*c.within) {
			continue
		}
		ends = append(ends, end)
	}
	return ends
}

// endsWithBlocked: endswith cannot hold when the window stops before the end
// of the buffer.
func (c *refContent) endsWithBlocked(data []byte, cursor int) bool {
	if !c.ends {
		return false
	}
	to := len(data)
	if c.depth != nil {
		o := 0
		if c.offset != nil {
			o = *c.offset
		}
		to = min(to, o+*c.depth)
	}
	if c.within != nil {
		d := 0
		if c.distance != nil {
			d = *c.distance
		}
		to = min(to, cursor+d+*c.within)
	}
	return to < len(data)
}

// refMatch: is there a choice of places, the first content's in order, for
// which the rest holds? A content is tried elsewhere only when a later step
// measures from it: the last content before a relative step.
func refMatch(steps []refContent, data []byte) bool {
	dependent := make([]bool, len(steps))
	for i := range steps {
		if !steps[i].relative() {
			continue
		}
		for k := i - 1; k >= 0; k-- {
			if !steps[k].isdataat {
				dependent[k] = true
				break
			}
		}
	}
	var run func(i, cursor int) (held, final bool)
	run = func(i, cursor int) (bool, bool) {
		if i == len(steps) {
			return true, false
		}
		c := &steps[i]
		if c.isdataat {
			holds := c.n < len(data)
			if c.relativeData {
				holds = cursor+c.n <= len(data)
			}
			if holds == c.notAfter {
				return false, false
			}
			return run(i+1, cursor)
		}
		places := c.places(data, cursor)
		if c.endsWithBlocked(data, cursor) {
			places = nil
		}
		if c.pcre != "" {
			places = c.matches(data, cursor)
		}
		if c.negated {
			if len(places) > 0 {
				return false, false
			}
			return run(i+1, cursor)
		}
		for _, end := range places {
			held, final := run(i+1, end)
			if held || final {
				return held, final
			}
			if !dependent[i] {
				return false, true
			}
		}
		return false, !c.relative() && c.pcre == ""
	}
	held, _ := run(0, 0)
	return held
}

// randomChain makes steps that load: a small alphabet makes matches likely.
func randomChain(r *rand.Rand) []refContent {
	steps := make([]refContent, 1+r.IntN(4))
	moved, placed := false, false
	for i := range steps {
		c := &steps[i]
		if i > 0 && r.IntN(6) == 0 {
			*c = refContent{isdataat: true, relativeData: r.IntN(2) == 0, notAfter: r.IntN(3) == 0, n: r.IntN(8)}
			continue
		}
		if r.IntN(5) == 0 {
			c.pcre = []string{"a+", "b.", "^[ab]", "[aA]b?", "a|bb"}[r.IntN(5)]
			c.negated, c.relativeData = r.IntN(4) == 0, placed && r.IntN(2) == 0
			moved, placed = moved || !c.negated, true
			continue
		}
		placed = true
		for range 1 + r.IntN(3) {
			c.text += string("abAB"[r.IntN(4)])
		}
		c.nocase, c.negated = r.IntN(3) == 0, r.IntN(4) == 0
		pick := func(from, to int) *int { v := from + r.IntN(to-from+1); return &v }
		switch kind := r.IntN(6); {
		case kind == 0:
			c.starts = true
		case kind == 1:
			if r.IntN(2) == 0 {
				c.offset = pick(0, 6)
			}
			if r.IntN(2) == 0 {
				c.depth = pick(len(c.text), 9)
			}
		case kind <= 4 && moved:
			if r.IntN(3) > 0 {
				c.distance = pick(-3, 3)
			}
			if r.IntN(2) == 0 {
				c.within = pick(len(c.text), 7)
			}
		}
		c.ends = r.IntN(6) == 0
		moved = moved || !c.negated
	}
	return steps
}

func checkChain(t *testing.T, steps []refContent, data []byte) {
	t.Helper()
	var options strings.Builder
	for i := range steps {
		options.WriteString(steps[i].option() + " ")
	}
	p := plan(t, options.String())
	got, want := payloadMatches(p, string(data)), refMatch(steps, data)
	if got != want {
		t.Fatalf("%s on %q: %v, the reference says %v", options.String(), data, got, want)
	}
}

func randomPayload(r *rand.Rand) []byte {
	data := make([]byte, r.IntN(24))
	for i := range data {
		data[i] = "abAB-"[r.IntN(5)]
	}
	return data
}

func TestChainsAgreeWithTheReference(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	matched := 0
	const rounds = 3000
	for range rounds {
		steps := randomChain(r)
		for range 5 {
			data := randomPayload(r)
			checkChain(t, steps, data)
			if refMatch(steps, data) {
				matched++
			}
		}
	}
	if matched < rounds/10 || matched > 5*rounds*9/10 {
		t.Errorf("%d of %d payloads match: the chains say nothing", matched, 5*rounds)
	}
}

func FuzzContent(f *testing.F) {
	f.Add(uint64(1), []byte("abAB"))
	f.Add(uint64(2), []byte("aaaaaaaaaaaaaaaaaab"))
	f.Fuzz(func(t *testing.T, seed uint64, data []byte) {
		if len(data) > 64 {
			data = data[:64]
		}
		checkChain(t, randomChain(rand.New(rand.NewPCG(seed, seed))), data)
	})
}
