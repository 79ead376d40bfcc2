package signatures

import (
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
//	transaction ─► transactions[protocol][direction]: always + a matcher per buffer
type Ruleset struct {
	signatures []*Signature // by order
	flowbits   []string     // names by number

	addresses    *addressIndex
	protocols    []*Signature // decided when the protocol is known
	packets      [classCount][2]portGroups
	transactions map[app.Proto]*[2]txGroup

	groups []*packetGroup
}

// txGroup is the signatures on transactions of one protocol, as far as they
// can match in one direction.
type txGroup struct {
	always  []*Signature
	buffers []txBuffer
}

// txBuffer is a buffer that some fast pattern is in, after transforms.
type txBuffer struct {
	list    *keyword.List // the first of those that name it
	matcher prefilter.Matcher
}

// Signatures returns all of them in the order of inspection. Read-only.
func (rs *Ruleset) Signatures() []*Signature { return rs.signatures }

// Flowbits returns the names of all flowbits. Read-only.
func (rs *Ruleset) Flowbits() []string { return rs.flowbits }

// newRuleset builds the structures; sigs are in inspection order.
func newRuleset(sigs []*Signature, flowbits []string, usePrefilter bool) *Ruleset {
	rs := &Ruleset{signatures: sigs, flowbits: flowbits, transactions: map[app.Proto]*[2]txGroup{}}
	var addresses []*Signature
	var packets [classCount][2][]*Signature
	var txs = map[app.Proto]*[2][]*Signature{}
	for _, s := range sigs {
		switch s.kind {
		case TypeIPOnly:
			addresses = append(addresses, s)
		case TypeProtoOnly:
			rs.protocols = append(rs.protocols, s)
		case TypeTx:
			if txs[s.app] == nil {
				txs[s.app] = new([2][]*Signature)
			}
			for d := decoders.ToServer; d <= decoders.ToClient; d++ {
				if s.plan.Dirs.Has(d) {
					txs[s.app][d] = append(txs[s.app][d], s)
				}
			}
		default:
			for c := range classCount {
				for d := decoders.ToServer; d <= decoders.ToClient; d++ {
					if s.inClass(c) && s.plan.Dirs.Has(d) {
						packets[c][d] = append(packets[c][d], s)
					}
				}
			}
		}
	}
	rs.addresses = newAddressIndex(addresses)
	b := &groupBuilder{prefilter: usePrefilter, made: map[string]*packetGroup{}}
	for c := range classCount {
		for d := decoders.ToServer; d <= decoders.ToClient; d++ {
			if c <= classSCTP {
				rs.packets[c][d] = b.portGroups(packets[c][d], d)
			} else {
				rs.packets[c][d] = portGroups{groups: []*packetGroup{b.group(packets[c][d])}}
			}
		}
	}
	rs.groups = b.list
	for proto, byDir := range txs {
		rs.transactions[proto] = &[2]txGroup{newTxGroup(byDir[0], usePrefilter), newTxGroup(byDir[1], usePrefilter)}
	}
	return rs
}

func newTxGroup(sigs []*Signature, usePrefilter bool) (g txGroup) {
	searched := map[string][]*Signature{} // by what is searched
	var keys []string
	for _, s := range sigs {
		if !usePrefilter || s.bypassesPrefilter() {
			g.always = append(g.always, s)
			continue
		}
		key := s.fast.list.Key()
		if searched[key] == nil {
			keys = append(keys, key)
		}
		searched[key] = append(searched[key], s)
	}
	for _, key := range keys {
		m, refused := newMatcher(searched[key])
		g.always = append(g.always, refused...)
		if m != nil {
			g.buffers = append(g.buffers, txBuffer{searched[key][0].fast.list, m})
		}
	}
	return g
}

func (rs *Ruleset) prefilterReport() (r PrefilterReport) {
	add := func(m prefilter.Matcher) {
		if m != nil {
			r.Matchers++
			r.Bytes += m.Size()
			r.Patterns += m.Patterns()
		}
	}
	r.Groups = len(rs.groups)
	for _, g := range rs.groups {
		add(g.packet)
		add(g.stream)
	}
	for _, byDir := range rs.transactions {
		for d := range byDir {
			for _, b := range byDir[d].buffers {
				add(b.matcher)
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
