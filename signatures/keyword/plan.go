package keyword

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Plan is what the options of one rule come to. Immutable after Finish.
type Plan struct {
	Meta Meta

	Tests   []Test   // on packet and flow, in the order of the rule
	Lists   []*List  // buffers with their conditions, in the order of first use
	TxTests []TxTest // on a transaction, in the order of the rule
	Hook    *Hook    // app-layer-state: the stage that the rule is about; nil for any
	Effects []Effect // run after a full match, also when the alert is held back
	TxBits  uint64   // bits of the transaction that a full match sets (xbits with track tx)

	Rates    []Rate    // threshold or detection_filter
	HostBits []HostBit // in the order of the rule
	// Variables is how many byte variables Machine keeps for the rule.
	Variables int

	// Dirs are the directions of the flow in which the rule can match: from
	// flow and from buffers that exist in one direction only.
	Dirs DirectionSet
	// NeedsFlow: packets without a flow do not match.
	NeedsFlow    bool
	FlowState    bool     // flow asks for more than a direction
	NeedsPayload bool     // packets whose payload is not inspected do not match
	Established  Tristate // flow:established and not_established
	PacketOnly   bool     // flow:no_stream, dsize and others: one packet decides
	StreamOnly   bool     // flow:only_stream
	StreamSize   bool     // has stream_size
	OneIPProto   bool     // has ip_proto with IPProto, so that packets of no other protocol match
	IPProto      uint8
	EventTest    bool     // has decode-event, stream-event or an event of protocol detection
	Apps         ProtoSet // application protocols of flows, one of them; empty for any
	ChecksumTest bool     // asks whether a checksum is right
	AppTest      bool     // has app-layer-protocol
	AppOnly      bool     // every keyword leaves the rule decidable by protocol detection
	PacketOnlyBy string   // the keyword behind PacketOnly, for messages

	IPOnly    bool // every keyword leaves the rule decidable by addresses
	EventOnly bool // every keyword leaves the rule decidable by events
}

// Meta is what a rule says about itself.
type Meta struct {
	Sid, Rev, Gid uint32
	Msg           string   // escapes resolved; any bytes
	ClassText     string   // alert.category
	Priority      uint8    // 1 is the most severe
	HasPriority   bool     // from the rule itself, not from its class
	Details       *Details // nil for none, and once alerts have their text
	Target        Target
	NoAlert       bool
	ForceAlert    bool // keyword alert
	Bypass        bool
	Silence       bool       // config: the transaction's record is not written
	Tag           *Tag       // nil for none
	FileStore     *FileStore // nil for none
}

// Details are what only the text of alerts needs.
type Details struct {
	References []Reference
	Metadata   []Pair
}

// Reference points to a description of what a rule is about.
type Reference struct{ Type, ID, URL string }

// Pair is one entry of the metadata keyword; keys repeat.
type Pair struct{ Key, Value string }

// Target says which side of a matching packet is the victim.
type Target uint8

// Targets.
const (
	TargetNone Target = iota
	TargetSource
	TargetDestination
)

// DirectionSet is a set of directions of a flow.
type DirectionSet uint8

// Sets of directions.
const (
	DirToServer DirectionSet = 1 << decoders.ToServer
	DirToClient DirectionSet = 1 << decoders.ToClient
	DirBoth                  = DirToServer | DirToClient
)

// Has reports whether d is in the set.
func (s DirectionSet) Has(d decoders.Direction) bool { return s&(1<<d) != 0 }

// Tristate is a condition that may be asked for, forbidden, or left open.
type Tristate uint8

// Tristates.
const (
	Either Tristate = iota
	Yes
	No
)

// Test is a condition on the packet and its flow.
type Test interface {
	Match(f *Facts) bool
}

// TxTest is a condition on one transaction.
type TxTest interface {
	MatchTx(t *TxFacts) bool
}

// TxFacts is what a TxTest may ask about.
type TxFacts struct {
	Tx    app.Tx
	Dir   decoders.Direction // in which the transaction is inspected
	Facts *Facts             // of the packet at hand
	Bits  uint64             // of the transaction that rules have set (xbits with track tx)
}

// Buffer returns the buffer that rules mean by b in the direction at hand.
func (t *TxFacts) Buffer(b app.Buffer) app.Buffer { return b.In(t.Dir) }

// Effect is something a full match does.
type Effect interface {
	Apply(f *Facts)
}

// List is one buffer of a rule with the conditions on it. Repeating a multi
// buffer starts another List, which may be satisfied by another instance.
type List struct {
	Source     *Source      // nil for the payload
	Dirs       DirectionSet // in which it is looked at
	Transforms []Transform
	Chain      Chain
	Absent     Absence

	key string // of transforms, with what they were given; tells lists apart
}

// Absence says what a buffer that does not exist comes to.
type Absence uint8

// Absences.
const (
	AbsentNever Absence = iota // no match
	AbsentOnly                 // a match, and a buffer that exists is none
	AbsentOr                   // a match; a buffer that exists must satisfy the conditions
)

// Payload reports whether the list is on the packet payload or the stream.
func (l *List) Payload() bool { return l.Source == nil }

// Contents appends the list's contents to dst, negated ones too.
func (l *List) Contents(dst []*Content) []*Content {
	for i := range l.Chain.nodes {
		if c := l.Chain.nodes[i].content; c != nil {
			dst = append(dst, c)
		}
	}
	return dst
}

// Key names what the list looks at: buffer and transforms. Lists of one key
// can share a prefilter.
func (l *List) Key() string {
	if l.Source == nil {
		return "payload" + l.key
	}
	return l.Source.Name + l.key
}
