package signatures

import (
	"slices"
	"strconv"
	"unicode/utf8"

	"spanwatch/signatures/keyword"
	"spanwatch/signatures/pack"
)

// AppendAlert appends what EVE's alert object says about the rule, in the order in
// which EVE says it: its members but for action, which depends on more than the
// rule, without the braces.
func (s *Signature) AppendAlert(dst []byte) []byte {
	m := &s.plan.Meta
	dst = append(dst, `"gid":`...)
	dst = strconv.AppendUint(dst, uint64(m.Gid), 10)
	dst = append(dst, `,"signature_id":`...)
	dst = strconv.AppendUint(dst, uint64(m.Sid), 10)
	dst = append(dst, `,"rev":`...)
	dst = strconv.AppendUint(dst, uint64(m.Rev), 10)
	dst = append(dst, `,"signature":`...)
	dst = appendJSONString(dst, m.Msg)
	dst = append(dst, `,"category":`...)
	dst = appendJSONString(dst, m.ClassText)
	dst = append(dst, `,"severity":`...)
	dst = strconv.AppendUint(dst, uint64(m.Priority), 10)
	return s.details.appendTo(dst)
}

// alertDetails are the metadata and references of a rule in the text of its
// alerts: numbers of parts. Rules have most parts in common: a set whose alerts
// come to 16 MB has 1 MB of different ones.
type alertDetails struct {
	parts *alertParts // nil for none
	of    []uint32
}

func (d *alertDetails) appendTo(dst []byte) []byte {
	for _, n := range d.of {
		dst = append(dst, d.parts.texts[n]...)
	}
	return dst
}

// alertParts are the parts of the alerts of one ruleset.
type alertParts struct {
	texts   []string
	memory  pack.Text
	numbers map[string]uint32 // while rules are loaded
	scratch []byte
	of      []uint32 // scratch
}

func newAlertParts() *alertParts { return &alertParts{numbers: make(map[string]uint32)} }

// details makes those of a rule, in the compiler's memory.
func (c *compiler) details(s *Signature) alertDetails {
	p := c.parts
	d := s.plan.Meta.Details
	if d == nil {
		return alertDetails{}
	}
	p.of = p.of[:0]
	p.metadata(d.Metadata)
	if !c.noReferences {
		p.references(d.References)
	}
	return alertDetails{p, c.partLists.Copy(p.of)}
}

// metadata adds every key once, and every value in an array.
func (p *alertParts) metadata(pairs []keyword.Pair) {
	for i, first := range pairs {
		if slices.ContainsFunc(pairs[:i], func(q keyword.Pair) bool { return q.Key == first.Key }) {
			continue
		}
		p.scratch = p.scratch[:0]
		if i == 0 {
			p.scratch = append(p.scratch, `,"metadata":{`...)
		} else {
			p.scratch = append(p.scratch, `],`...)
		}
		p.scratch = appendJSONString(p.scratch, first.Key)
		p.scratch = append(p.scratch, ":["...)
		p.scratch = appendJSONString(p.scratch, first.Value)
		p.add()
		for _, q := range pairs[i+1:] {
			if q.Key == first.Key {
				p.scratch = append(p.scratch[:0], ',')
				p.scratch = appendJSONString(p.scratch, q.Value)
				p.add()
			}
		}
	}
	if len(pairs) > 0 {
		p.scratch = append(p.scratch[:0], "]}"...)
		p.add()
	}
}

// references adds those whose type is known, as URLs.
func (p *alertParts) references(references []keyword.Reference) {
	open := false
	for _, r := range references {
		if r.URL == "" {
			continue
		}
		p.scratch = append(p.scratch[:0], ',')
		if !open {
			p.scratch = append(p.scratch, `"references":[`...)
		}
		open = true
		p.scratch = appendJSONString(p.scratch, r.URL)
		p.add()
	}
	if open {
		p.scratch = append(p.scratch[:0], ']')
		p.add()
	}
}

// add adds what is in scratch.
func (p *alertParts) add() {
	n, ok := p.numbers[string(p.scratch)]
	if !ok {
		n = uint32(len(p.texts))
		text := p.memory.Keep(string(p.scratch))
		p.texts = append(p.texts, text)
		p.numbers[text] = n
	}
	p.of = append(p.of, n)
}

// seal gives up what only loading needs.
func (p *alertParts) seal() {
	p.texts = slices.Clone(p.texts)
	p.numbers, p.scratch, p.of, p.memory = nil, nil, nil, pack.Text{}
}

// appendJSONString quotes s. A byte that is not part of UTF-8 is written as
// the text \xHH, so that nothing is lost and the JSON stays valid.
func appendJSONString(dst []byte, s string) []byte {
	const hexDigits = "0123456789ABCDEF"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(dst, '\\', '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
			} else {
				dst = append(dst, s[i:i+size]...)
			}
			i += size
			continue
		}
		i++
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < 0x20 || c == 0x7F:
			dst = append(dst, `\u00`...)
			dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
