package flow

import (
	"runtime"
	"sync/atomic"

	"spanwatch/decoders"
)

// Counted is what the kernel counted of one flow since it was last told of it.
// Index 0 is what ran from endpoint A to endpoint B, 1 from B to A. It is offered
// to the tables of all workers, at once, and each takes what it has seen: packets
// of one key may have come to several workers, when some were in a tunnel or
// behind labels that the capture's fanout does not look behind.
type Counted struct {
	Key            decoders.FlowKey
	Packets, Bytes [2]uint64 // on the wire; what nobody has taken yet
	// First and Last are the times of the first and the last packet, in Unix
	// nanoseconds and as coarse as the kernel's tick. First may lie before the
	// packets told of here.
	First, Last int64
	TCPFlags    [2]uint8 // all flags seen since First
	FirstDir    uint8    // direction of the packet at First
	Interface   uint16

	busy  uint32 // held by the worker that takes
	knows uint32 // number of a worker that has the flow, and one; 0 is none
}

// Taken reports whether all of it was taken. Not while it is on offer.
func (c *Counted) Taken() bool { return c.Packets == [2]uint64{} && c.Bytes == [2]uint64{} }

// Knows returns a worker that has the flow. Not while it is on offer.
func (c *Counted) Knows() (worker int, ok bool) { return int(c.knows) - 1, c.knows != 0 }

func (c *Counted) hold() {
	for !atomic.CompareAndSwapUint32(&c.busy, 0, 1) {
		runtime.Gosched()
	}
}

func (c *Counted) letGo() { atomic.StoreUint32(&c.busy, 0) }

// tally is packets and bytes of which more may have been taken than given.
type tally struct{ packets, bytes int64 }

func (a *tally) add(packets, bytes uint64) {
	a.packets += int64(packets)
	a.bytes += int64(bytes)
}

// above returns by how much the counts exceed the tally, nothing if they do not.
func (a *tally) above(packets, bytes uint64) tally {
	return tally{max(int64(packets)-a.packets, 0), max(int64(bytes)-a.bytes, 0)}
}

// Offer takes as much of c as this table, the worker's, was given by Update and
// the kernel has not told yet. Only with Config.Kernel; Update was given all
// packets that the kernel had counted when c was made. What all tables leave over
// was lost on the way, or held back on purpose: see Adopt.
func (t *Table) Offer(c *Counted, worker int) {
	k := t.countedKey(c)
	h := k.Hash(t.seed)
	i := t.find(&k, h)
	if i == 0 && !t.owed.has(&k) {
		return
	}
	c.hold()
	defer c.letGo()
	before := *c
	t.owed.pay(&k, &c.Packets, &c.Bytes)
	if i != 0 {
		f := &t.slab[i]
		f.Flags |= FlagCounted
		x := t.rareOf(f)
		wirePackets, wireBytes := t.wire(f)
		for dir := range x.kernel {
			d := f.direction(dir == 1)
			lag := x.kernel[dir].above(wirePackets[d], wireBytes[d])
			packets, bytes := min(uint64(lag.packets), c.Packets[dir]), min(uint64(lag.bytes), c.Bytes[dir])
			x.kernel[dir].add(packets, bytes)
			c.Packets[dir] -= packets
			c.Bytes[dir] -= bytes
		}
		if c.knows == 0 || f.Flags&FlagKernelOnly == 0 {
			c.knows = uint32(worker) + 1
		}
	}
	if k.Depth == 0 {
		t.stats.ToldPackets += before.Packets[0] + before.Packets[1] - c.Packets[0] - c.Packets[1]
		t.stats.ToldBytes += before.Bytes[0] + before.Bytes[1] - c.Bytes[0] - c.Bytes[1]
	}
	if i != 0 && t.slab[i].State == StateBypassed && !c.Taken() {
		t.apply(c, &k, h, i) // held back from this worker, and so nobody else's
	}
}

// Adopt adds what no table took of c to its flow, or begins one. It counts there
// like all else (Packets, Bytes, WirePackets, WireBytes, deltas, reports), and
// apart in UnseenPackets and UnseenBytes.
func (t *Table) Adopt(c *Counted) {
	k := t.countedKey(c)
	h := k.Hash(t.seed)
	t.apply(c, &k, h, t.find(&k, h))
}

