package rule

import "strings"

const (
	// maxNesting bounds lists within lists and variables within variables.
	// Nothing written by people comes near it.
	maxNesting = 64
	// maxItems bounds the items that one expression may resolve to, so that
	// variables made of variables cannot multiply without end.
	maxItems = 1 << 16
)

// kind is what differs between address and port expressions.
type kind[B bound[B]] struct {
	noun   string // in messages: "address", "port"
	code   string
	vars   map[string]string
	others map[string]string // the variables of the other kind, for hints
	// spaces are the separate spaces that "any" and a lone negation cover.
	spaces []span[B]
	// needed is the space that a negation must not use up.
	needed span[B]
	leaf   func(text string) (span[B], *fault)
}

// terms are the two sides of an expression: what it lists and what it takes
// away, each in any order.
type terms[B bound[B]] struct {
	include, exclude []span[B]
}

// resolved is an expression's set, or why there is none, and warnings;
// offsets count from the start of the expression.
type resolved[S any] struct {
	set    S
	faults []fault
}

func (r *resolved[S]) add(f fault) { r.faults = append(r.faults, f) }

// err returns the first fault that is not a warning.
func (r *resolved[S]) err() error {
	for _, f := range r.faults {
		if !f.warning {
			return &ValueError{At: f.at, Code: f.code, What: f.what, Why: f.why, Hint: f.hint}
		}
	}
	return nil
}

// resolver evaluates one address or port expression. Its rules are those of
// Suricata (detect-engine-address, detect-engine-port):
//
//   - A list, with the lists and variables inside it that are not negated, is
//     one pool: everything listed, less everything negated, wherever in the
//     list the negation stands.
//   - A negated list or variable is resolved on its own first, and the result
//     is taken away: ![10.1.0.0/16,!10.1.2.0/24] keeps 10.1.2.0/24 in.
//   - A pool that only takes away starts from everything, family by family:
//     !10.0.0.0/8 is IPv4 only, since nothing in it speaks of IPv6.
type resolver[B bound[B]] struct {
	kind   kind[B]
	items  int
	depth  int
	names  []string // variables being resolved, outermost first
	report func(fault)
}

// warn reports a warning about the expression itself: one about the value of
// a variable is for Vars.Check to make, once and not for every rule.
func (r *resolver[B]) warn(f fault) {
	if len(r.names) == 0 {
		r.report(f)
	}
}

// resolve evaluates text, whose faults are reported at offsets from base on.
func (r *resolver[B]) resolve(text string, base int) (terms[B], *fault) {
	var t terms[B]
	if f := r.list(text, base, &t); f != nil {
		return t, f
	}
	if f := r.settle(&t); f != nil {
		f.at = base
		return t, f
	}
	return t, nil
}

// list reads comma-separated items into t.
func (r *resolver[B]) list(text string, base int, t *terms[B]) *fault {
	if r.depth++; r.depth > maxNesting {
		return &fault{at: base, code: CodeNesting, what: r.kind.noun + " lists are nested too deeply"}
	}
	defer func() { r.depth-- }()
	for at, last := 0, false; !last; {
		end := itemEnd(text, at)
		if end < 0 {
			return &fault{at: base, code: CodeBracket, what: "unbalanced brackets in " + quote(text)}
		}
		last = end == len(text)
		item, front := trim(text[at:end])
		if last && item == "" && at > 0 {
			r.warn(fault{at: base + at - 1, code: CodeEmptyItem, what: `nothing behind the last ","`, warning: true})
			return nil
		}
		if f := r.item(item, base+at+front, t); f != nil {
			return f
		}
		at = end + 1
	}
	return nil
}

