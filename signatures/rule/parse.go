package rule

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Parse reads all enabled rules of text; file is its name in positions. Rules
// that cannot be read are left out and reported, one diagnostic or more each;
// warnings are about rules that are read all the same. A nil vars stands for
// DefaultVars.
func Parse(file string, text []byte, vars *Vars) ([]*Rule, []*Diagnostic) {
	f := Read(file, text, vars, Options{})
	return f.Rules, f.Diagnostics
}

// ParseFile reads the rules of the file at path. The error is that of reading
// the file.
func ParseFile(path string, vars *Vars) ([]*Rule, []*Diagnostic, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read rules: %w", err)
	}
	rules, diags := Parse(path, text, vars)
	return rules, diags, nil
}

// ParseOne reads a text that is one rule. The error is a *Diagnostic: the
// first that is not a warning, or that there is not exactly one rule.
func ParseOne(text string, vars *Vars) (*Rule, error) {
	f := Read("", []byte(text), vars, Options{})
	for _, d := range f.Diagnostics {
		if !d.Warning {
			return nil, d
		}
	}
	if len(f.Rules) != 1 {
		return nil, &Diagnostic{
			Pos: Position{Line: 1, Col: 1}, Code: CodeNoRule,
			What: fmt.Sprintf("%d rules where one is expected", len(f.Rules)),
		}
	}
	return f.Rules[0], nil
}

// Options of Read.
type Options struct {
	// Disabled asks for the rules that are commented out, too. Diagnostics
	// about them are not reported: a comment may be anything.
	Disabled bool
}

// File is what Read found in the text of a rule file.
type File struct {
	Rules       []*Rule // enabled and well formed, in the file's order
	Disabled    []*Rule // well formed behind "#"; only when asked for
	Diagnostics []*Diagnostic

	// Counts; Written is the number of rules in Rules plus Failed.
	Written      int
	Failed       int
	CommentedOut int // comments that look like rules
}

// Read reads all rules of text. Its cost grows with the length of text and
// nothing else; a rule is at most 64 KiB long.
func Read(file string, text []byte, vars *Vars, opts Options) *File {
	var rules []*Rule
	out, _ := each(file, newLineReader(text), vars, opts, func(r *Rule) { rules = append(rules, r) })
	out.Rules = rules
	return out
}

// Each is Read for those who want one rule at a time and need not have all in
// memory, nor the text: it gives them to do instead of leaving them in
// File.Rules. The error is that of the source; the File says what was read
// before.
func Each(file string, source io.Reader, vars *Vars, opts Options, do func(*Rule)) (*File, error) {
	return each(file, readLines(source), vars, opts, do)
}

func each(file string, lines *lineReader, vars *Vars, opts Options, do func(*Rule)) (*File, error) {
	p := newParser(file, vars)
	out := &File{}
	if f := notText(lines.rest); f != nil {
		p.places = places{file, []segment{{line: 1, col: 1}}}
		p.report(*f)
		out.Diagnostics, out.Written, out.Failed = p.diags, 1, 1
		return out, nil
	}
	for l := (logicalLine{}); lines.next(&l); {
		switch {
		case len(l.text) == 0:
		case l.comment:
			rule, ok := commentedRule(l.text)
			if !ok {
				continue
			}
			out.CommentedOut++
			if !opts.Disabled {
				continue
			}
			kept := len(p.diags)
			l.places[0].col += len(l.text) - len(rule)
			l.text = rule
			if r := p.rule(&l); r != nil {
				out.Disabled = append(out.Disabled, r)
			}
			p.diags = p.diags[:kept]
		default:
			out.Written++
			if r := p.rule(&l); r != nil {
				do(r)
			} else {
				out.Failed++
			}
		}
	}
	out.Diagnostics = p.diags
	return out, lines.err
}

// commentedRule returns the rule that a comment hides: it begins with an
// action and has a parenthesis.
func commentedRule(comment []byte) ([]byte, bool) {
	rule := bytes.TrimLeft(comment, "# \t;")
	word, rest, ok := bytes.Cut(rule, []byte(" "))
	if !ok || len(word) > len("accept:packet") || bytes.IndexByte(rest, '(') < 0 {
		return nil, false
	}
	return rule, knownAction(strings.ToLower(string(word)))
}

// notText recognises UTF-16, which would otherwise fail once per line.
func notText(text []byte) *fault {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return &fault{code: CodeEncoding, what: "the file is UTF-16", hint: "save it as UTF-8"}
	}
	return nil
}

// parser holds what one call of Read keeps from rule to rule.
type parser struct {
	vars   *Vars
	places places // of the rule at hand
	sid    uint32
	failed bool
	diags  []*Diagnostic
	lexer  lexer

	// Rulesets write the same few expressions over and over.
	addresses map[string]resolved[AddressSet]
	ports     map[string]resolved[PortSet]
}

func newParser(file string, vars *Vars) *parser {
	if vars == nil {
		vars = DefaultVars()
	}
	return &parser{
		vars:      vars,
		places:    places{file: file},
		addresses: make(map[string]resolved[AddressSet]),
		ports:     make(map[string]resolved[PortSet]),
	}
}

// report adds a diagnostic about the rule at hand.
func (p *parser) report(f fault) {
	p.diags = append(p.diags, &Diagnostic{
		Pos: p.places.at(f.at), Sid: p.sid, What: f.what, Why: f.why, Hint: f.hint, Code: f.code, Warning: f.warning,
	})
	p.failed = p.failed || !f.warning
}

