package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// This file makes rules that nearly match: conditions cut out of what a
// capture has in a buffer, with their numbers right or off by a little.

// generator makes rules. The same seed makes the same rules.
type generator struct {
	*rand.Rand
	buffers []*buffer
	base    []string // rules to mutate
}

// oneIn is true once in n times.
func (g *generator) oneIn(n int) bool { return g.IntN(n) == 0 }

// off is 0 mostly, else a little.
func (g *generator) off() int {
	if g.IntN(3) > 0 {
		return 0
	}
	return g.IntN(5) - 2
}

func pick[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// sample is one of b's, from its start or cut.
func (g *generator) sample(b *buffer) []byte { return b.samples[g.IntN(len(b.samples))] }

// rule makes a rule with sid.
func (g *generator) rule(sid int) string {
	if len(g.base) > 0 && g.oneIn(3) {
		if r := g.mutated(sid); r != "" {
			return r
		}
	}
	return g.fresh(sid)
}

// fresh makes a rule of one or two buffers.
func (g *generator) fresh(sid int) string {
	b := g.buffers[g.IntN(len(g.buffers))]
	var options []string
	if g.oneIn(3) {
		options = append(options, "flow:"+pick(g, "established", "to_server", "to_client", "established,to_server", "established,to_client",
			"not_established", "stateless", "to_server,stateless", "established,no_stream", "established,only_stream"))
	}
	options = append(options, g.list(b)...)
	if g.oneIn(4) && b.keyword != "" {
		for range 20 {
			if other := g.buffers[g.IntN(len(g.buffers))]; other != b && (other.proto == b.proto || other.keyword == "") {
				if other.keyword == "" {
					options = append(options, "pkt_data")
				}
				options = append(options, g.list(other)...)
				break
			}
		}
	}
	if b.keyword == "" && g.oneIn(8) {
		options = append(options, fmt.Sprintf("dsize:%s%d", pick(g, "", "<", ">", "!", "<=", ">="), max(0, len(g.sample(b))+g.off())))
	}
	return assemble(b.proto, options, sid)
}

// assemble writes a rule.
func assemble(proto string, options []string, sid int) string {
	return fmt.Sprintf("alert %s any any -> any any (msg:\"%d\"; %s; sid:%d; rev:1;)", proto, sid, strings.Join(options, "; "), sid)
}

// list makes the conditions on one buffer.
func (g *generator) list(b *buffer) (options []string) {
	if b.keyword != "" {
		options = append(options, b.keyword)
	}
	c := chain{generator: g, data: slices.Clone(g.sample(b)), buffered: b.keyword != ""}
	if c.buffered && g.oneIn(4) {
		name, data := g.transform(c.data)
		options = append(options, name)
		c.data = data
	}
	if len(c.data) > 300 && g.oneIn(2) {
		c.data = c.data[:300] // near its start more is likely to hold
	}
	n := 1 + g.IntN(4)
	for i := range n {
		options = append(options, c.condition(i == 0))
	}
	if c.buffered && g.oneIn(6) {
		options = append(options, fmt.Sprintf("bsize:%s%d", pick(g, "", "<", ">", "<=", ">=", "!"), max(1, len(c.data)+g.off())))
	}
	return options
}

// chain is a run of conditions on a sample; cursor is where the last one that
// moves it ended, if it holds.
type chain struct {
	*generator
	data     []byte
	cursor   int
	buffered bool
	moved    bool
	vars     []string
}

// condition makes one. The first must be a content, so that rules are cheap.
func (c *chain) condition(first bool) string {
	if len(c.data) == 0 {
		return c.content()
	}
	switch kind := c.IntN(20); {
	case first || kind < 9:
		return c.content()
	case kind < 11:
		return c.isdataat()
	case kind < 13:
		return c.byteTest()
	case kind < 15:
		return c.byteJump()
	case kind == 15:
		return c.byteExtract()
	case kind == 16:
		return c.byteMath()
	}
	return c.pcre()
}

// slice cuts a piece out of the sample, near the cursor as a rule.
func (c *chain) slice(most int) (start, end int) {
	if len(c.data) == 0 {
		return 0, 0
	}
	start = c.IntN(len(c.data))
	if c.oneIn(2) && c.cursor < len(c.data) {
		start = min(len(c.data)-1, c.cursor+c.IntN(12))
	}
	if c.oneIn(4) {
		start = 0
	}
	return start, min(len(c.data), start+1+c.IntN(most))
}

func (c *chain) content() string {
	start, end := c.slice(10)
	piece := slices.Clone(c.data[start:end])
	if len(piece) == 0 {
		piece = []byte("x")
	}
	var o strings.Builder
	o.WriteString("content:")
	negated := c.oneIn(6)
	if negated {
		o.WriteByte('!')
		if c.oneIn(2) {
			piece[c.IntN(len(piece))] ^= 1
		}
	}
	nocase := c.oneIn(4)
	if nocase {
		for i, b := range piece {
			if b|0x20 >= 'a' && b|0x20 <= 'z' && c.oneIn(3) {
				piece[i] ^= 0x20
			}
		}
	}
	o.WriteString(quoted(piece))
	if nocase {
		o.WriteString("; nocase")
	}
	number := func(name string, v int) {
		if len(c.vars) > 0 && c.oneIn(4) {
			fmt.Fprintf(&o, "; %s:%s", name, pick(c.generator, c.vars...))
			return
		}
		fmt.Fprintf(&o, "; %s:%d", name, v)
	}
	placed := true
	switch kind := c.IntN(8); {
	case kind == 0:
		number("offset", max(0, start+c.off()))
	case kind == 1:
		number("depth", max(len(piece), end+c.off()))
	case kind == 2:
		at := max(0, start+c.off())
		number("offset", at)
		number("depth", max(len(piece), len(piece)+c.IntN(3)))
	case kind == 3 && c.moved:
		number("distance", start-c.cursor+c.off())
	case kind == 4 && c.moved:
		number("within", max(len(piece), end-c.cursor+c.off()))
	case kind == 5 && c.moved:
		number("distance", start-c.cursor+c.off())
		number("within", max(len(piece), len(piece)+c.IntN(3)))
	case kind == 6 && start == 0:
		o.WriteString("; startswith")
	case kind == 6:
		o.WriteString("; endswith")
	default:
		placed = false
	}
	if !placed && c.oneIn(6) {
		o.WriteString("; fast_pattern")
	}
	if !negated {
		c.cursor, c.moved = end, true
	}
	return o.String()
}

func (c *chain) isdataat() string {
	not := pick(c.generator, "", "", "!")
	if c.moved && c.oneIn(2) {
		return fmt.Sprintf("isdataat:%s%d,relative", not, max(0, len(c.data)-c.cursor+c.off()))
	}
	return fmt.Sprintf("isdataat:%s%d", not, max(0, len(c.data)+c.off()))
}

// place chooses where bytes are read: an offset in the sample and how the
// option says it.
func (c *chain) place(n int) (at int, option string, relative bool) {
	at = c.IntN(max(1, len(c.data)-n+2)) // the last runs over the end
	if c.moved && c.oneIn(2) {
		return at, fmt.Sprint(at - c.cursor), true
	}
	return at, fmt.Sprint(at), false
}

// value reads n bytes of the sample, as far as they are there.
func (c *chain) value(at, n int, little bool) uint64 {
	var b [8]byte
	if at < 0 || at+n > len(c.data) {
		return uint64(c.IntN(1000))
	}
	if little {
		copy(b[:], c.data[at:at+n])
		return binary.LittleEndian.Uint64(b[:])
	}
	copy(b[8-n:], c.data[at:at+n])
	return binary.BigEndian.Uint64(b[:])
}

func (c *chain) byteTest() string {
	n := 1 + c.IntN(4)
	at, where, relative := c.place(n)
	little := c.oneIn(4)
	v := c.value(at, n, little)
	flags := ""
	if relative {
		flags += ",relative"
	}
	switch {
	case little:
		flags += ",little"
	case c.oneIn(4):
		flags += ",string," + pick(c.generator, "dec", "hex", "oct")
		fmt.Sscan(strings.TrimLeft(string(c.data[min(at, len(c.data)):min(at+n, len(c.data))]), "0 "), &v)
	case c.oneIn(5):
		flags += fmt.Sprintf(",bitmask 0x%x", 1+c.Uint64N(1<<(8*n)-1))
	}
	return fmt.Sprintf("byte_test:%d,%s%s,%d,%s%s", n, pick(c.generator, "", "", "!"), pick(c.generator, "=", "<", ">", "<=", ">=", "&", "^"), v+uint64(max(0, c.off())), where, flags)
}

func (c *chain) byteJump() string {
	n := 1 + c.IntN(2)
	_, where, relative := c.place(n)
	flags := ""
	if relative {
		flags += ",relative"
	}
	for _, f := range []string{",little", ",align", ",from_beginning", ",from_end", fmt.Sprintf(",multiplier %d", 1+c.IntN(3)), fmt.Sprintf(",post_offset %d", c.IntN(9)-4), ",string,dec", ",string,hex", fmt.Sprintf(",bitmask 0x%x", 1+c.IntN(255))} {
		if c.oneIn(6) && !(strings.Contains(f, "from") && strings.Contains(flags, "from")) && !(strings.Contains(f, "string") && strings.Contains(flags, "string")) {
			flags += f
		}
	}
	c.moved, c.cursor = true, c.IntN(len(c.data)+1)
	return fmt.Sprintf("byte_jump:%d,%s%s", n, where, flags)
}

func (c *chain) byteExtract() string {
	n := 1
	_, where, relative := c.place(n)
	flags := ""
	if relative {
		flags += ",relative"
	}
	if c.oneIn(4) {
		flags += pick(c.generator, ",little", ",multiplier 2", ",string,dec", ",string,hex", ",bitmask 0x0f", ",align 4")
	}
	name := fmt.Sprintf("v%d", len(c.vars))
	c.vars = append(c.vars, name)
	return fmt.Sprintf("byte_extract:%d,%s,%s%s", n, where, name, flags)
}

func (c *chain) byteMath() string {
	_, where, relative := c.place(1)
	flags := ""
	if relative {
		flags += ", relative"
	}
	if c.oneIn(4) {
		flags += pick(c.generator, ", endian little", ", string dec", ", string hex", ", bitmask 0x0f")
	}
	name := fmt.Sprintf("v%d", len(c.vars))
	c.vars = append(c.vars, name)
	return fmt.Sprintf("byte_math:bytes 1, offset %s, oper %s, rvalue %d, result %s%s", where, pick(c.generator, "+", "-", "*", "/", "<<", ">>"), 1+c.IntN(4), name, flags)
}

func (c *chain) pcre() string {
	start, end := c.slice(8)
	var re strings.Builder
	for _, b := range c.data[start:end] {
		switch {
		case c.oneIn(4):
			re.WriteString(pick(c.generator, ".", "[^\\x00]", ".?", ".{1,3}", "\\S", "\\w"))
		case b >= '0' && b <= '9', b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z':
			re.WriteByte(b)
			if c.oneIn(6) {
				re.WriteString(pick(c.generator, "+", "*", "?"))
			}
		default:
			fmt.Fprintf(&re, "\\x%02x", b)
		}
	}
	prefix, flags, not := "", "", ""
	if c.oneIn(5) {
		prefix = pick(c.generator, "^", "\\b", "(?:^|.)")
	}
	suffix := ""
	if c.oneIn(6) {
		suffix = "$"
	}
	for _, f := range []string{"i", "s", "m", "A", "E", "G"} {
		if c.oneIn(6) {
			flags += f
		}
	}
	negated := c.oneIn(6)
	if negated {
		not = "!"
	}
	if c.moved && c.oneIn(2) {
		flags += "R"
	}
	if !negated {
		c.moved, c.cursor = true, end
	}
	return fmt.Sprintf(`pcre:%s"/%s%s%s/%s"`, not, prefix, re.String(), suffix, flags)
}

// quoted writes bytes as a content's value.
func quoted(b []byte) string {
	var s strings.Builder
	s.WriteByte('"')
	for i, c := range b {
		hex := c < 0x20 || c > 0x7e || strings.IndexByte(`";\|:`, c) >= 0 || c == ' ' && (i == 0 || i+1 == len(b))
		if hex {
			fmt.Fprintf(&s, "|%02X|", c)
			continue
		}
		s.WriteByte(c)
	}
	s.WriteByte('"')
	return s.String()
}
