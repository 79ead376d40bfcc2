package signatures

import (
	"spanwatch/signatures/keyword"
	"spanwatch/signatures/rule"
)

// Signature is one compiled rule, immutable. A rule with `<>` makes two.
type Signature struct {
	pos    rule.Position
	text   string // as written; empty unless Options.KeepText
	plan   *keyword.Plan
	action Action
	kind   RuleType
	print  uint32 // of the rule's text: tells it from another of the same sid
	order  uint32 // place among the ruleset's signatures; inspection goes by it

	need     need
	header   header
	apps     keyword.ProtoSet // of the flow; empty for any
	payload  *keyword.List
	packet   []*keyword.List // buffers of the packet
	tx       []*keyword.List // buffers of the transaction
	frames   []*keyword.List // of TypeFrame: of one kind of frame
	fast     fastPattern
	trigger  fastPattern   // of TypeTx without fast: what must be in the payload
	hook     *keyword.Hook // of proto:hook; nil for none
	parts    []txPart      // of TypeTx: everything that a transaction must satisfy
	bothWays bool          // transactional (=>): about both sides of a transaction

	details  alertDetails
	rates    []keyword.Rate
	suppress []suppression
	waits    bool // has a rate that Thresholds decides
}

// Sid returns the signature id.
func (s *Signature) Sid() uint32 { return s.plan.Meta.Sid }

// Rev returns the revision, 0 when the rule has none.
func (s *Signature) Rev() uint32 { return s.plan.Meta.Rev }

// Gid returns the generator id, 1 unless the rule says otherwise.
func (s *Signature) Gid() uint32 { return s.plan.Meta.Gid }

// Msg returns the rule's text for people; its bytes need not be UTF-8.
func (s *Signature) Msg() string { return s.plan.Meta.Msg }

// Severity returns the priority, 1 the most severe.
func (s *Signature) Severity() uint8 { return s.plan.Meta.Priority }

// Class returns the text of the rule's classtype; empty when unknown.
func (s *Signature) Class() string { return s.plan.Meta.ClassText }

// Action returns what the rule asks for.
func (s *Signature) Action() Action { return s.action }

// Target says which side of a matching packet is the victim.
func (s *Signature) Target() keyword.Target { return s.plan.Meta.Target }

// Tag returns what is to be reported of the packets behind an alert; nil for
// nothing.
func (s *Signature) Tag() *keyword.Tag { return s.plan.Meta.Tag }

// FileStore returns which files are to be kept after a match; nil for none.
func (s *Signature) FileStore() *keyword.FileStore { return s.plan.Meta.FileStore }

// RawText returns the rule as written, on one line; empty unless the rules were
// loaded with Options.KeepText.
func (s *Signature) RawText() string { return s.text }

// Position returns where the rule was read from.
func (s *Signature) Position() rule.Position { return s.pos }

// Type returns what the rule is evaluated on.
func (s *Signature) Type() RuleType { return s.kind }

// NamesProtocol reports whether the rule is about flows of some application
// protocols, by its header or its keywords.
func (s *Signature) NamesProtocol() bool { return s.apps != 0 }

// NoAlert reports whether matches make no alert, only effects.
func (s *Signature) NoAlert() bool {
	m := &s.plan.Meta
	return m.NoAlert || (s.action == ActionPass || s.action == ActionConfig) && !m.ForceAlert
}

// FastPattern returns the bytes that make the signature a candidate and the
// buffer they are looked for in; nil when it has none.
func (s *Signature) FastPattern() (pattern []byte, buffer string) {
	if s.fast.content == nil {
		return nil, ""
	}
	return s.fast.content.Fast(), s.fast.list.Key()
}

// onStream: the rule's conditions on the payload are on TCP streams. For other
// transports there are none.
func (s *Signature) onStream() bool { return s.kind == TypeStream || s.kind == TypePacketStream }

// bypassesPrefilter: the signature is inspected whenever its group is.
func (s *Signature) bypassesPrefilter() bool { return s.fast.content == nil && !s.triggered() }

// triggered: the signature on transactions is inspected when a pattern occurs
// in the payload, or when it matched in part before.
func (s *Signature) triggered() bool { return s.trigger.content != nil }

// headerOnly: addresses and ports decide, and nothing else.
func (s *Signature) headerOnly() bool {
	p := s.plan
	return len(p.Tests) == 0 && len(p.Lists) == 0 && len(p.TxTests) == 0 && p.Apps == 0 && !p.NeedsFlow && p.IPOnly
}