// rule parses one logical line; nil when it is not a well-formed rule.
func (p *parser) rule(l *logicalLine) *Rule {
	p.places.segments = l.places
	p.failed = false
	if l.tooLong {
		p.sid = findSid(string(l.text))
		p.report(fault{code: CodeTooLong, what: "rule is too long", why: fmt.Sprintf("more than %d bytes", maxRuleLen), hint: `is a \ at the end of a line too many?`})
		return nil
	}
	text := string(l.text)
	p.sid = findSid(text)
	if i := strings.IndexByte(text, 0); i >= 0 {
		p.report(fault{at: i, code: CodeNulByte, what: "NUL byte in the rule", hint: "is the file damaged, or not a text file?"})
		return nil
	}
	p.lexer.run(text)
	if p.lexer.fault != nil {
		p.report(*p.lexer.fault)
		return nil
	}
	if p.lexer.extra != nil {
		p.report(*p.lexer.extra)
	}
	r := &Rule{Text: text, Pos: p.places.at(0), places: p.places}
	first := len(p.diags)
	p.header(r)
	p.options(r)
	if p.failed {
		for _, d := range p.diags[first:] {
			d.Partial = r
		}
		return nil
	}
	return r
}

// header fills the header's fields, reporting all that is wrong with them.
func (p *parser) header(r *Rule) {
	field := func(k itemKind) (string, int) {
		i := p.lexer.items[k]
		return r.Text[i.from:i.to], i.from
	}
	action, _ := field(itemAction)
	p.action(r, strings.ToLower(action))
	p.protocol(r)
	arrow, _ := field(itemArrow)
	r.Direction = Direction(slices.Index(arrows[:], arrow))
	r.Src = p.addressField(field(itemSrc))
	r.SrcPorts = p.portField(field(itemSrcPort))
	r.Dst = p.addressField(field(itemDst))
	r.DstPorts = p.portField(field(itemDstPort))
}

func (p *parser) action(r *Rule, name string) {
	r.Action = name
	if !knownAction(name) {
		p.report(fault{code: CodeAction, what: "unknown action " + quote(name), hint: didYouMean(name, actions)})
	}
}

func (p *parser) protocol(r *Rule) {
	i := p.lexer.items[itemProto]
	name, hook, hooked := strings.Cut(r.Text[i.from:i.to], ":")
	r.Proto, r.Hook = strings.ToLower(name), strings.ToLower(hook)
	if _, ok := LookupProtocol(name); !ok {
		p.report(fault{at: i.from, code: CodeProtocol, what: "unknown protocol " + quote(name), hint: didYouMean(name, ProtocolNames())})
	}
	if hooked && !isHookName(r.Hook) {
		p.report(fault{at: i.from + len(name) + 1, code: CodeHook, what: "bad hook name " + quote(hook), why: "a hook is written protocol:name, as in tls:client_hello_done"})
	}
}

func isHookName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

func (p *parser) addressField(text string, at int) AddressSet {
	res, ok := p.addresses[text]
	if !ok {
		res = resolveAddresses(text, p.vars)
		p.addresses[strings.Clone(text)] = res
	}
	p.reportAt(at, res.faults)
	set := res.set.clone()
	set.Written = text
	return set
}

func (p *parser) portField(text string, at int) PortSet {
	res, ok := p.ports[text]
	if !ok {
		res = resolvePorts(text, p.vars)
		p.ports[strings.Clone(text)] = res
	}
	p.reportAt(at, res.faults)
	set := res.set.clone()
	set.Written = text
	return set
}

func (p *parser) reportAt(at int, faults []fault) {
	for _, f := range faults {
		f.at += at
		p.report(f)
	}
}

// options fills r.Options from the lexer's items.
func (p *parser) options(r *Rule) {
	items := p.lexer.items[itemDstPort+1:]
	n := 0
	for _, i := range items {
		if i.kind == itemName {
			n++
		}
	}
	r.Options = make([]Option, 0, n)
	for _, i := range items {
		if i.kind == itemName {
			r.Options = append(r.Options, Option{Name: strings.ToLower(r.Text[i.from:i.to]), Pos: p.places.at(i.from)})
			continue
		}
		o := &r.Options[len(r.Options)-1]
		o.Value, o.HasValue = r.Text[i.from:i.to], true
		o.ValuePos, o.valueAt = p.places.at(i.from), i.from
	}
}

// findSid looks for the sid of a rule, so that a diagnostic about a rule that
// cannot be read may name it; 0 when there is none to be found.
func findSid(text string) uint32 {
	for rest := text; ; {
		i := strings.Index(rest, "sid:")
		if i < 0 {
			return 0
		}
		if i > 0 && (isSpace(rest[i-1]) || rest[i-1] == ';' || rest[i-1] == '(') {
			sid, digits := uint64(0), strings.TrimLeft(rest[i+4:], " ")
			for j := 0; j < len(digits) && j < 10 && '0' <= digits[j] && digits[j] <= '9'; j++ {
				sid = sid*10 + uint64(digits[j]-'0')
			}
			if sid > 0 && sid <= 1<<32-1 {
				return uint32(sid)
			}
		}
		rest = rest[i+4:]
	}
}
