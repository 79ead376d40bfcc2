package defrag

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"spanwatch/decoders"
)

// reference is a slow model of one datagram: who owns each byte, decided byte
// by byte by the rule that Novak and Sturges published for the policy.
type reference struct {
	policy Policy
	owner  []int // fragment number that owns a byte, 0 nobody
	value  []byte
	ttl    []byte // by fragment number
	kept   []sent
}

// sent is a fragment as the sender made it.
type sent struct {
	from, to int
	more     bool
	ttl      byte
	data     []byte
}

// referenceSize is beyond the largest position that the tests send.
const referenceSize = 2400

func newReference(p Policy) *reference {
	return &reference{policy: p, owner: make([]int, referenceSize), value: make([]byte, referenceSize), ttl: []byte{0}}
}

// run returns the bounds of the piece that byte x belongs to.
func run(owner []int, x int) (int, int) {
	a, b := x, x
	for a > 0 && owner[a-1] == owner[x] {
		a--
	}
	for b < len(owner) && owner[b] == owner[x] {
		b++
	}
	return a, b
}

// keepsOld words the policies from the side of the fragment that was there.
func keepsOld(p Policy, f sent, oldFrom, oldTo int) bool {
	switch p {
	case PolicyFirst:
		return true // whoever comes first
	case PolicyLast:
		return false // whoever comes last
	case PolicyBSD:
		return oldFrom <= f.from // the lower offset, the older at equal offsets
	case PolicyLinux:
		return oldFrom < f.from // the lower offset, the newer at equal offsets
	case PolicyBSDRight:
		return oldFrom > f.from // the higher offset, the newer at equal offsets
	case PolicyWindows: // the older, unless the newer sticks out on both sides
		return !(f.from < oldFrom && oldTo < f.to)
	case PolicySolaris: // the older, unless the newer sticks out before and covers it
		return !(f.from < oldFrom && oldTo <= f.to)
	}
	panic("policy without rule")
}

// end returns what the kept fragments say about the end.
func (r *reference) end() (int, bool) {
	end, last := 0, false
	for _, f := range r.kept {
		if f.to > end {
			end, last = f.to, false
		}
		if f.to == end && !f.more {
			last = true
		}
	}
	return end, last
}

// add takes a fragment; false when the hosts of the policy drop it.
func (r *reference) add(f sent) bool {
	if r.policy == PolicyLinux || r.policy == PolicyWindows || r.policy == PolicySolaris || r.policy == PolicyFirst {
		end, last := r.end()
		if last && f.to > end || !f.more && f.to < end {
			return false
		}
	}
	r.kept = append(r.kept, f)
	r.ttl = append(r.ttl, f.ttl)
	number := len(r.kept)
	before := append([]int(nil), r.owner...)
	for x := f.from; x < f.to; x++ {
		if before[x] != 0 {
			a, b := run(before, x)
			if keepsOld(r.policy, f, a, b) {
				continue
			}
		}
		r.owner[x] = number
		r.value[x] = f.data[x-f.from]
	}
	return true
}

// datagram returns the bytes when all are there, and the TTL of the fragment
// that owns the first of them.
func (r *reference) datagram() ([]byte, byte, bool) {
	end, last := r.end()
	if !last {
		return nil, 0, false
	}
	for x := range end {
		if r.owner[x] == 0 {
			return nil, 0, false
		}
	}
	return r.value[:end], r.ttl[r.owner[0]], true
}