// itemEnd returns the offset of the comma that ends the item at from, or the
// length of text; -1 when brackets do not balance.
func itemEnd(text string, from int) int {
	depth := 0
	for i := from; i < len(text); i++ {
		switch text[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth < 0 {
				return -1
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
	}
	if depth > 0 {
		return -1
	}
	return len(text)
}

// closingBracket returns the offset of the "]" that closes the "[" which
// balanced text begins with.
func closingBracket(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

// item reads one item: a list, a variable or a single address or port, with
// or without "!".
func (r *resolver[B]) item(text string, base int, t *terms[B]) *fault {
	if r.items++; r.items > maxItems {
		return &fault{at: base, code: CodeTooManyRanges, what: r.kind.noun + " expression has too many items"}
	}
	negated := strings.HasPrefix(text, "!")
	if negated {
		inner, front := trim(text[1:])
		text, base = inner, base+1+front
	}
	switch {
	case text == "":
		return &fault{at: base, code: CodeEmptyItem, what: "empty item in " + r.kind.noun + " list"}
	case text[0] == '!':
		return &fault{at: base, code: r.kind.code, what: "more than one ! before an item"}
	case text[0] == '[':
		if end := closingBracket(text); end != len(text)-1 {
			return &fault{at: base + end, code: CodeBracket, what: `"," expected behind "]"`}
		}
		return r.part(text[1:len(text)-1], base+1, negated, t)
	case text[0] == '$':
		return r.variable(text[1:], base, negated, t)
	case strings.EqualFold(text, "any"):
		if negated {
			return r.nothingLeft(base, "!any matches nothing")
		}
		t.include = append(t.include, r.kind.spaces...)
		return nil
	}
	s, f := r.kind.leaf(text)
	if f != nil {
		f.at += base
		if !f.warning {
			return f
		}
		r.warn(*f)
	}
	if negated {
		t.exclude = append(t.exclude, s)
	} else {
		t.include = append(t.include, s)
	}
	return nil
}

// part reads a list inside a list: into the same pool, or, when negated, on
// its own and then out of the pool.
func (r *resolver[B]) part(text string, base int, negated bool, t *terms[B]) *fault {
	if !negated {
		return r.list(text, base, t)
	}
	inner, f := r.resolve(text, base)
	if f != nil {
		return f
	}
	t.exclude = append(t.exclude, inner.set()...)
	return nil
}

// variable reads $name as the list that it stands for. Faults inside it are
// reported at the place where the rule uses it.
func (r *resolver[B]) variable(name string, base int, negated bool, t *terms[B]) *fault {
	value, ok := r.kind.vars[name]
	if !ok {
		return r.undefined(name, base)
	}
	for i, outer := range r.names {
		if outer == name {
			return &fault{
				at: base, code: CodeVariableCycle, what: "variable $" + name + " is defined by itself",
				why: "$" + strings.Join(append(r.names[i:], name), " → $"),
			}
		}
	}
	r.names = append(r.names, name)
	f := r.part(value, 0, negated, t)
	r.names = r.names[:len(r.names)-1]
	if f != nil {
		f.at = base
		if f.code != CodeVariableCycle && len(r.names) == 0 {
			f.why = join(f.why, "in the variable $"+name)
		}
	}
	return f
}

func (r *resolver[B]) undefined(name string, base int) *fault {
	f := &fault{at: base, code: CodeVariable, what: "undefined " + r.kind.noun + " variable $" + name}
	if _, ok := r.kind.others[name]; ok {
		f.why = "the name is defined, but not for this field"
		return f
	}
	if near := Nearest(name, sortedNames(r.kind.vars)); near != "" {
		f.hint = "did you mean $" + near + "?"
	}
	return f
}

// settle merges both sides of t, lets a lone negation start from everything,
// and checks that something is left.
func (r *resolver[B]) settle(t *terms[B]) *fault {
	t.include, t.exclude = merge(t.include), merge(t.exclude)
	if covers(t.exclude, r.kind.needed) {
		return r.nothingLeft(0, "the negations take everything away")
	}
	for _, space := range r.kind.spaces {
		if !touches(t.include, space) && touches(t.exclude, space) {
			t.include = append(t.include, space)
		}
	}
	t.include = merge(t.include)
	if t.set() == nil {
		return r.nothingLeft(0, "nothing is left of the list without what it negates")
	}
	return nil
}

func (r *resolver[B]) nothingLeft(at int, why string) *fault {
	return &fault{at: at, code: CodeNothingLeft, what: r.kind.noun + " expression matches nothing", why: why}
}

// set is the merged difference of the two sides.
func (t *terms[B]) set() []span[B] { return subtract(t.include, t.exclude) }

func covers[B bound[B]](spans []span[B], s span[B]) bool {
	for _, c := range spans {
		if c.from.Compare(s.from) <= 0 && c.to.Compare(s.to) >= 0 {
			return true
		}
	}
	return false
}

func touches[B bound[B]](spans []span[B], s span[B]) bool {
	for _, c := range spans {
		if c.from.Compare(s.to) <= 0 && c.to.Compare(s.from) >= 0 {
			return true
		}
	}
	return false
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}
