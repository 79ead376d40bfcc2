package signatures

import (
	"fmt"
	"slices"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures/keyword"
)

// Explanation is a signature as it was understood. It marshals to JSON.
type Explanation struct {
	GID      uint32 `json:"gid"`
	SID      uint32 `json:"sid"`
	Rev      uint32 `json:"rev"`
	Msg      string `json:"msg"`
	Action   string `json:"action"`
	Severity uint8  `json:"severity"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Text     string `json:"text,omitempty"` // with Options.KeepText

	Type      string   `json:"type"`                // what it is evaluated on, see RuleType
	Order     int      `json:"order"`               // among all signatures, from 1: of inspection and of alerts
	Of        int      `json:"of"`                  // signatures in all
	Groups    []string `json:"groups"`              // where it is looked for
	Protocols []string `json:"protocols,omitempty"` // application protocols; none is any
	Direction string   `json:"direction"`           // to_server, to_client, both
	Flags     []string `json:"flags"`

	FastPattern *ExplainedPattern `json:"fast_pattern,omitempty"`
	Engines     []ExplainedEngine `json:"engines"` // in the order in which they are asked

	// Slow says why the signature may cost more than others.
	Slow []string `json:"slow,omitempty"`
}

// ExplainedPattern is what makes a signature a candidate.
type ExplainedPattern struct {
	Pattern string `json:"pattern"`
	Buffer  string `json:"buffer"`
	NoCase  bool   `json:"nocase"`
	// Shared is the number of signatures that have the same one.
	Shared int `json:"shared"`
}

// ExplainedEngine is one place that conditions are about.
type ExplainedEngine struct {
	Name       string   `json:"name"`
	Direction  string   `json:"direction,omitempty"`
	Progress   uint8    `json:"progress,omitempty"` // of the transaction, from which it can be decided
	Fast       bool     `json:"fast,omitempty"`
	Conditions []string `json:"conditions"`
}

// Explain returns the signatures of a sid, of every gid; a rule with <> has
// two. For tools.
func (rs *Ruleset) Explain(sid uint32) []Explanation {
	var all []Explanation
	for _, s := range rs.signatures {
		if s.Sid() == sid {
			all = append(all, rs.explain(s))
		}
	}
	return all
}

func (rs *Ruleset) explain(s *Signature) Explanation {
	x := Explanation{
		GID: s.Gid(), SID: s.Sid(), Rev: s.Rev(), Msg: s.Msg(), Action: s.action.String(), Severity: s.Severity(),
		File: s.pos.File, Line: s.pos.Line, Text: s.text,
		Type: s.kind.String(), Order: int(s.order) + 1, Of: len(rs.signatures), Direction: directionName(s.plan.Dirs),
		Groups: rs.groupsOf(s), Flags: s.flagNames(), Engines: s.engines(),
	}
	for p := range s.apps.All() {
		x.Protocols = append(x.Protocols, p.String())
	}
	if s.fast.content != nil {
		f := &ExplainedPattern{Pattern: keyword.Printable(s.fast.content.Fast()), Buffer: s.fast.list.Key(), NoCase: s.fast.content.NoCase}
		for _, other := range rs.signatures {
			if o := other.fast.content; o != nil && o.NoCase == f.NoCase && string(o.Fast()) == string(s.fast.content.Fast()) && other.fast.list.Key() == f.Buffer {
				f.Shared++
			}
		}
		x.FastPattern = f
	}
	x.Slow = s.slow(&x)
	return x
}

func directionName(d keyword.DirectionSet) string {
	switch d {
	case keyword.DirToServer:
		return "to_server"
	case keyword.DirToClient:
		return "to_client"
	}
	return "both"
}

var classNames = [classCount]string{
	classTCP: "tcp", classUDP: "udp", classSCTP: "sctp", classICMPv4: "icmpv4", classICMPv6: "icmpv6", classOther: "other IP", classNoIP: "not IP",
}

// groupsOf names the groups that hold s, with their size.
func (rs *Ruleset) groupsOf(s *Signature) (names []string) {
	switch s.kind {
	case TypeIPOnly:
		return []string{"rules on addresses, once a flow and direction"}
	case TypeProtoOnly:
		return []string{fmt.Sprintf("rules on the detected protocol (%d), once a flow and direction", len(rs.protocols))}
	case TypeTx:
		for p := app.Proto(0); ; p++ {
			if byDir := rs.transactions.of(p); byDir != nil {
				for d := decoders.ToServer; d <= decoders.ToClient; d++ {
					if byDir[d].has(s) {
						names = append(names, fmt.Sprintf("transactions of %s, %s: %d signatures, %d of them always", p, directionName(1<<d), len(byDir[d].sigs), len(byDir[d].always)))
					}
				}
			}
			if p == ^app.Proto(0) {
				return names
			}
		}
	}
	for c := range classCount {
		for d := decoders.ToServer; d <= decoders.ToClient; d++ {
			if !s.inClass(c) || !s.plan.Dirs.Has(d) {
				continue
			}
			ports := "of any port"
			if c <= classSCTP && s.servicePorts(d) != nil {
				ports = "of its service ports"
			}
			names = append(names, fmt.Sprintf("packets of %s, %s, %s: %d groups", classNames[c], directionName(1<<d), ports, len(rs.packets[c][d].groups)))
		}
	}
	return names
}

var needNames = []struct {
	need need
	name string
}{
	{needPayload, "needs payload"}, {needStream, "needs stream"}, {needBytes, "needs bytes"}, {needReal, "no pseudo packets"}, {needMore, "no end of a finished flow"}, {needFlow, "needs flow"},
	{needEstablished, "established"}, {needNotEstablished, "not established"}, {needEvents, "needs events"},
}

func (s *Signature) flagNames() []string {
	flags := []string{}
	for _, n := range needNames {
		if s.need&n.need != 0 {
			flags = append(flags, n.name)
		}
	}
	p := s.plan
	for _, f := range []struct {
		is   bool
		name string
	}{
		{s.hook != nil, "hook"}, {s.bothWays, "transactional"}, {s.NoAlert(), "noalert"}, {p.Meta.Bypass, "bypass"}, {p.Meta.Tag != nil, "tag"},
		{p.Meta.FileStore != nil, "filestore"}, {len(s.rates) > 0, "threshold"}, {len(s.suppress) > 0, "suppress"}, {len(p.HostBits) > 0, "host bits"},
		{len(p.FlowBitUse().Sets) > 0, "sets flowbits"}, {len(p.FlowBitUse().Reads) > 0, "reads flowbits"},
	} {
		if f.is {
			flags = append(flags, f.name)
		}
	}
	return flags
}

// engines lists what is asked, in order.
func (s *Signature) engines() []ExplainedEngine {
	var list []ExplainedEngine
	if n := len(s.plan.Tests); n > 0 {
		list = append(list, ExplainedEngine{Name: "packet and flow", Conditions: []string{fmt.Sprintf("%d conditions", n)}})
	}
	add := func(l *keyword.List, e ExplainedEngine) {
		e.Name, e.Fast, e.Conditions = l.Key(), l == s.fast.list, l.Chain.Describe()
		if l.Absent != keyword.AbsentNever {
			e.Conditions = append([]string{"or absent"}, e.Conditions...)
		}
		list = append(list, e)
	}
	for _, l := range s.packet {
		add(l, ExplainedEngine{})
	}
	if s.kind != TypeTx {
		if s.payload != nil {
			add(s.payload, ExplainedEngine{})
		}
		return list
	}
	for k := range s.parts {
		p := &s.parts[k]
		e := ExplainedEngine{Direction: directionName(p.dirs), Progress: p.stage}
		switch {
		case p.hook:
			e.Name, e.Conditions = "hook", []string{fmt.Sprintf("progress %d", p.stage)}
			list = append(list, e)
		case p.test != nil:
			e.Name, e.Conditions = "transaction", []string{fmt.Sprintf("%T", p.test)}
			list = append(list, e)
		default:
			add(p.list, e)
		}
	}
	return list
}

// slow says what may make the signature dear.
func (s *Signature) slow(x *Explanation) (why []string) {
	lists := slices.Concat(s.packet, s.tx)
	if s.payload != nil {
		lists = append(lists, s.payload)
	}
	expressions := 0
	for _, l := range lists {
		if !l.Chain.HasExpression() {
			continue
		}
		expressions++
		if len(l.Contents(nil)) == 0 {
			why = append(why, "the expression on "+l.Key()+" has no content beside it that would rule most buffers out first")
		}
		if l.Source != nil && l.Source.Streamed {
			why = append(why, "an expression on "+l.Key()+", which is long and looked at in pieces")
		}
	}
	switch f := x.FastPattern; {
	case s.kind == TypeIPOnly || s.kind == TypeProtoOnly || s.kind == TypeEventOnly:
	case f == nil && s.triggered():
	case f == nil && s.kind == TypeTx:
		why = append(why, "no fast pattern: every transaction of its protocols makes it a candidate")
	case f == nil:
		why = append(why, "no fast pattern: every packet of its group makes it a candidate")
	case f != nil && len(s.fast.content.Fast()) < 4:
		why = append(why, fmt.Sprintf("the fast pattern has %d bytes and occurs often by chance", len(s.fast.content.Fast())))
	case f.Shared > 100:
		why = append(why, fmt.Sprintf("%d signatures have the same fast pattern: all are candidates together", f.Shared))
	}
	if s.payload != nil && s.kind != TypeTx && s.header.srcPorts == nil && s.header.dstPorts == nil && s.apps == 0 {
		why = append(why, "the payload of every port is searched")
	}
	if expressions > 0 && x.FastPattern == nil {
		why = append(why, "an expression without a fast pattern before it")
	}
	return why
}
