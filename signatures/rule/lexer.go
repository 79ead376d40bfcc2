package rule

import "slices"

// itemKind says what a piece of a rule is.
type itemKind uint8

// The first seven are the fields of the header, in this order.
const (
	itemAction itemKind = iota
	itemProto
	itemSrc
	itemSrcPort
	itemArrow
	itemDst
	itemDstPort
	itemName  // of an option
	itemValue // of the option named before it
)

// fieldNames are the header's fields in messages.
var fieldNames = [...]string{
	"action", "protocol", "source address", "source port",
	"direction", "destination address", "destination port",
}

// item is a piece of the rule's text: text[from:to].
type item struct {
	kind     itemKind
	from, to int
}

// fault is something wrong at an offset of the text under examination.
type fault struct {
	at              int
	code            string
	what, why, hint string
	warning         bool
}

// lexer cuts the text of one rule into items. Each state reads one piece and
// returns the state that reads the next; nil ends it, at the end of the rule
// or at the first fault.
//
//	field ×7 ─► open ─► name ─► value ─► name … ─► close
type lexer struct {
	text  string
	at    int
	field itemKind // header field that is due
	items []item   // reused from rule to rule
	fault *fault
	extra *fault // a warning
}

type stateFn func(*lexer) stateFn

// run cuts text into l.items.
func (l *lexer) run(text string) {
	*l = lexer{text: text, items: l.items[:0]}
	for state := stateFn(lexField); state != nil; {
		state = state(l)
	}
}

func (l *lexer) emit(kind itemKind, from, to int) {
	l.items = append(l.items, item{kind, from, to})
}

func (l *lexer) fail(f fault) stateFn {
	l.fault = &f
	return nil
}

func (l *lexer) skipSpace() {
	for l.at < len(l.text) && isSpace(l.text[l.at]) {
		l.at++
	}
}

// lexField reads one field of the header: up to white space or "(" outside
// brackets.
func lexField(l *lexer) stateFn {
	l.skipSpace()
	from, depth, opened := l.at, 0, 0
	for ; l.at < len(l.text); l.at++ {
		c := l.text[l.at]
		if depth == 0 && (isSpace(c) || c == '(') {
			break
		}
		if c == '[' {
			if depth == 0 {
				opened = l.at
			}
			depth++
		}
		if c == ']' {
			depth--
		}
		if depth < 0 {
			return l.fail(fault{at: l.at, code: CodeBracket, what: `"]" without "["`})
		}
	}
	if depth > 0 {
		return l.fail(fault{at: opened, code: CodeBracket, what: `"[" is never closed`})
	}
	if from == l.at {
		return l.fail(missingField(l.text, from, l.field))
	}
	if arrow := isArrow(l.text[from:l.at]); arrow != (l.field == itemArrow) && l.field > itemProto {
		if arrow {
			return l.fail(missingField(l.text, from, l.field))
		}
		return l.fail(badArrow(l.text[from:l.at], from))
	}
	l.emit(l.field, from, l.at)
	if l.field++; l.field > itemDstPort {
		return lexOpen
	}
	return lexField
}

func isArrow(s string) bool { return slices.Contains(arrows[OneWay:], s) }

func missingField(text string, at int, field itemKind) fault {
	f := fault{
		at: at, code: CodeHeader, what: "missing " + fieldNames[field],
		why: "a header is: action protocol source port direction destination port",
	}
	if field == itemSrc && at < len(text) && text[at] == '(' {
		f.hint = `headers without addresses are Snort 3; write "any any -> any any"`
	}
	return f
}

func badArrow(s string, at int) fault {
	f := fault{at: at, code: CodeDirection, what: "unknown direction " + quote(s), hint: `write "->", "<>" or "=>"`}
	if s == "<-" {
		f.why = "rules are read from source to destination"
		f.hint = `swap the two sides and write "->"`
	}
	return f
}

// lexOpen reads the "(" before the options.
func lexOpen(l *lexer) stateFn {
	l.skipSpace()
	if l.at == len(l.text) {
		return l.fail(fault{at: l.at, code: CodeNoOptions, what: "rule has no options", why: `"(" expected behind the header`})
	}
	if l.text[l.at] != '(' {
		word := l.at
		for word < len(l.text) && !isSpace(l.text[word]) && l.text[word] != '(' {
			word++
		}
		return l.fail(fault{
			at: l.at, code: CodeHeader, what: "unexpected " + quote(l.text[l.at:word]) + " behind the destination port",
			why: `"(" expected`, hint: "lists with spaces need brackets",
		})
	}
	l.at++
	return lexName
}

