package stream

import (
	"fmt"

	"spanwatch/decoders"
	"spanwatch/sensor/flow"
	"spanwatch/sensor/internal/offheap"
)

// Engine follows the TCP sessions of one worker. See the package comment for
// what it owns and lends.
type Engine struct {
	cfg      Config
	hosts    hostPolicies
	sessions []session // sessions[0] is never used: handle 0 means none
	free     uint32    // head of the list of given-back sessions
	fresh    uint32    // sessions[fresh:] was never used
	hand     uint32    // where the next eviction looks first

	pool     pool
	runs     slab[run]
	segments slab[segment]
	reaches  slab[reach]
	offers   slab[offer]
	lent     []loan   // runs whose bytes still lie in packets
	returned []uint32 // places in lent that are no longer needed
	scratch  []byte   // a segment while overlaps are resolved
	stats    Stats
	short    shortage // that reserve met last
	release  func()   // of sessions; nil when they are on the heap
	warmed   uint64   // what Warm read, so that the reads are not left out
}

// New makes an engine. The memory of its sessions is reserved at once and
// touched as they come.
func New(cfg Config) (*Engine, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	e := &Engine{
		cfg:      cfg,
		hosts:    newHostPolicies(&cfg),
		fresh:    1,
		hand:     1,
		pool:     pool{limit: cfg.Memory},
		runs:     newSlab[run](),
		segments: newSlab[segment](),
		reaches:  newSlab[reach](),
		offers:   newSlab[offer](),
	}
	if !cfg.OffHeap {
		e.sessions = make([]session, cfg.MaxSessions+1)
		return e, nil
	}
	var err error
	if e.sessions, e.release, err = offheap.Array[session](cfg.MaxSessions+1, offheap.Small); err != nil {
		return nil, fmt.Errorf("stream sessions: %w", err)
	}
	return e, nil
}

// Release gives memory outside Go's heap back. The engine must not be used
// afterwards, but for Stats.
func (e *Engine) Release() {
	e.sessions = nil
	if e.release != nil {
		e.release()
		e.release = nil
	}
}

// Verdict is what became of one packet.
type Verdict struct {
	Events decoders.StreamEventSet
	// State of the session after the packet.
	State flow.TCPState
	// Stored says that the packet's payload was taken for the stream. Rules on
	// stream payload see it by NextRaw; payload that was not taken is inspected
	// as a packet.
	Stored bool
	// Appended says that all of the payload was stored at Offset of its direction,
	// and nothing there or behind it before: it is the stream's from there on, for
	// as long as every further packet is Appended too.
	Appended bool
	Offset   uint64
	// Refused says that the packet does not fit its session (numbers,
	// timestamp, window): the receiving host will not take it either.
	Refused bool
	// Established is what the keyword flow:established asks: the session was
	// open before this packet, or this packet opened it and brings data.
	Established bool
	// Swapped says that the session's client is the flow's server: the packet
	// runs in the other direction, and the caller exchanges the flow's sides
	// (flow.Table.Swap, not Engine.Swap) so that later packets do too.
	Swapped bool
	// Ended says that this packet closed the session.
	Ended bool
}

// Packet advances the session of a packet's flow, which it begins with the
// first packet (f.Stream). dir is the packet's direction as flow.Table.Update
// returned it. p must be a TCP packet; its payload is borrowed until Retain.
func (e *Engine) Packet(f *flow.Flow, p *decoders.Packet, dir decoders.Direction) (v Verdict) {
	e.stats.Packets++
	if e.cfg.IgnoreBadChecksums && (p.L4Checksum == decoders.ChecksumBad || p.IPChecksum == decoders.ChecksumBad) {
		e.stats.BadChecksum++
		v.State = e.State(f)
		v.Established = v.State >= flow.TCPEstablished
		return v
	}
	e.stats.countFlags(p.TCPFlags)
	if p.TCPFlags&decoders.TCPAck == 0 && p.Ack != 0 {
		v.Events.Add(decoders.StreamEventPktBrokenAck)
	}
	if f.Stream == 0 {
		e.begin(f, p, dir, &v)
	} else {
		e.follow(f, p, dir, &v)
	}
	if v.Stored {
		e.stats.Segments++
	}
	if v.Refused {
		e.stats.Refused++
	}
	if !v.Events.Empty() {
		e.stats.countEvents(&v.Events)
	}
	return v
}

