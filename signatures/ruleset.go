package signatures

import (
	"slices"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures/keyword"
	"spanwatch/signatures/prefilter"
)

// Ruleset is a set of signatures with the structures that find candidates
// among them. It is immutable and shared by all workers.
//
//	packet ─► addresses (rules that are lists of addresses)
//	       ─► packets[class][direction] ─► port ─► group: always + matcher of payloads
//	frame ─► frames[protocol][direction]
//	transaction ─► transactions[protocol][direction]: always + a matcher per buffer
type Ruleset struct {
	signatures []*Signature // by order
	gates      []gate       // by order
	flowbits   []string     // names by number
	variables  []string     // of flows, by number
	hostbits   []string     // by number
	byID       map[ruleID]*Signature

	addresses    *addressIndex
	protocols    []*Signature // decided when the protocol is known
	packets      [classCount][2]portGroups
	transactions txGroups
	frames       map[app.Proto]*[2][]*Signature // on frames, by direction

	magic    bool // a rule asks for the type of files
	datasets *keyword.Datasets
	groups   []*packetGroup
	matchers *prefilter.Builder
}

// Signatures returns all of them in the order of inspection. Read-only.
func (rs *Ruleset) Signatures() []*Signature { return rs.signatures }

// Datasets returns the sets of values that rules look up. Those with SaveTo are
// to be written in the end.
func (rs *Ruleset) Datasets() *keyword.Datasets { return rs.datasets }

// OneWorker reports whether matches may depend on the order in which workers
// see packets, because rules change a dataset: a replay that must give the
// same alerts every time is to use one worker then.
func (rs *Ruleset) OneWorker() bool { return rs.datasets.Mutable() }

// Variable returns the name of a variable that an expression caught.
func (rs *Ruleset) Variable(i uint16) string { return rs.variables[i] }

// Flowbits returns the names of all flowbits. Read-only.
func (rs *Ruleset) Flowbits() []string { return rs.flowbits }

// Frames says whether any rule is about frames of a protocol: parsers need not
// mark them otherwise.
func (rs *Ruleset) Frames(p app.Proto) bool { return rs.frames[p] != nil }

// AsksMagic says whether any rule is about the type of files.
func (rs *Ruleset) AsksMagic() bool { return rs.magic }

func (rs *Ruleset) addFrameRule(s *Signature) {
	for proto := range s.frames[0].Source.Apps.All() {
		if !s.apps.Has(proto) {
			continue
		}
		if rs.frames[proto] == nil {
			rs.frames[proto] = new([2][]*Signature)
		}
		for d := decoders.ToServer; d <= decoders.ToClient; d++ {
			if s.plan.Dirs.Has(d) {
				rs.frames[proto][d] = append(rs.frames[proto][d], s)
			}
		}
	}
}

// newRuleset builds the structures; sigs are in inspection order.
func newRuleset(sigs []*Signature, names *keyword.Names, b *groupBuilder) *Ruleset {
	rs := &Ruleset{
		signatures: sigs, gates: gatesOf(sigs), flowbits: names.Flowbits, variables: names.Variables, hostbits: names.Hostbits,
		byID: make(map[ruleID]*Signature, len(sigs)), frames: map[app.Proto]*[2][]*Signature{}, matchers: b.matchers,
	}
	for _, s := range sigs {
		rs.byID[ruleID{s.Gid(), s.Sid()}] = s
		rs.magic = rs.magic || slices.ContainsFunc(s.tx, func(l *keyword.List) bool { return l.Source.Buffer == app.FileMagic })
	}
	var addresses []*Signature
	var packets [classCount][2][]*Signature
	addPacket := func(s *Signature) {
		for c := range classCount {
			for d := decoders.ToServer; d <= decoders.ToClient; d++ {
				if s.inClass(c) && s.plan.Dirs.Has(d) {
					packets[c][d] = append(packets[c][d], s)
				}
			}
		}
	}
	var txs = map[app.Proto]*[2][]*Signature{}
	for _, s := range sigs {
		switch s.kind {
		case TypeIPOnly:
			addresses = append(addresses, s)
		case TypeProtoOnly:
			rs.protocols = append(rs.protocols, s)
		case TypeFrame:
			rs.addFrameRule(s)
		case TypeTx:
			if s.triggered() && b.prefilter {
				addPacket(s)
			}
			for proto := range s.apps.All() {
				if txs[proto] == nil {
					txs[proto] = new([2][]*Signature)
				}
				for d := decoders.ToServer; d <= decoders.ToClient; d++ {
					if s.plan.Dirs.Has(d) {
						txs[proto][d] = append(txs[proto][d], s)
					}
				}
			}
		default:
			addPacket(s)
		}
	}
	rs.addresses = newAddressIndex(addresses)
	for c := range classCount {
		for d := decoders.ToServer; d <= decoders.ToClient; d++ {
			if c <= classSCTP {
				rs.packets[c][d] = b.portGroups(packets[c][d], c, d)
			} else {
				rs.packets[c][d] = portGroups{groups: []*packetGroup{b.group(packets[c][d], c)}}
			}
		}
	}
	rs.groups = b.list
	for proto, byDir := range txs {
		rs.transactions.set(proto, &[2]txGroup{b.newTxGroup(byDir[0]), b.newTxGroup(byDir[1])})
	}
	b.matchers.Done()
	return rs
}

// Prepare compiles every pattern matcher that compiling may pay for, which takes
// seconds for a large ruleset without a warm cache. Otherwise each is compiled
// when it has met enough traffic. It may run beside inspection.
func (rs *Ruleset) Prepare() { rs.matchers.Prepare() }

// CompileInBackground leaves the compiling of pattern matchers to the goroutine
// that runs the function it returns, until done is closed: no packet waits. To
// be called before the ruleset is first used.
func (rs *Ruleset) CompileInBackground() (run func(done <-chan struct{})) {
	rs.matchers.Background()
	return rs.matchers.Compile
}

// PrefilterReport says what the prefilter is made of now: matchers are made and
// compiled when they are needed.
func (rs *Ruleset) PrefilterReport() (r PrefilterReport) {
	counted := map[any]bool{} // groups share matchers
	add := func(m interface {
		Patterns() int
		Size() int
	}) {
		if !counted[m] {
			counted[m] = true
			r.Matchers++
			r.Bytes += m.Size()
			r.Patterns += m.Patterns()
		}
	}
	r.Groups = len(rs.groups)
	for _, g := range rs.groups {
		if g.packet != nil {
			add(g.packet)
		}
		if g.pair != nil {
			add(g.pair)
		}
	}
	for _, byDir := range rs.transactions {
		if byDir == nil {
			continue
		}
		for d := range byDir {
			for _, b := range byDir[d].buffers {
				if b.matcher != nil {
					add(b.matcher)
				}
			}
		}
	}
	for _, s := range rs.signatures {
		if s.bypassesPrefilter() && s.kind != TypeIPOnly {
			r.Always++
		}
	}
	return r
}
