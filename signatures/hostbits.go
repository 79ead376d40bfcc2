package signatures

import (
	"time"

	"spanwatch/decoders"
	"spanwatch/signatures/keyword"
)

// hostBits are the bits of hosts and of pairs of hosts, each with the packet
// time at which it is gone. They belong to Thresholds for the reason given
// there: flows of one host are on several workers.
//
// A bit is named by its number in the ruleset; rulesets number alike what they
// name in the same order, and a swap may otherwise mix bits up until they
// expire, so that Forget is to be called then.
type hostBits struct {
	table recent[bitKey, int64] // until when it is set
}

type bitKey struct {
	name    uint16
	pair    bool
	version uint8
	a, b    decoders.Addr
}

func (k bitKey) hash() uint64 {
	h := fnv(fnvBasis, uint64(k.name)<<16|uint64(k.version))
	if k.pair {
		h = fnv(h, 1)
	}
	return fnvAddresses(h, &k.a, &k.b)
}

func newHostBits(limit int) hostBits { return hostBits{newRecent[bitKey, int64](limit)} }

// keys returns what the bit of a rule belongs to on a packet: one owner, or
// two for BitOfBoth.
func bitKeys(u *keyword.HostBit, p *decoders.Packet) (keys [2]bitKey, n int) {
	k := bitKey{name: u.Name, version: p.IPVersion}
	switch u.Track {
	case keyword.BitOfSource:
		k.a = p.Src
	case keyword.BitOfDestination:
		k.a = p.Dst
	case keyword.BitOfPair:
		k.a, k.b, k.pair = p.Src, p.Dst, true
		if string(k.a[:]) > string(k.b[:]) {
			k.a, k.b = k.b, k.a
		}
	case keyword.BitOfBoth:
		other := k
		k.a, other.a = p.Src, p.Dst
		return [2]bitKey{k, other}, 2
	}
	return [2]bitKey{k}, 1
}

func (t *hostBits) isSet(now int64, k bitKey) bool {
	e := t.table.find(k)
	return e != nil && e.value >= now
}

// hold reports whether the conditions of a rule hold on a packet.
func (t *hostBits) hold(now int64, uses []keyword.HostBit, p *decoders.Packet) bool {
	for i := range uses {
		u := &uses[i]
		if !u.Op.Condition() {
			continue
		}
		keys, n := bitKeys(u, p)
		for _, k := range keys[:n] {
			if t.isSet(now, k) != (u.Op == keyword.BitIsSet) {
				return false
			}
		}
	}
	return true
}

// change sets and clears the bits that a rule names.
func (t *hostBits) change(now int64, uses []keyword.HostBit, p *decoders.Packet) {
	for i := range uses {
		u := &uses[i]
		if u.Op.Condition() {
			continue
		}
		keys, n := bitKeys(u, p)
		for _, k := range keys[:n] {
			set := u.Op == keyword.BitSet || u.Op == keyword.BitToggle && !t.isSet(now, k)
			if !set {
				if e := t.table.find(k); e != nil {
					e.value, e.live = 0, 0
				}
				continue
			}
			e, _ := t.table.entry(now, k)
			e.value = now + int64(u.Expire)*int64(time.Second)
			e.live = e.value
		}
	}
}

// Forget clears all bits of hosts: for a swap of rulesets.
func (t *Thresholds) Forget() {
	t.bits = newHostBits(t.bits.table.limit)
}
