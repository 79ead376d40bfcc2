package rule

import "net/netip"

// Rule is the syntax tree of one rule: what was written, resolved as far as
// syntax goes and no further. It shares no memory with other rules.
type Rule struct {
	Action    string // as written: alert, pass, drop, reject, rejectsrc, …
	Proto     string // as written, lower case, without hook
	Hook      string // after the colon of proto:hook; empty when none
	Src, Dst  AddressSet
	SrcPorts  PortSet
	DstPorts  PortSet
	Direction Direction
	Options   []Option // left to right; order matters

	Text string   // the rule as one line, continuation lines joined
	Pos  Position // of the first character

	places places // of Text in the file
}

// Direction of the header's arrow.
type Direction uint8

// Arrows.
const (
	OneWay        Direction = iota + 1 // ->
	BothWays                           // <>
	Transactional                      // =>
)

// Option is one `name:value;` of a rule's body.
type Option struct {
	Name     string // lower case as rules write it
	Value    string // raw text behind the colon, trimmed; quotes and escapes kept
	HasValue bool
	Pos      Position // of the name
	ValuePos Position // of the value

	valueAt int // offset of the value in the rule's Text
}

// Position is a place in a rule file; lines and columns count from 1,
// columns in bytes.
type Position struct {
	File string
	Line int
	Col  int
}

// Address is a range of addresses of one family, both ends included.
type Address struct {
	From, To netip.Addr
	Negated  bool
}

// AddressSet is a resolved address expression: variables replaced, nested
// lists flattened, negation pushed down. An address belongs to it when it is
// in Any or in an included range, and in no negated one.
type AddressSet struct {
	Any     bool // the include side is every address
	Ranges  []Address
	Written string // as the rule wrote it
}

// Port is a range of ports, both ends included.
type Port struct {
	From, To uint16
	Negated  bool
}

// PortSet is a resolved port expression, like AddressSet.
type PortSet struct {
	Any     bool
	Ranges  []Port
	Written string
}

// Vars are the values of $NAME in headers: name without $ to expression.
type Vars struct {
	Addresses map[string]string
	Ports     map[string]string
}