func (t *Table) countedKey(c *Counted) decoders.FlowKey {
	k := c.Key
	if t.cfg.IgnoreVLAN {
		k.VLANs = [3]uint16{}
	}
	return k
}

// apply adds c to the flow at i of the slab, or to a new one if i is 0.
func (t *Table) apply(c *Counted, k *decoders.FlowKey, h uint64, i uint32) {
	if k.Depth == 0 {
		t.stats.ToldPackets += c.Packets[0] + c.Packets[1]
		t.stats.ToldBytes += c.Bytes[0] + c.Bytes[1]
	}
	packets, bytes := c.Packets, c.Bytes
	c.Packets, c.Bytes = [2]uint64{}, [2]uint64{}
	t.owed.pay(k, &packets, &bytes)
	if packets == [2]uint64{} && bytes == [2]uint64{} {
		return
	}
	var f *Flow
	if i != 0 {
		f = &t.slab[i]
	} else {
		f = t.beginCounted(c, k, h)
	}
	f.Flags |= FlagCounted
	x := t.rareOf(f)
	for dir := range x.kernel {
		x.kernel[dir].add(packets[dir], bytes[dir])
	}
	if t.settle(f, c.Last) {
		f.LastSeen = max(f.LastSeen, c.Last)
	}
	if f.Flags&FlagKernelOnly != 0 {
		t.advanceCounted(f, c)
	}
}

// settle brings the flow's counts up to what the kernel counted, and reports
// whether that was more.
func (t *Table) settle(f *Flow, at int64) (more bool) {
	x := t.rareOf(f)
	wirePackets, wireBytes := t.wire(f)
	for dir := range x.kernel {
		d := f.direction(dir == 1)
		k := &x.kernel[dir]
		lost := tally{max(k.packets-int64(wirePackets[d]), 0), max(k.bytes-int64(wireBytes[d]), 0)}
		if lost == (tally{}) {
			continue
		}
		if !more {
			more = true
			if t.cfg.Interval != 0 && at >= x.nextReport {
				t.report(f, at)
			}
			sec := floorDiv(at, nanosPerSecond)
			if f.second != 0 {
				sec = max(sec, t.seconds.at(f.second).at)
			}
			t.secondOf(f, sec)
		}
		if f.Packets[d] == 0 { // so that the first packet seen sets them
			f.MinTTL[d], f.MaxTTL[d] = 255, 0
		}
		packets, bytes := uint64(lost.packets), uint64(lost.bytes)
		f.Packets[d] += packets
		f.Bytes[d] += bytes
		x.unseenPackets[d] += packets
		x.unseenBytes[d] += bytes
		t.addWire(f, d, uint32(packets), bytes)
		if f.Key.Depth == 0 {
			t.stats.UnseenPackets += packets
			t.stats.UnseenBytes += bytes
		}
	}
	return more
}

// beginCounted begins a flow that only the kernel saw. The sender of its first
// packet is the client.
func (t *Table) beginCounted(c *Counted, k *decoders.FlowKey, h uint64) *Flow {
	p := decoders.Packet{Timestamp: c.First, Interface: c.Interface}
	flags := FlagKernelOnly
	client, server := k.PortA, k.PortB
	if c.FirstDir == 1 {
		client, server = server, client
	}
	icmp := k.Proto == protoICMP || k.Proto == protoICMPv6
	if genericProto(k.Proto) || k.Proto == protoICMP && icmpv4ErrorType(uint8(client)) {
		flags |= FlagGeneric
	}
	f := t.begin(k, h, &p, c.FirstDir == 1, flags)
	if icmp {
		f.ICMPType = [2]uint8{uint8(client), uint8(server)}
	}
	t.stats.KernelOnly++
	return f
}

// advanceCounted gives a flow that only the kernel saw the state, and so the
// timeout, that its counts and flags allow to tell.
func (t *Table) advanceCounted(f *Flow, c *Counted) {
	packets, _ := t.wire(f)
	both := packets[0] > 0 && packets[1] > 0
	if f.Key.Proto != protoTCP {
		if both {
			t.setState(f, StateEstablished)
		}
		return
	}
	for dir := range c.TCPFlags {
		f.TCPFlags[f.direction(dir == 1)] |= c.TCPFlags[dir]
	}
	flags := f.TCPFlags
	switch {
	case (flags[0]|flags[1])&decoders.TCPRst != 0, flags[0]&flags[1]&decoders.TCPFin != 0:
		t.setState(f, StateClosed)
	case both:
		t.setState(f, StateEstablished)
	}
}