// lexName reads the name of an option, or the ")" that ends the rule.
func lexName(l *lexer) stateFn {
	l.skipSpace()
	if l.at == len(l.text) {
		return l.fail(fault{at: l.at, code: CodeUnclosed, what: `rule does not end with ")"`, hint: "is a line cut off, or the \\ at its end missing?"})
	}
	if l.text[l.at] == ')' {
		return lexClose
	}
	from := l.at
	for l.at < len(l.text) && isNameByte(l.text[l.at]) {
		l.at++
	}
	to := l.at
	l.skipSpace()
	switch {
	case l.at == len(l.text):
		return l.fail(missingSemicolon(from, l.text[from:to]))
	case l.text[l.at] == ')' && trimmedLen(l.text[l.at+1:]) == 0:
		return l.fail(missingSemicolon(to, l.text[from:to]))
	case l.text[l.at] != ':' && l.text[l.at] != ';':
		return l.fail(badName(l.text, from, to, l.at))
	case from == to:
		return l.fail(fault{at: from, code: CodeOptionName, what: "option without a name", hint: `delete the extra "` + l.text[l.at:l.at+1] + `"`})
	}
	l.emit(itemName, from, to)
	l.at++
	if l.text[l.at-1] == ':' {
		return lexValue
	}
	return lexName
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-'
}

func trimmedLen(s string) int {
	s, _ = trim(s)
	return len(s)
}

func badName(text string, from, to, at int) fault {
	f := fault{at: at, code: CodeOptionName, what: "unexpected " + quote(text[at:at+1]) + " in the name of an option"}
	if to > from {
		f.why = `":" or ";" expected behind ` + quote(text[from:to])
		f.hint = `is a ";" missing, or a ";" inside quotes not written as \;?`
	}
	return f
}

func missingSemicolon(at int, name string) fault {
	return fault{at: at, code: CodeSemicolon, what: `no ";" ends the option ` + quote(name), why: `every option ends with ";", the last one too`}
}

// lexValue reads the value of an option: up to the next ";" that has no
// backslash before it. Quotes do not protect a semicolon: this is how the
// language is defined, and how Suricata cuts it.
func lexValue(l *lexer) stateFn {
	l.skipSpace()
	from := l.at
	for l.at < len(l.text) && (l.text[l.at] != ';' || l.at > from && l.text[l.at-1] == '\\') {
		l.at++
	}
	to := l.at
	for to > from && isSpace(l.text[to-1]) {
		to--
	}
	if l.at == len(l.text) {
		name := l.items[len(l.items)-1]
		if to > from && l.text[to-1] == ')' {
			to--
		}
		return l.fail(missingSemicolon(to, l.text[name.from:name.to]))
	}
	if f := checkQuotes(l.text, from, to, l.at); f != nil {
		l.fault = f
		return nil
	}
	l.emit(itemValue, from, to)
	l.at++
	return lexName
}

// checkQuotes finds what is wrong with the quotes of the value text[from:to],
// which the semicolon at end ends. Only a value that begins with a quote, or
// with ! and a quote, is a quoted one; quotes inside are the keyword's matter.
func checkQuotes(text string, from, to, end int) *fault {
	open := from
	if open < to && text[open] == '!' {
		for open++; open < to && isSpace(text[open]); open++ {
		}
	}
	if open == to || text[open] != '"' {
		return nil
	}
	if to > open+1 && text[to-1] == '"' && !escaped(text[open+1:to], to-open-2) {
		return nil
	}
	for i := open + 1; i < to; i++ {
		if text[i] == '"' && !escaped(text[open+1:to], i-open-1) && i < to-1 {
			return &fault{
				at: i + 1, code: CodeAfterQuote, what: "text behind the closing quote", why: `";" expected`,
				hint: `a quote inside a value is written as \"`,
			}
		}
	}
	if !startsOption(text[end+1:]) {
		return &fault{
			at: end, code: CodeInnerSemicolon, what: `";" inside quotes ends the option`,
			why: "quotes do not protect it", hint: `write \;`,
		}
	}
	return &fault{at: open, code: CodeQuote, what: "quote is never closed", hint: `is a " missing before the ";"?`}
}

// escaped says whether the byte at i of s has an odd number of backslashes
// before it.
func escaped(s string, i int) bool {
	n := 0
	for i > n && s[i-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

// startsOption says whether s goes on as a rule does behind the semicolon of
// an option: with a further option or the end.
func startsOption(s string) bool {
	s, _ = trim(s)
	if s == ")" {
		return true
	}
	n := 0
	for n < len(s) && isNameByte(s[n]) {
		n++
	}
	return n > 0 && n < len(s) && (s[n] == ':' || s[n] == ';')
}

// lexClose reads the ")" that ends the rule. Suricata takes further ")"
// behind it, and nothing else.
func lexClose(l *lexer) stateFn {
	l.at++
	l.skipSpace()
	if l.at == len(l.text) {
		return nil
	}
	for i := l.at; i < len(l.text); i++ {
		if l.text[i] != ')' && !isSpace(l.text[i]) {
			return l.fail(fault{
				at: i, code: CodeTrailing, what: `text behind the closing ")"`,
				hint: `delete it, or move the ")" to the end; comments have their own line`,
			})
		}
	}
	l.extra = &fault{at: l.at, code: CodeExtraParen, what: `more than one closing ")"`, warning: true}
	return nil
}
