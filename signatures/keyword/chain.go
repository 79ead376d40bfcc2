package keyword

// Chain is what one buffer must satisfy: steps tried in the order of the rule,
// each with the cursor that the one before left (the end of the last match).
// It is immutable.
//
// A content that matched and is followed by something that fails is tried
// again at its next occurrence, if what follows depends on where it matched;
// otherwise nothing can change and the whole chain has failed.
type Chain struct {
	nodes []node
	// MinLength is the least length of a buffer that can match, 0 when not known.
	MinLength int
}

// node is one step. Contents are held apart from the other steps because they
// alone can match in several places.
type node struct {
	content *Content
	step    step // nil iff content is not
	// relativeNext: a later step measures from where this content matched.
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

// StepLimit is the number of steps that one evaluation of a chain may take;
// a chain that needs more does not match (Suricata's
// inspection-recursion-limit). It bounds what hostile bytes can cost.
const StepLimit = 3000

// Machine evaluates chains: one worker's scratch memory. The zero value is
// ready.
type Machine struct {
	data      []byte
	variables [maxVariables]uint64
	steps     int

	// Exhausted counts evaluations that ran into StepLimit.
	Exhausted uint64

	transformed [2][]byte // alternating outputs of transforms
}

// Match reports whether the bytes of one whole buffer satisfy the chain. data
// is borrowed until Match returns.
func (m *Machine) Match(c *Chain, data []byte) bool {
	if len(data) < c.MinLength {
		return false
	}
	m.data = data
	m.steps = 0
	v := m.run(c.nodes, 0)
	m.data = nil
	if m.steps >= StepLimit {
		m.Exhausted++
		return false
	}
	return v == yes
}

// run tries the nodes from the cursor on.
func (m *Machine) run(nodes []node, cursor int) verdict {
	for len(nodes) > 0 {
		if m.steps++; m.steps >= StepLimit {
			return never
		}
		n := &nodes[0]
		nodes = nodes[1:]
		if n.content != nil {
			if !n.content.Negated {
				return m.occurrences(n, nodes, cursor)
			}
			if !n.content.absentFrom(m, cursor) {
				return no
			}
			continue
		}
		next, v := n.step.try(m, cursor)
		if v != yes {
			return v
		}
		cursor = next
	}
	return yes
}

// occurrences tries one occurrence of a content after the other until the
// rest of the chain holds.
func (m *Machine) occurrences(n *node, rest []node, cursor int) verdict {
	c := n.content
	from, to := c.window(m, cursor)
	for {
		end := c.find(m.data, from, to)
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
