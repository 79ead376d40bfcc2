package flow

import (
	"cmp"
	"fmt"
	"math/bits"
	"unsafe"

	"spanwatch/decoders"
)

// Table is the flow table of one worker. See the package comment for what it
// owns and lends.
type Table struct {
	cfg   Config
	seed  uint64
	index index
	slab  []Flow // slab[0] is never used: index 0 means no flow
	free  uint32 // head of the list of free places, linked by wheelNext
	fresh uint32 // slab[fresh:] was never used
	hand  uint32 // where the next forced end looks first

	wheel    wheel
	pending  []uint32 // slots with counts of a second that are not yet a Delta
	deltas   []Delta
	visits   []visit  // scratch of Advance
	left     []ranked // to be drained
	draining bool
	stats    Stats
	owed     debts // with Config.Kernel

	// Beside the flows.
	seconds slab[inSecond]
	tcp     slab[tcpPair]
	lasting slab[lasting]
	rare    slab[rare]

	warmed  uint64  // what Warm read, so that the reads are not left out
	near    []*Flow // scratch of Warm
	release func()  // gives memory outside Go's heap back
}

// New makes a table. Its memory (192 bytes a flow, and what stands beside it) is
// reserved at once and touched as flows come.
func New(cfg Config) (*Table, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	t := &Table{cfg: cfg, seed: scramble(cfg.Seed), fresh: 1, hand: 1}
	t.owed.limit = cfg.MaxFlows
	var err, failed error
	var releases [5]func()
	n, outside := cfg.MaxFlows+1, cfg.HugePages
	note := func() { failed = cmp.Or(failed, err) }
	t.index, err = newIndex(cfg.MaxFlows, outside)
	note()
	t.slab, releases[0], err = reserve[Flow](n, outside)
	note()
	t.seconds, releases[1], err = newSlab[inSecond](n, outside)
	note()
	t.tcp, releases[2], err = newSlab[tcpPair](n, outside)
	note()
	t.lasting, releases[3], err = newSlab[lasting](n, outside)
	note()
	t.rare, releases[4], err = newSlab[rare](n, outside)
	note()
	t.release = func() {
		t.index.release()
		for _, release := range releases {
			release()
		}
	}
	if failed != nil {
		t.release()
		return nil, fmt.Errorf("flow table: %w", failed)
	}
	return t, nil
}

// Update finds or begins the flow of a packet, counts the packet and advances
// the flow's state. It sets p.Hash. It returns nil for what belongs to no
// flow: refused packets, fragments, packets without an IP header.
//
// A flow that was silent for too long, or whose five-tuple a new TCP session
// takes, ends here first (OnEnd), and so may another flow when the table is
// full.
//
// A rebuilt datagram counts in Packets and Bytes only; the caller tells of
// its fragments with AddFragments.
func (t *Table) Update(p *decoders.Packet) (*Flow, decoders.Direction) {
	if !tracked(p) {
		t.stats.Skipped++
		return nil, decoders.ToServer
	}
	var k decoders.FlowKey
	if quotesFlow(p) {
		return t.updateQuoted(p, &k)
	}
	reversed := t.key(p, &k)
	h := k.Hash(t.seed)
	p.Hash = h
	if i := t.find(&k, h); i != 0 {
		f := &t.slab[i]
		dir := f.direction(reversed)
		switch {
		case t.silentAt(f, p.Timestamp):
			t.end(f, EndTimeout)
		case k.Proto == protoTCP && t.session(f).reusedBy(p, dir):
			t.end(f, EndTCPReuse)
		default:
			return f, t.count(f, p, dir)
		}
	}
	f := t.begin(&k, h, p, reversed, generic(p))
	return f, t.count(f, p, decoders.ToServer)
}

// updateQuoted counts an ICMPv4 destination unreachable in the flow that it
// tells about, as Suricata does. Without such a flow it goes into a generic
// flow of the quoted endpoints: not of its own addresses, because packets are
// dealt to workers by the quoted ones (ShardHash), and a flow must not be
// spread over workers.
func (t *Table) updateQuoted(p *decoders.Packet, k *decoders.FlowKey) (*Flow, decoders.Direction) {
	reversed := t.quotedKey(p, k)
	h := k.Hash(t.seed)
	p.Hash = h
	if i := t.find(k, h); i != 0 {
		f := &t.slab[i]
		if !t.silentAt(f, p.Timestamp) {
			return f, t.countQuoting(f, p)
		}
		t.end(f, EndTimeout)
	}
	k.Proto = protoICMP
	h = k.Hash(t.seed)
	if i := t.find(k, h); i != 0 {
		f := &t.slab[i]
		if !t.silentAt(f, p.Timestamp) {
			return f, t.countQuoting(f, p)
		}
		t.end(f, EndTimeout)
	}
	f := t.begin(k, h, p, reversed, FlagGeneric)
	return f, t.countQuoting(f, p)
}

func (t *Table) countQuoting(f *Flow, p *decoders.Packet) decoders.Direction {
	dir := t.count(f, p, f.directionOf(p.Src))
	if t.cfg.Kernel && !p.Rebuilt {
		// The kernel counts it by its own addresses.
		var k decoders.FlowKey
		reversed := t.key(p, &k)
		t.elsewhere(f, dir, &k, reversed, 1, uint64(p.WireLen))
	}
	return dir
}

