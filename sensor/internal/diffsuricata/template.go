package main

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// A template is text with alternatives, which makes many rules of one line:
//
//	{a|b|c}     one of them; they may have alternatives themselves
//	{-2..9}     a number
//	{*a|b|c}    each of them in turn, so that none is left out
//	@http.uri@  a content's value: a piece of what captures have in the buffer,
//	            @tcp@ and @udp@ a piece of a payload
//	@=http.uri@ all of it; @raw:…@, @base64:…@, @md5:…@ and @sha256:…@ without
//	            quotes, for files; @ip@ is an address of the captures
//	\{ \} \| \@ the characters
type template struct {
	parts []part
	turns int // rules until each of the {*} had its turn
}

// part is text, or alternatives, or a sample.
type part struct {
	text   string
	sample string
	each   bool
	among  []*template
	from   int // of numbers
	to     int
	number bool
}

func parseTemplate(text string) (*template, error) {
	t, rest, err := parseParts(text, false)
	if err == nil && rest != "" {
		err = fmt.Errorf("template %q: unexpected %q", text, rest)
	}
	return t, err
}

// parseParts reads up to the end, or up to the | or } that ends an alternative.
func parseParts(text string, inside bool) (t *template, rest string, err error) {
	t = &template{turns: 1}
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			t.parts = append(t.parts, part{text: plain.String()})
			plain.Reset()
		}
	}
	for text != "" {
		c := text[0]
		switch {
		case c == '\\' && len(text) > 1 && strings.IndexByte("{}|@", text[1]) >= 0:
			plain.WriteByte(text[1])
			text = text[2:]
		case inside && (c == '|' || c == '}'):
			flush()
			return t, text, nil
		case c == '{':
			flush()
			var p part
			if p, text, err = parseChoice(text[1:]); err != nil {
				return nil, "", err
			}
			turns := 0
			for _, a := range p.among {
				turns = max(turns, a.turns)
			}
			if p.each {
				turns *= len(p.among)
			}
			t.turns *= max(1, turns)
			t.parts = append(t.parts, p)
		case c == '@':
			name, after, ok := strings.Cut(text[1:], "@")
			if !ok {
				return nil, "", fmt.Errorf("template: a sample without end: %q", text)
			}
			flush()
			t.parts = append(t.parts, part{sample: name})
			text = after
		default:
			plain.WriteByte(c)
			text = text[1:]
		}
	}
	flush()
	return t, "", nil
}

// parseChoice reads what follows an opening brace.
func parseChoice(text string) (p part, rest string, err error) {
	if body, after, ok := strings.Cut(text, "}"); ok {
		from, to, ok := strings.Cut(body, "..")
		if ok {
			var e1, e2 error
			p.from, e1 = strconv.Atoi(from)
			p.to, e2 = strconv.Atoi(to)
			if e1 == nil && e2 == nil && p.from <= p.to {
				p.number = true
				return p, after, nil
			}
		}
	}
	if after, ok := strings.CutPrefix(text, "*"); ok {
		p.each, text = true, after
	}
	for {
		var a *template
		if a, text, err = parseParts(text, true); err != nil {
			return p, "", err
		}
		p.among = append(p.among, a)
		if text == "" {
			return p, "", fmt.Errorf("template: alternatives without end")
		}
		if text[0] == '}' {
			return p, text[1:], nil
		}
		text = text[1:]
	}
}

// expand writes one instance, the turn-th for {*}.
func (t *template) expand(g *generator, turn int) (string, error) {
	var b strings.Builder
	err := t.write(&b, g, &turn)
	return b.String(), err
}

func (t *template) write(b *strings.Builder, g *generator, turn *int) error {
	for i := range t.parts {
		p := &t.parts[i]
		switch {
		case p.number:
			fmt.Fprint(b, p.from+g.IntN(p.to-p.from+1))
		case p.sample != "":
			text, err := g.sampled(p.sample)
			if err != nil {
				return err
			}
			b.WriteString(text)
		case p.each:
			n := *turn % len(p.among)
			*turn /= len(p.among)
			if err := p.among[n].write(b, g, turn); err != nil {
				return err
			}
		case len(p.among) > 0:
			if err := p.among[g.IntN(len(p.among))].write(b, g, turn); err != nil {
				return err
			}
		default:
			b.WriteString(p.text)
		}
	}
	return nil
}

// sampled writes a sample in the form that its name asks for.
func (g *generator) sampled(name string) (string, error) {
	form, buffer, ok := strings.Cut(name, ":")
	if !ok {
		form, buffer = "", name
	}
	whole := strings.HasPrefix(buffer, "=")
	buffer = strings.TrimPrefix(buffer, "=")
	b := g.named(buffer)
	if b == nil {
		return "", fmt.Errorf("template: no samples of %q", buffer)
	}
	data := g.sample(b)
	switch form {
	case "raw":
		return string(data), nil
	case "base64":
		return base64.StdEncoding.EncodeToString(data), nil
	case "md5":
		return fmt.Sprintf("%x", md5.Sum(data)), nil
	case "sha256":
		return fmt.Sprintf("%x", sha256.Sum256(data)), nil
	}
	if buffer == "ip" {
		return string(data), nil
	}
	if !whole {
		start := g.IntN(min(len(data), 40))
		data = data[start:min(len(data), start+2+g.IntN(8))]
	}
	return quoted(data), nil
}

// named is the buffer of a keyword, or the payload of a protocol.
func (g *generator) named(name string) *buffer {
	for _, b := range g.buffers {
		if len(b.samples) > 0 && (b.keyword == name || b.keyword == "" && b.proto == name) {
			return b
		}
	}
	return nil
}
