package keyword

import (
	"errors"
	"strings"

	"spanwatch/signatures/pcre"
	"spanwatch/signatures/rule"
)

// expression is a regular expression in a chain. Immutable.
type expression struct {
	re       *pcre.Regexp
	negated  bool
	relative bool // sees the buffer from the cursor on only
	captures []capture
}

// origin is where in the buffer the bytes begin that the expression sees.
func (e *expression) origin(cursor int) int {
	if e.relative {
		return cursor
	}
	return 0
}

// match looks for the expression from start on, which counts from origin.
func (e *expression) match(m *Machine, cursor, start int) pcre.Result {
	origin := e.origin(cursor)
	if origin > len(m.data) {
		return pcre.NoMatch
	}
	if m.regexps == nil {
		m.regexps = pcre.NewScratch()
	}
	m.work += 1 + uint64(max(len(m.data)-origin-start, 0))/expressionPerUnit
	r := e.re.Match(m.regexps, m.data[origin:], start)
	if r == pcre.GaveUp {
		m.GaveUp++
	}
	return r
}

// capture notes the groups that the rule wants kept.
func (e *expression) capture(m *Machine, cursor int) {
	if len(e.captures) == 0 {
		return
	}
	data := m.data[e.origin(cursor):]
	for i := range e.captures {
		c := &e.captures[i]
		value := m.regexps.Group(c.group)
		if value.From < 0 {
			continue
		}
		var key []byte
		if c.keyGroup > 0 {
			k := m.regexps.Group(c.keyGroup)
			if k.From < 0 {
				continue
			}
			key = data[k.From:k.To]
		}
		m.Captures.add(c, key, data[value.From:value.To])
	}
}

// pcreFlags are the letters that change the pattern's meaning.
var pcreFlags = map[byte]pcre.Flags{
	'i': pcre.Caseless, 's': pcre.DotAll, 'm': pcre.Multiline, 'x': pcre.Extended,
	'A': pcre.Anchored, 'E': pcre.DollarEndOnly, 'G': pcre.Ungreedy,
}

// pcreBuffers are the letters that name a buffer.
var pcreBuffers = map[byte]string{
	'U': "http.uri", 'I': "http.uri.raw", 'P': "http.request_body", 'Q': "file.data", 'H': "http.header",
	'D': "http.header.raw", 'M': "http.method", 'C': "http.cookie", 'S': "http.stat_code", 'Y': "http.stat_msg",
	'V': "http.user_agent", 'W': "http.host", 'Z': "http.host.raw",
}

// setPcre is the keyword pcre: `pcre:[!]"/regexp/flags[,flow:name|pkt:name|alert:name...]"`.
//
// Flags O and B change nothing here: the limits that O lifts in Suricata's
// configuration are the built-in ones.
func setPcre(b *Builder, o *rule.Option) *rule.Diagnostic {
	text, negated := looseText(o.Value)
	_, text, ok := strings.Cut(text, "/") // what lies before it, such as a !, means nothing
	end := strings.LastIndexByte(text, '/')
	if !ok || end < 0 {
		return b.badValue(o, "pcre needs /expression/flags")
	}
	pattern := text[:end]
	letters, names, captures := strings.Cut(text[end+1:], ",")
	e := &expression{negated: negated}
	var flags pcre.Flags
	buffer := ""
	for i := range len(letters) {
		letter := letters[i]
		switch {
		case pcreFlags[letter] != 0:
			flags |= pcreFlags[letter]
		case pcreBuffers[letter] != "":
			if buffer != "" && buffer != pcreBuffers[letter] {
				return b.badValue(o, "pcre flags name two buffers")
			}
			buffer = pcreBuffers[letter]
		case letter == 'R':
			e.relative = true
		case letter == 'O' || letter == 'B':
		default:
			return b.badValue(o, "unknown pcre flag "+quoted(string(letter)))
		}
	}
	l, d := b.pcreList(o, buffer, e.relative)
	if d != nil {
		return d
	}
	if buffer == "http.host" && flags&pcre.Caseless == 0 && hasUpperLiteral(pattern) {
		return b.fail(o, "never-matches", "upper case in an expression on http.host, which is lower case", "", "")
	}
	var err error
	if e.re, err = pcre.Compile(pattern, flags); err != nil {
		if errors.Is(err, pcre.ErrUnsupported) {
			return b.fail(o, "unsupported-pcre", err.Error(), "this build has no PCRE2; it needs cgo", "")
		}
		return b.badValue(o, err.Error())
	}
	keep := b.namedGroups
	if captures {
		keep, pattern = b.captures, names
	}
	if d := keep(o, e, pattern); d != nil {
		return d
	}
	if e.relative {
		// In a sticky buffer it is relative to the start then.
		if b.lastSource == nil && !l.hasPlace() {
			return b.fail(o, "bad-combination", "pcre with flag R and nothing before it in the same buffer", "there is no match to be relative to", "leave R out, or put a content before it")
		}
		l.markRelative(len(l.Chain.nodes))
	}
	b.addNode(l, node{pcre: e})
	return nil
}

// pcreList returns the list that the expression belongs to.
func (b *Builder) pcreList(o *rule.Option, buffer string, relative bool) (*List, *rule.Diagnostic) {
	if buffer == "" {
		return b.measured(relative), nil
	}
	if buffer == "file.data" {
		if d := b.bodyOfResponse(o); d != nil {
			return nil, d
		}
	}
	if b.lastSource != nil {
		if b.list.Source == b.set.source(buffer) {
			return b.list, nil
		}
		return nil, b.fail(o, "bad-combination", "a pcre flag names buffer "+buffer+" after a sticky buffer", "", "leave one of them out")
	}
	return b.sourceByName(o, buffer)
}

// hasPlace reports whether something in the list can be what an expression is
// relative to.
func (l *List) hasPlace() bool {
	for i := range l.Chain.nodes {
		n := &l.Chain.nodes[i]
		if n.content != nil || n.pcre != nil {
			return true
		}
	}
	return false
}

// hasUpperLiteral reports whether an expression asks for an upper-case letter,
// outside of escapes and groups' heads.
func hasUpperLiteral(pattern string) bool {
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case c == '(' && strings.HasPrefix(pattern[i:], "(?P"):
			i += 2
		case c >= 'A' && c <= 'Z':
			return true
		}
	}
	return false
}