// AddFragments counts the frames that a rebuilt datagram came in. Call it
// after Update of that datagram; f and dir are what Update returned.
func (t *Table) AddFragments(f *Flow, dir decoders.Direction, fragments uint32, wireBytes uint64) {
	t.addWire(f, dir, fragments, wireBytes)
	if t.cfg.Kernel {
		k := f.Key
		k.PortA, k.PortB = 0, 0 // the kernel's flow of fragments, which have no ports
		t.elsewhere(f, dir, &k, f.keyDirection(dir) == 1, uint64(fragments), wireBytes)
	}
}

// Bypass marks a flow as no longer inspected. It is counted all the same, and
// its state stays StateBypassed to its end.
func (t *Table) Bypass(f *Flow) {
	t.setState(f, StateBypassed)
}

// Stats returns the counters so far.
func (t *Table) Stats() Stats {
	s := t.stats
	s.Memory = uint64(s.Active)*uint64(unsafe.Sizeof(Flow{})) + t.seconds.memory() + t.tcp.memory() + t.lasting.memory() + t.rare.memory()
	s.Fullness = float64(s.Active) / float64(t.cfg.MaxFlows)
	return s
}

// begin puts a new flow into the table, with the packet's sender as client.
func (t *Table) begin(k *decoders.FlowKey, h uint64, p *decoders.Packet, reversed bool, flags Flags) *Flow {
	i := t.allocate()
	f := &t.slab[i]
	keep := f.Flags & flagPending
	*f = Flow{Key: *k, self: i, FirstSeen: p.Timestamp, LastSeen: p.Timestamp, FirstPacket: p.Number,
		Interface: p.Interface, Flags: flags | keep}
	if reversed {
		f.Flags |= flagClientB
	}
	f.ID = flowID(h, p.Timestamp, p.Number)
	if k.Proto == protoTCP {
		f.tcp = t.tcp.take()
		*t.tcp.at(f.tcp) = tcpPair{}
	}
	if iv := int64(t.cfg.Interval); iv > 0 {
		r := t.rareOf(f)
		r.reportedAt, r.nextReport = p.Timestamp, floorDiv(p.Timestamp, iv)*iv+iv
	}
	t.index.insert(h, i)
	t.schedule(f)
	t.stats.Active++
	t.stats.Started++
	t.stats.ByProto[classOf(k.Proto)]++
	return f
}

// allocate takes a free slot of the slab, ending a flow when there is none.
func (t *Table) allocate() uint32 {
	if t.stats.Active == len(t.slab)-1 || !t.index.makeRoom(t.stats.Active) {
		t.end(&t.slab[t.victim()], EndForced)
	}
	if i := t.free; i != 0 {
		t.free = t.slab[i].wheelNext
		return i
	}
	t.fresh++
	return t.fresh - 1
}

// victimSample is how many flows compete for being ended by force.
const victimSample = 16

// victim picks, among the next few flows in the slab, the one whose timeout
// would come first. So half-open flows (a flood) go before established ones.
func (t *Table) victim() uint32 {
	best, bestAt := uint32(0), int64(0)
	for looked := 0; looked < victimSample; {
		if f := &t.slab[t.hand]; f.self != 0 {
			looked++
			if at := f.LastSeen + t.timeout(f); best == 0 || at < bestAt {
				best, bestAt = t.hand, at
			}
		}
		if t.hand++; int(t.hand) == len(t.slab) {
			t.hand = 1
		}
	}
	return best
}

// end reports a flow and takes it out of the table.
func (t *Table) end(f *Flow, why EndReason) {
	if t.cfg.Kernel {
		t.settleEnd(f, why)
	}
	t.flushSecond(f)
	t.reportRest(f)
	t.stats.Active--
	t.stats.Ended[why]++
	if t.cfg.OnEnd != nil {
		t.cfg.OnEnd(f, why)
	}
	t.leave(f)
	t.index.remove(f.Key.Hash(t.seed), f.self)
	t.wheel.unlink(t.slab, f)
	f.wheelNext, t.free, f.self = t.free, f.self, 0
}

// find returns the slab index of a key's flow, or 0.
func (t *Table) find(k *decoders.FlowKey, h uint64) uint32 {
	tag := uint32(h >> 32)
	for at := tag & t.index.mask; ; at = (at + 1) & t.index.mask {
		s := t.index.slots[at]
		if s.flow == 0 {
			return 0
		}
		if s.tag == tag && t.slab[s.flow].Key == *k {
			return s.flow
		}
	}
}

// flowID makes the 51 bits that JavaScript numbers keep.
func flowID(h uint64, firstSeen int64, packet uint64) uint64 {
	hi, lo := bits.Mul64(h^0x9e3779b97f4a7c15, uint64(firstSeen)^packet<<1^0xd6e8feb86659fd93)
	id := (hi ^ lo) & (1<<51 - 1)
	if id == 0 {
		return 1
	}
	return id
}
