package app

import (
	"iter"

	"spanwatch/decoders"
)

// Definition is what the rest of the sensor needs to know of a protocol. The
// protocol's own folder gives it, so that a new protocol is a folder and a
// line in package registry.
type Definition struct {
	Transports         decoders.Layers // LayerTCP, LayerUDP or both
	TCPPorts, UDPPorts []uint16        // of either endpoint, at which Probe is asked by default
	Fields             []Field         // what rules can look at
	Files              bool            // transactions carry files (FileData and so on)
	// FlowSides: records name client and server as source and destination.
	// Without it they name the sides of the packet that completed the
	// transaction. EVE has some protocols the one way, some the other.
	FlowSides bool
	// Event is the type of event that records are; empty for one of the
	// protocol's own name.
	Event string
}

// Described is implemented by parsers whose folder says all about them.
type Described interface {
	Parser
	Definition() Definition
}

// Field is a keyword of rules for something of a transaction.
type Field struct {
	Name    string
	Aliases []string
	Buffer  Buffer
	Dirs    Dirs // in which it exists
	Multi   bool // several instances, each tried on its own
	// Streamed: the buffer grows and is looked at piece by piece.
	Streamed bool
	// Stage is the progress of the transaction from which the field is to be
	// had, 0 when that is not known.
	Stage uint8

	// Bits makes it a number of that size, compared as in `name:>5`, instead
	// of bytes; Words are values by name, lower case, that rules may use.
	Bits  int
	Words map[string]uint64
	// AllOfNone: a condition on all of several values holds without any too.
	AllOfNone bool
	// Inclusive numbers take both ends of a range such as `name:1-5` into it.
	Inclusive bool
	// Flags are bits by name: rules say which are set and which are not, as
	// in `name:dup,!retain`.
	Flags map[string]uint64
	// Kinds are properties that a number of 32 bits, which may have a sign, has
	// or has not. Rules ask for one, as in `name:weak` and `name:!weak`, or list
	// the values that they want by number or by Words, as in `name:17,rc4-hmac`.
	Kinds map[string]func(value uint64) bool
	// Keys makes it a number under a key, of which these are the names, lower
	// case: rules ask for `name:KEY`, or for its number as in `name:KEY>5`.
	// Integer returns the key in the upper 32 bits.
	Keys map[string]uint64

	// Condition makes the keyword one with a grammar of its own, which Syntax
	// shows: it reads what a rule has behind `name:`.
	Condition func(value string) (Condition, error)
	Syntax    string
}

// Condition is what a rule asks of a transaction, in the direction that is
// inspected. It is used by all workers and keeps nothing.
type Condition interface {
	Match(tx Tx, dir decoders.Direction) bool
}

// Dirs is a set of directions, one bit each.
type Dirs uint8

// Sets of directions.
const (
	ToServer Dirs = 1 << decoders.ToServer
	ToClient Dirs = 1 << decoders.ToClient
	Both          = ToServer | ToClient
)

// Buffers of a protocol that defines its own: FieldsPerProtocol of them from
// FirstField+Buffer(proto)*FieldsPerProtocol on. Those that both sides have
// under one name come in pairs as Buffer.In tells, two numbers each, from
// FirstPair+Buffer(proto)*2*FieldsPerProtocol on.
const (
	FieldsPerProtocol        = 64
	FirstField        Buffer = 0x4000
	FirstPair         Buffer = 0x8000
)

// Events of a protocol that names its own: EventsPerProtocol of them from
// FirstEvent+Event(proto)*EventsPerProtocol on.
const (
	EventsPerProtocol       = 64
	FirstEvent        Event = 0x4000
	lastEvent               = FirstEvent + 64*EventsPerProtocol
)

// ownEvents are the names that NameEvents was given, by protocol.
var ownEvents [64][]string

// NameEvents names the events of a protocol, from its first. It is for the
// variables of the protocol's package, before anything runs.
func NameEvents(p Proto, names ...string) []string {
	if len(names) > EventsPerProtocol {
		panic("app: too many events of " + p.String())
	}
	ownEvents[p] = names
	return names
}

// EventByName finds an event among those that the protocol names itself.
func EventByName(p Proto, name string) (Event, bool) {
	for i, known := range ownEvents[p] {
		if known == name {
			return FirstEvent + Event(p)*EventsPerProtocol + Event(i), true
		}
	}
	return EventNone, false
}

// ownName is Event.String of such events.
func (e Event) ownName() string {
	if e < FirstEvent || e >= lastEvent {
		return ""
	}
	n := e - FirstEvent
	names := ownEvents[n/EventsPerProtocol]
	if i := int(n % EventsPerProtocol); i < len(names) {
		return names[i]
	}
	return ""
}

// EventSet is a set of up to 64 events of one protocol, for transactions.
type EventSet uint64

// Add puts e into the set.
func (s *EventSet) Add(e Event) { *s |= 1 << (e % EventsPerProtocol) }

// Has reports whether e, an event of protocol p, is in the set.
func (s EventSet) Has(p Proto, e Event) bool {
	first := FirstEvent + Event(p)*EventsPerProtocol
	return e >= first && e < first+EventsPerProtocol && s>>(e-first)&1 != 0
}

// Append appends the events of the set, which are of protocol p.
func (s EventSet) Append(p Proto, dst []Event) []Event {
	for e := FirstEvent + Event(p)*EventsPerProtocol; s != 0; e, s = e+1, s>>1 {
		if s&1 != 0 {
			dst = append(dst, e)
		}
	}
	return dst
}

// Buffers yields every number that a buffer of a protocol can have, for tests
// that ask a transaction for all of them: those that protocols share, and its
// own.
func Buffers(p Proto) iter.Seq[Buffer] {
	single, pair := FirstField+Buffer(p)*FieldsPerProtocol, FirstPair+Buffer(p)*2*FieldsPerProtocol
	return blocks([2]Buffer{BufferNone, BufferCount}, [2]Buffer{single, single + FieldsPerProtocol}, [2]Buffer{pair, pair + 2*FieldsPerProtocol})
}

// Events yields every number that an event of a protocol can have.
func Events(p Proto) iter.Seq[Event] {
	first := FirstEvent + Event(p)*EventsPerProtocol
	return blocks([2]Event{EventNone, EventCount}, [2]Event{first, first + EventsPerProtocol})
}

// blocks yields the numbers of some ranges, their ends left out.
func blocks[T Buffer | Event](ranges ...[2]T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, r := range ranges {
			for n := r[0]; n < r[1]; n++ {
				if !yield(n) {
					return
				}
			}
		}
	}
}