// scramble cuts a datagram of random bytes into fragments and adds copies and
// overlapping ones with other bytes, in random order.
func scramble(r *rand.Rand) []sent {
	units := 1 + r.IntN(40)
	var out []sent
	add := func(from, to int, more bool) {
		more = more || from == 0 // else it were no fragment
		f := sent{from: from * 8, to: to * 8, more: more, ttl: byte(1 + r.IntN(255))}
		if !more && r.IntN(2) == 0 {
			f.to -= r.IntN(8)
		}
		f.data = make([]byte, f.to-f.from)
		for i := range f.data {
			f.data[i] = byte(r.IntN(4))
		}
		out = append(out, f)
	}
	for at := 0; at < units; {
		to := min(units, at+1+r.IntN(8))
		add(at, to, to < units)
		at = to
	}
	for range r.IntN(12) {
		switch r.IntN(4) {
		case 0: // a copy
			out = append(out, out[r.IntN(len(out))])
		case 1: // an end somewhere
			from := r.IntN(units + 4)
			add(from, from+1+r.IntN(6), false)
		default:
			from := r.IntN(units)
			add(from, from+1+r.IntN(12), true)
		}
	}
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func TestRandomFragmentsAgreeWithTheReference(t *testing.T) {
	for policy := PolicyBSD; policy < policyCount; policy++ {
		t.Run(policy.String(), func(t *testing.T) {
			table := newTable(t, func(c *Config) { c.Default = policy })
			completed := 0
			for seed := range uint64(400) {
				r := rand.New(rand.NewPCG(seed, uint64(policy)))
				if compareWithReference(t, table, scramble(r), uint32(seed), policy) {
					completed++
				}
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
			if completed < 100 {
				t.Errorf("only %d of 400 datagrams were completed", completed)
			}
			table.Flush(discard)
			checkConservation(t, table)
			checkEmpty(t, table)
		})
	}
}

// compareWithReference sends the fragments of one datagram to both until it is
// complete, and reports whether it was.
func compareWithReference(t testing.TB, table *Table, fragments []sent, id uint32, policy Policy) bool {
	model := newReference(policy)
	for i, f := range fragments {
		p := spec{version: 4, id: id, offset: uint32(f.from), more: f.more, data: f.data}.packet()
		p.Data[linkLen+8] = f.ttl
		g, result := table.Add(p)
		kept := model.add(f)
		if kept != (result.Status != Refused) {
			t.Errorf("fragment %d of %v: %v (%v), the reference keeps it: %v", i, fragments, result.Status, result.Reason, kept)
			return false
		}
		want, ttl, whole := model.datagram()
		if whole != (result.Status == Completed) {
			t.Errorf("fragment %d of %v: %v, the reference is complete: %v", i, fragments, result.Status, whole)
			return false
		}
		if !whole {
			continue
		}
		if got := payload(t, g); !bytes.Equal(got, want) {
			t.Errorf("fragments %v:\ngot  %x\nwant %x", fragments, got, want)
		}
		if g.Bytes[8] != ttl {
			t.Errorf("header of the fragment with TTL %d, want %d", g.Bytes[8], ttl)
		}
		if int(g.Fragments) != len(model.kept) {
			t.Errorf("%d fragments, want %d", g.Fragments, len(model.kept))
		}
		return true
	}
	return false
}

func (f sent) String() string { return fmt.Sprintf("[%d,%d) more=%v", f.from, f.to, f.more) }

func TestAnyOrderOfHonestFragmentsGivesTheDatagram(t *testing.T) {
	for _, version := range []uint8{4, 6} {
		for seed := range uint64(60) {
			r := rand.New(rand.NewPCG(seed, uint64(version)))
			whole := make([]byte, 1+r.IntN(65000))
			for i := range whole {
				whole[i] = byte(r.Uint32())
			}
			var packets []spec
			for at := 0; at < len(whole); {
				n := min(len(whole)-at, 8*(1+r.IntN(300)))
				packets = append(packets, spec{version: version, id: 7, offset: uint32(at), more: at+n < len(whole), data: whole[at : at+n]})
				at += n
			}
			if len(packets) == 1 {
				continue
			}
			r.Shuffle(len(packets), func(i, j int) { packets[i], packets[j] = packets[j], packets[i] })
			table := newTable(t, func(c *Config) { c.Default = Policy(1 + r.IntN(int(policyCount)-1)) })
			for i, s := range packets {
				g, result := table.Add(s.packet())
				if (result.Status == Completed) != (i == len(packets)-1) {
					t.Fatalf("seed %d: fragment %d of %d: %v (%v)", seed, i+1, len(packets), result.Status, result.Reason)
				}
				if result.Overlap != OverlapNone {
					t.Errorf("seed %d: overlap %d", seed, result.Overlap)
				}
				if result.Status == Completed && !bytes.Equal(payload(t, g), whole) {
					t.Errorf("seed %d: other bytes than sent", seed)
				}
			}
			checkEmpty(t, table)
		}
	}
}

func FuzzAdd(f *testing.F) {
	f.Add(uint8(0), []byte{0, 3, 1, 3, 3, 0})
	f.Add(uint8(3), []byte{0, 3, 1, 1, 4, 1, 2, 9, 0, 0, 2, 0})
	f.Fuzz(func(t *testing.T, policy uint8, ops []byte) {
		p := PolicyBSD + Policy(policy)%(policyCount-1)
		table := newTable(t, func(c *Config) { c.Default = p; c.MaxDatagrams = 2; c.MaxFragments = 16 })
		var fragments []sent
		for i := 0; i+2 < len(ops) && len(fragments) < 64; i += 3 {
			from, n := int(ops[i])*8, 8*(1+int(ops[i+1]%16))
			more := ops[i+2]&1 == 1 || from == 0
			if !more {
				n -= int(ops[i+2] >> 5)
			}
			fragments = append(fragments, sent{from: from, to: from + n, more: more, ttl: ops[i+2], data: bytes.Repeat(ops[i+1:i+2], n)})
		}
		// With few fragments, nothing is evicted and the reference holds.
		if len(fragments) <= 6 {
			compareWithReference(t, table, fragments, 1, p)
		}
		for i, s := range fragments {
			packet := spec{version: 4 + 2*(ops[i]&1), id: uint32(ops[i] & 3), offset: uint32(s.from), more: s.more, data: s.data}.packet()
			g, result := table.Add(packet)
			if result.Status == Completed {
				payload(t, g)
			}
			if (result.Status == Refused) != (result.Reason != ReasonNone) {
				t.Fatalf("%v with reason %v", result.Status, result.Reason)
			}
		}
		if s := table.Stats(); s.Datagrams > 2 || table.pieces.inUse > 16 {
			t.Fatalf("bounds: %+v, %d pieces", s, table.pieces.inUse)
		}
		checkConservation(t, table)
		table.Flush(discard)
		checkConservation(t, table)
		checkEmpty(t, table)
	})
}

// FuzzHeaders gives Add packets whose bytes lie.
func FuzzHeaders(f *testing.F) {
	for _, s := range []spec{
		{version: 4, offset: 8, more: true, data: letters('a', 16)},
		{version: 6, offset: 0, more: true, data: letters('a', 16)},
		{version: 6, data: letters('a', 5), before: []byte{decoders.ProtoFragment, 0, 1, 4, 0, 0, 0, 0}, firstExt: decoders.ProtoHopByHop},
	} {
		p := s.packet()
		f.Add(p.Data, p.IPOffset, p.IPLen, p.FragOffset, p.FragHeaderOffset, p.FragNextOffset, p.MoreFragments, p.IPVersion)
	}
	f.Fuzz(func(t *testing.T, data []byte, ipOffset, ipLen, offset, header, next uint32, more bool, version uint8) {
		table := newTable(t, nil)
		p := spec{version: 4, data: letters('a', 8)}.packet()
		p.Data, p.IPOffset, p.IPLen, p.FragOffset, p.MoreFragments, p.IPVersion = data, ipOffset, ipLen, offset, more, version
		p.FragHeaderOffset, p.FragNextOffset = header, next
		for range 2 {
			g, r := table.Add(p)
			if r.Status == Completed && len(g.Bytes) > 40+maxLength {
				t.Fatalf("datagram of %d bytes", len(g.Bytes))
			}
		}
		checkConservation(t, table)
		table.Flush(discard)
		checkEmpty(t, table)
	})
}