// elsewhere notes that packets which the kernel counted in the flow of key k
// were counted here in f.
func (t *Table) elsewhere(f *Flow, dir decoders.Direction, k *decoders.FlowKey, reversed bool, packets, bytes uint64) {
	t.rareOf(f).kernel[f.keyDirection(dir)].add(packets, bytes)
	var owed [2]tally
	from := 0
	if reversed {
		from = 1
	}
	owed[from].add(packets, bytes)
	t.owe(k, owed)
}

// settleEnd keeps in mind what an ending flow counted that the kernel has not
// told yet.
func (t *Table) settleEnd(f *Flow, why EndReason) {
	var owed [2]tally
	x := t.rareOf(f)
	packets, bytes := t.wire(f)
	for dir := range x.kernel {
		d := f.direction(dir == 1)
		owed[dir] = x.kernel[dir].above(packets[d], bytes[d])
	}
	if owed == ([2]tally{}) {
		return
	}
	if why == EndShutdown {
		t.unsettled(&f.Key, owed)
		return
	}
	t.owe(&f.Key, owed)
}

func (t *Table) owe(k *decoders.FlowKey, owed [2]tally) {
	if !t.owed.add(k, owed) {
		t.unsettled(k, owed)
	}
}

// unsettled gives up on packets that were counted here and that the kernel does
// not tell of.
func (t *Table) unsettled(k *decoders.FlowKey, owed [2]tally) {
	if k.Depth == 0 {
		t.stats.UnsettledPackets += uint64(owed[0].packets + owed[1].packets)
		t.stats.UnsettledBytes += uint64(owed[0].bytes + owed[1].bytes)
	}
}

// EndRound tells the table that all that was counted up to some time has been
// offered to all tables.
func (t *Table) EndRound() {
	t.owed.rotate(t.unsettled)
}

// debts are packets that were counted in flows which ended, or in other flows
// than the kernel's, before the kernel told of them. What it tells of them later
// is taken off, so that nothing counts twice. After two rounds it will not come
// any more: the kernel does not count it (frames that others inject behind its
// hook, or a copy that it takes for a duplicate).
type debts struct {
	limit      int
	young, old map[decoders.FlowKey][2]tally
}

func (d *debts) has(k *decoders.FlowKey) bool {
	if len(d.young)+len(d.old) == 0 {
		return false
	}
	if _, ok := d.young[*k]; ok {
		return true
	}
	_, ok := d.old[*k]
	return ok
}

// add reports false if there are too many already.
func (d *debts) add(k *decoders.FlowKey, owed [2]tally) bool {
	have, ok := d.young[*k]
	if !ok && len(d.young) >= d.limit {
		return false
	}
	for dir := range have {
		have[dir].packets += owed[dir].packets
		have[dir].bytes += owed[dir].bytes
	}
	if d.young == nil {
		d.young, d.old = map[decoders.FlowKey][2]tally{}, map[decoders.FlowKey][2]tally{}
	}
	d.young[*k] = have
	return true
}

// pay takes what is owed off packets and bytes.
func (d *debts) pay(k *decoders.FlowKey, packets, bytes *[2]uint64) {
	if len(d.young)+len(d.old) == 0 {
		return
	}
	for _, m := range [...]map[decoders.FlowKey][2]tally{d.old, d.young} {
		owed, ok := m[*k]
		if !ok {
			continue
		}
		for dir := range owed {
			o := &owed[dir]
			n, b := min(o.packets, int64(packets[dir])), min(o.bytes, int64(bytes[dir]))
			o.packets -= n
			o.bytes -= b
			packets[dir] -= uint64(n)
			bytes[dir] -= uint64(b)
		}
		if owed == ([2]tally{}) {
			delete(m, *k)
		} else {
			m[*k] = owed
		}
	}
}

// rotate gives up what is oldest.
func (d *debts) rotate(giveUp func(*decoders.FlowKey, [2]tally)) {
	for k, owed := range d.old {
		giveUp(&k, owed)
	}
	clear(d.old)
	d.young, d.old = d.old, d.young
}