// follow moves an existing session by one packet.
func (e *Engine) follow(f *flow.Flow, p *decoders.Packet, dir decoders.Direction, v *Verdict) {
	s := &e.sessions[f.Stream]
	e.prune(s)
	before := s.state
	s.lastSeen = p.Timestamp
	var t turn
	t.e, t.s, t.f, t.p, t.dir, t.v = e, s, f, p, dir, v
	t.mine, t.peer = &s.half[dir&1], &s.half[dir&1^1]
	t.mine.tcpFlags |= p.TCPFlags
	if s.flags&oneSided != 0 && s.half[0].tcpFlags != 0 && s.half[1].tcpFlags != 0 {
		s.flags &^= oneSided
	}
	unseen := before >= flow.TCPEstablished && t.acksUnseen()
	v.Refused = !t.step()
	if unseen && !v.Refused {
		e.stats.AckUnseen++
	}
	t.afterReset()
	v.State = s.state
	v.Established = before >= flow.TCPEstablished || s.state >= flow.TCPEstablished && p.PayloadLen > 0
	v.Ended = s.state == flow.TCPClosed && before != flow.TCPClosed
	if v.Ended {
		e.stats.Closed++
	}
}

// State returns how far the session of f has come; TCPNone without one.
func (e *Engine) State(f *flow.Flow) flow.TCPState {
	if f.Stream == 0 {
		return flow.TCPNone
	}
	return e.sessions[f.Stream].state
}

// Midstream says whether the session of f was taken up without its opening.
func (e *Engine) Midstream(f *flow.Flow) bool {
	return f.Stream != 0 && e.sessions[f.Stream].flags&midstream != 0
}

// MidstreamReply says whether it was taken up at its SYN+ACK.
func (e *Engine) MidstreamReply(f *flow.Flow) bool {
	return f.Stream != 0 && e.sessions[f.Stream].flags&midSynAck != 0
}

// Reuses says whether p opens another session on the five-tuple of f: a SYN
// with another initial sequence number while the old session is over, or as
// good as over because its client has closed. The caller ends the flow then
// and begins another before it calls Packet.
func (e *Engine) Reuses(f *flow.Flow, p *decoders.Packet) bool {
	if f.Stream == 0 || p.TCPFlags&handshakeFlags != decoders.TCPSyn {
		return false
	}
	s := &e.sessions[f.Stream]
	return s.state >= flow.TCPTimeWait && s.half[decoders.ToServer].isn != p.Seq
}

// Size is what the keyword stream_size compares: how many bytes of sequence
// numbers the sender of a direction has used, SYN included.
func (e *Engine) Size(f *flow.Flow, dir decoders.Direction) uint32 {
	if f.Stream == 0 {
		return 0
	}
	h := &e.sessions[f.Stream].half[dir]
	return uint32(h.next.Sub(h.isn))
}

// SpokeFirst says whether the session's first payload was of direction dir.
func (e *Engine) SpokeFirst(f *flow.Flow, dir decoders.Direction) bool {
	return f.Stream != 0 && e.sessions[f.Stream].half[dir].flags&spokeFirst != 0
}

// Swap exchanges the sides of a session whose flow was exchanged
// (flow.Table.Swap).
func (e *Engine) Swap(f *flow.Flow) {
	if f.Stream == 0 {
		return
	}
	s := &e.sessions[f.Stream]
	s.half[0], s.half[1] = s.half[1], s.half[0]
	for i := range e.lent {
		if l := &e.lent[i]; l.session == f.Stream {
			l.dir = l.dir.Opposite()
		}
	}
	switch s.state {
	case flow.TCPFinWait1, flow.TCPFinWait2:
		s.state = flow.TCPCloseWait
	case flow.TCPCloseWait:
		s.state = flow.TCPFinWait1
	}
}
