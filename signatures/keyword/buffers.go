package keyword

import (
	"slices"
	"strings"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// Source is a buffer that rules can look at: where its bytes come from.
type Source struct {
	Name    string
	Aliases []string

	// A buffer of the packet has Packet, which returns its bytes, borrowed,
	// and whether the packet has it.
	Packet func(*decoders.Packet) ([]byte, bool)
	// Address: the bytes are an address, which all packets of a transaction
	// have, so that rules on transactions may ask for it.
	Address bool

	// A buffer of a transaction has Apps, the protocols it exists in, and
	// Buffer.
	Apps ProtoSet
	// Kept are those of them in which the buffer never counts as absent.
	Kept   ProtoSet
	Buffer app.Buffer
	Dirs   DirectionSet // in which it exists
	Multi  bool         // several instances, each tried on its own
	// Streamed: the buffer grows and is looked at piece by piece (app.Streamed).
	Streamed bool
	// Feature is what has to be switched on for the buffer (Environment.Features);
	// empty for nothing.
	Feature string
	// Stage is the progress of the transaction from which the buffer is to be
	// had, 0 when that is not known; buffers of earlier stages are looked at
	// first. Of a buffer of several protocols it says the order only.
	Stage uint8

	// A frame of Apps has Frame and its kind there.
	Frame     bool
	FrameKind app.FrameKind

	// Class is the fast pattern class; the lowest is preferred.
	Class FastClass
	// Check says why a content can never match this buffer; "" when it can.
	Check func(*Content) string

	hidden bool // rules reach it by other keywords only
	order  int  // place in the table: of equal patterns the later buffer's wins
}

// From returns the progress from which the buffer is to be had, 0 for any. Of
// several protocols only the versions of HTTP count their progress alike.
func (s *Source) From() uint8 {
	if s.Apps&(s.Apps-1) != 0 && s.Apps != httpProtos {
		return 0
	}
	return s.Stage
}

// Files reports whether the buffer has an instance for each file.
func (s *Source) Files() bool { return s.Apps == fileProtos }

// FastClass orders buffers for the choice of the fast pattern.
type FastClass uint8

// Classes, as Suricata registers its buffers.
const (
	ClassBuffer FastClass = 2
	ClassStream FastClass = 3 // payload
	ClassMethod FastClass = 4 // few values, in nearly every transaction
)

// Order is the place of the source among all, for the fast pattern choice;
// the payload is before all of them.
func (l *List) Order() int {
	if l.Source == nil {
		return -1
	}
	return l.Source.order
}

// FastClass returns the class of the list's buffer.
func (l *List) FastClass() FastClass {
	if l.Source == nil {
		return ClassStream
	}
	return l.Source.Class
}

// sources is the table of all buffers.
func sources() []Source {
	table := slices.Concat(packetSources(), appSources(), definedSources())
	for i := range table {
		table[i].order = i
		table[i].Kept = neverAbsent[table[i].Name]
	}
	return table
}

// bufferKeywords makes a sticky buffer of every source.
func bufferKeywords(table []Source) []Keyword {
	keywords := make([]Keyword, 0, len(table))
	for i := range table {
		s := &table[i]
		if s.hidden {
			continue
		}
		k := Keyword{Name: s.Name, Aliases: s.Aliases, Kind: KindBuffer, Argument: None, Syntax: s.Name + "; content:…"}
		if s.Address {
			k.Traits = 0
		} else if s.Packet != nil {
			k.Traits = NeedsPacket
		} else if s.Dirs == DirBoth {
			k.Argument, k.Syntax = Optional, s.Name+"[:to_server|to_client]; content:…"
		}
		k.Setup = func(b *Builder, o *rule.Option) *rule.Diagnostic { return b.useSource(o, s) }
		keywords = append(keywords, k)
	}
	return keywords
}

// useSource makes s the current buffer.
func (b *Builder) useSource(o *rule.Option, s *Source) *rule.Diagnostic {
	if d := b.closeList(); d != nil {
		return d
	}
	dirs := s.Dirs
	switch o.Value {
	case "":
	case "to_server":
		dirs &= DirToServer
	case "to_client":
		dirs &= DirToClient
	default:
		return b.badValue(o, "unknown direction "+quoted(o.Value))
	}
	l, d := b.sourceList(o, s, dirs)
	if d != nil {
		return d
	}
	b.list = l
	b.lastSource = o
	b.transform = true
	b.plan.IPOnly, b.plan.EventOnly = false, false
	return nil
}

// sourceList returns the list to fill for a buffer, once the rule is known to
// be able to have it.
func (b *Builder) sourceList(o *rule.Option, s *Source, dirs DirectionSet) (*List, *rule.Diagnostic) {
	if s.Feature != "" && !slices.Contains(b.env.Features, s.Feature) {
		return nil, b.fail(o, "feature-off", s.Name+" is not to be had", "the feature "+s.Feature+" is switched off", "")
	}
	if s.Packet == nil {
		if d := b.needApps(o, s.Apps); d != nil {
			return nil, d
		}
		if d := b.narrow(o, dirs); d != nil {
			return nil, d
		}
	}
	l := b.listOf(s, dirs)
	b.plan.IPOnly, b.plan.EventOnly = false, false
	return l, nil
}

// setPktData is the keyword pkt_data: back to the payload.
func setPktData(b *Builder, o *rule.Option) *rule.Diagnostic {
	if d := b.closeList(); d != nil {
		return d
	}
	b.list = b.listOf(nil, DirBoth)
	b.lastSource = o
	return nil
}

// AppliesTo names the protocols and direction of a buffer for the README.
func (s *Source) AppliesTo() string {
	if s.Packet != nil {
		return "packet"
	}
	parts := s.Apps.names()
	switch s.Dirs {
	case DirToServer:
		parts = append(parts, "to server")
	case DirToClient:
		parts = append(parts, "to client")
	}
	return strings.Join(parts, ", ")
}
