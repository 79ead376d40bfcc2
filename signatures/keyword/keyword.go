package keyword

import (
	"slices"

	"spanwatch/signatures/rule"
)

// Kind groups keywords by what they do.
type Kind uint8

// Kinds, in the order of the README's table.
const (
	KindMeta      Kind = iota + 1 // describes the rule
	KindAction                    // what a match does
	KindThreshold                 // how often a match alerts
	KindFlow                      // condition on the flow
	KindHeader                    // condition on the packet
	KindPayload                   // condition on bytes of the current buffer
	KindModifier                  // changes the content before it
	KindBuffer                    // sets the current buffer
	KindTransform                 // changes the current buffer
	KindApp                       // condition on a transaction
	KindPrefilter                 // how candidates are found; no change of the result
)

var kindNames = [...]string{
	KindMeta: "meta", KindAction: "action", KindThreshold: "threshold", KindFlow: "flow", KindHeader: "header",
	KindPayload: "payload", KindModifier: "content modifier", KindBuffer: "sticky buffer", KindTransform: "transform",
	KindApp: "application layer", KindPrefilter: "prefilter",
}

// String returns the kind as the documentation writes it.
func (k Kind) String() string { return kindNames[k] }

// Argument says whether a keyword takes a value.
type Argument uint8

// Arguments.
const (
	Required Argument = iota
	None
	Optional
)

// Trait is something about a keyword that the type of a rule depends on.
type Trait uint8

const (
	// KeepsIPOnly: a rule with nothing else is decided by addresses alone,
	// once per direction of a flow.
	KeepsIPOnly Trait = 1 << iota
	// KeepsEventOnly: a rule with nothing else and a decoder event is looked
	// at for packets with events only.
	KeepsEventOnly
	// KeepsAppOnly: a rule with nothing else and app-layer-protocol is decided
	// when the application protocol is known.
	KeepsAppOnly
	// NeedsPacket: the condition is on one packet, so the rule cannot be
	// decided on a stream of bytes.
	NeedsPacket
)

// Keyword is one word of the rule language that is supported.
type Keyword struct {
	Name     string
	Aliases  []string
	Kind     Kind
	Argument Argument
	Traits   Trait
	Syntax   string // for people
	// Setup adds the option's meaning to the rule being built. The option has
	// a value as Argument says.
	Setup func(*Builder, *rule.Option) *rule.Diagnostic
}

// Set finds keywords by name. It is immutable and may be shared.
type Set struct {
	byName map[string]*Keyword
	buffer map[string]*Source  // by name
	known  map[string]struct{} // names of the language, supported or not
	names  []string            // of known, sorted
}

// NewSet makes the set of all supported keywords.
func NewSet() *Set {
	buffers := sources()
	table := tableWith(buffers)
	s := &Set{buffer: make(map[string]*Source, len(buffers)), byName: make(map[string]*Keyword, 2*len(table)), known: make(map[string]struct{}, len(languageNames))}
	for i := range buffers {
		s.buffer[buffers[i].Name] = &buffers[i]
	}
	for _, name := range languageNames {
		s.known[name] = struct{}{}
	}
	for i := range table {
		k := &table[i]
		s.byName[k.Name] = k
		s.known[k.Name] = struct{}{}
		for _, alias := range k.Aliases {
			s.byName[alias] = k
			s.known[alias] = struct{}{}
		}
	}
	for name := range s.known {
		s.names = append(s.names, name)
	}
	slices.Sort(s.names)
	return s
}

// Lookup finds a supported keyword by name or alias.
func (s *Set) Lookup(name string) (*Keyword, bool) {
	k, ok := s.byName[name]
	return k, ok
}

// source returns the buffer of a name that this package itself uses.
func (s *Set) source(name string) *Source { return s.buffer[name] }

// Known reports whether name is a keyword of the language, supported or not.
func (s *Set) Known(name string) bool {
	_, ok := s.known[name]
	return ok
}

// Names returns every name of the language, sorted. Read-only.
func (s *Set) Names() []string { return s.names }
