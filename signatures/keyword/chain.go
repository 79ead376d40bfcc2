package keyword

import "spanwatch/signatures/pcre"

// Chain is what one buffer must satisfy: steps tried in the order of the rule,
// each with the cursor that the one before left (the end of the last match).
// It is immutable.
//
// A content or expression that matched and is followed by something that fails
// is tried again at its next occurrence, if what follows depends on where it
// matched; otherwise nothing can change and the whole chain has failed.
type Chain struct {
	nodes []node
	// MinLength is the least length of a buffer that can match, 0 when not known.
	MinLength int
}

// node is one step, one of three. Contents and expressions are held apart from
// the other steps because they alone can match in several places.
type node struct {
	content *Content
	pcre    *expression
	step    step
	// relativeNext: a later step measures from where this one matched.
	relativeNext bool
}

// step is a condition that holds or not, once, at a given cursor.
type step interface {
	// try evaluates the condition and returns the cursor behind it.
	try(m *Machine, cursor int) (next int, v verdict)
}

// verdict is a step's answer.
type verdict uint8

const (
	no    verdict = iota // this path fails; an earlier content may try elsewhere
	yes                  // the next step is tried
	never                // the buffer cannot match, whatever an earlier content does
)

// Len returns the number of steps.
func (c *Chain) Len() int { return len(c.nodes) }

// maxVariables bounds byte_extract and byte_math results in one chain.
const maxVariables = 32

// Machine evaluates chains: one worker's scratch memory. The zero value is
// ready.
type Machine struct {
	limits Limits
	work   uint64 // on this packet

	data      []byte
	base      int  // offset of data in its buffer
	open      bool // the buffer may go on behind data
	little    bool // the byte order of the remote call that data is of
	variables [maxVariables]uint64
	steps     int

	// Exhausted counts evaluations that ran into Limits.Steps, GaveUp those of
	// expressions that ran into theirs.
	Exhausted, GaveUp uint64

	// Captures of the evaluations since they were last cleared.
	Captures Captures

	regexps     *pcre.Scratch
	decoded     []byte    // of base64_decode
	transformed [2][]byte // alternating outputs of transforms
}

// Piece is the part of a buffer that a chain is matched with. Bytes are
// borrowed for the time of the match.
type Piece struct {
	Data   []byte
	Offset int  // of Data in the buffer; positions in rules count from the buffer's start
	Open   bool // the buffer may go on behind Data
	Little bool // numbers of the remote call that Data is of are little-endian
}

// Match reports whether the bytes of one whole buffer satisfy the chain. data
// is borrowed until Match returns.
func (m *Machine) Match(c *Chain, data []byte) bool { return m.MatchPiece(c, Piece{Data: data}) }

// MatchPiece is Match for a part of a buffer.
func (m *Machine) MatchPiece(c *Chain, p Piece) bool {
	if p.Offset+len(p.Data) < c.MinLength {
		return false
	}
	if m.limits.Steps == 0 {
		m.NextPacket()
	}
	m.data, m.base, m.open, m.little = p.Data, p.Offset, p.Open, p.Little
	m.steps = 0
	v := m.run(c.nodes, 0)
	m.data = nil
	if m.steps >= m.limits.Steps {
		m.Exhausted++
		return false
	}
	return v == yes
}

// ClearVariables forgets the first n byte variables: those of another rule.
func (m *Machine) ClearVariables(n int) { clear(m.variables[:n]) }

// nested evaluates a chain on bytes that a step made, within the steps of the
// chain it belongs to.
func (m *Machine) nested(c *Chain, data []byte) verdict {
	outer, base, open := m.data, m.base, m.open
	m.data, m.base, m.open = data, 0, false
	v := m.run(c.nodes, 0)
	m.data, m.base, m.open = outer, base, open
	return v
}

// run tries the nodes from the cursor on.
func (m *Machine) run(nodes []node, cursor int) verdict {
	for len(nodes) > 0 {
		if !m.step() {
			return never
		}
		n := &nodes[0]
		nodes = nodes[1:]
		switch {
		case n.content != nil:
			if !n.content.Negated {
				return m.occurrences(n, nodes, cursor)
			}
			if !n.content.absentFrom(m, cursor) {
				return no
			}
		case n.pcre != nil:
			if !n.pcre.negated {
				return m.expressions(n, nodes, cursor)
			}
			if n.pcre.match(m, cursor, 0) != pcre.NoMatch {
				return no
			}
		default:
			next, v := n.step.try(m, cursor)
			if v != yes {
				return v
			}
			cursor = next
		}
	}
	return yes
}

// occurrences tries one occurrence of a content after the other until the
// rest of the chain holds.
func (m *Machine) occurrences(n *node, rest []node, cursor int) verdict {
	c := n.content
	from, to := c.window(m, cursor)
	for {
		end := c.find(m, from, to)
		if end < 0 {
			if c.relative {
				return no
			}
			return never
		}
		if len(rest) == 0 {
			return yes
		}
		v := m.run(rest, end)
		if v != no {
			return v
		}
		if !n.relativeNext {
			return never
		}
		from = end - len(c.Pattern) + 1
	}
}

// expressions is occurrences for a regular expression: the next match is
// looked for one byte behind the start of the last one.
func (m *Machine) expressions(n *node, rest []node, cursor int) verdict {
	start := 0
	for {
		if n.pcre.match(m, cursor, start) != pcre.Matched {
			return no
		}
		place := m.regexps.Group(0)
		n.pcre.capture(m, cursor)
		if len(rest) == 0 {
			return yes
		}
		v := m.run(rest, n.pcre.origin(cursor)+place.To)
		if v != no {
			return v
		}
		if !n.relativeNext {
			return never
		}
		start = place.From + 1
		if !m.step() {
			return never
		}
	}
}
