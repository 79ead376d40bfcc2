package document

import (
	"bytes"
	"fmt"
)

type parser struct {
	doc  *Doc // nil only skips
	text []byte
	at   int
}

func (p *parser) fault() error { return fmt.Errorf("%w: at byte %d", ErrSyntax, p.at) }

func (p *parser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// peek skips blanks and returns the byte there, 0 at the end.
func (p *parser) peek() byte {
	p.space()
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *parser) value(depth int) (Node, error) {
	if depth > maxDepth {
		return None, p.fault()
	}
	switch p.peek() {
	case '{':
		return p.object(depth)
	case '[':
		return p.array(depth)
	case '"':
		raw, err := p.str()
		return p.node(String, raw), err
	case 't':
		return p.word(Bool, "true")
	case 'f':
		return p.word(Bool, "false")
	case 'n':
		return p.word(Null, "null")
	}
	return p.number()
}

func (p *parser) node(kind Kind, raw []byte) Node {
	if p.doc == nil {
		return None
	}
	return p.doc.add(kind, raw)
}

func (p *parser) object(depth int) (Node, error) {
	n := p.node(Object, nil)
	p.at++
	if p.peek() == '}' {
		p.at++
		return n, nil
	}
	for {
		if p.peek() != '"' {
			return None, p.fault()
		}
		name, err := p.str()
		if err != nil {
			return None, err
		}
		if p.peek() != ':' {
			return None, p.fault()
		}
		p.at++
		c, err := p.value(depth + 1)
		if err != nil {
			return None, err
		}
		if p.doc != nil {
			p.doc.nodes[c].name = name[1 : len(name)-1]
			p.doc.link(n, c)
		}
		switch p.peek() {
		case ',':
			p.at++
		case '}':
			p.at++
			return n, nil
		default:
			return None, p.fault()
		}
	}
}

func (p *parser) array(depth int) (Node, error) {
	n := p.node(Array, nil)
	p.at++
	if p.peek() == ']' {
		p.at++
		return n, nil
	}
	for {
		c, err := p.value(depth + 1)
		if err != nil {
			return None, err
		}
		if p.doc != nil {
			p.doc.link(n, c)
		}
		switch p.peek() {
		case ',':
			p.at++
		case ']':
			p.at++
			return n, nil
		default:
			return None, p.fault()
		}
	}
}

// str reads a string with its quotes. Which escapes stand in it is not
// checked: they are copied as they are.
func (p *parser) str() ([]byte, error) {
	start := p.at
	p.at++
	for {
		i := bytes.IndexByte(p.text[p.at:], '"')
		if i < 0 {
			return nil, p.fault()
		}
		p.at += i + 1
		// The quote is the end unless an odd number of backslashes precedes it.
		slashes := 0
		for k := p.at - 2; k > start && p.text[k] == '\\'; k-- {
			slashes++
		}
		if slashes%2 == 0 {
			return p.text[start:p.at], nil
		}
	}
}

func (p *parser) word(kind Kind, word string) (Node, error) {
	if !bytes.HasPrefix(p.text[p.at:], []byte(word)) {
		return None, p.fault()
	}
	raw := p.text[p.at : p.at+len(word)]
	p.at += len(word)
	return p.node(kind, raw), nil
}

func (p *parser) number() (Node, error) {
	start := p.at
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E':
			p.at++
			continue
		}
		break
	}
	if p.at == start {
		return None, p.fault()
	}
	return p.node(Number, p.text[start:p.at]), nil
}

// Find returns the value at path in text, one JSON object, as written, and nil
// where there is none or text is not JSON up to there. It allocates nothing.
func Find(text []byte, path ...string) []byte {
	p := parser{text: text}
	for i, name := range path {
		if p.peek() != '{' {
			return nil
		}
		p.at++
		if !p.seek(name) {
			return nil
		}
		if i == len(path)-1 {
			p.space()
			start := p.at
			if _, err := p.value(0); err != nil {
				return nil
			}
			return text[start:p.at]
		}
	}
	return nil
}

// seek goes through the members of an object up to the value of name.
func (p *parser) seek(name string) bool {
	for p.peek() == '"' {
		s, err := p.str()
		if err != nil || p.peek() != ':' {
			return false
		}
		p.at++
		if string(s[1:len(s)-1]) == name {
			return true
		}
		if _, err := p.value(0); err != nil || p.peek() != ',' {
			return false
		}
		p.at++
	}
	return false
}
