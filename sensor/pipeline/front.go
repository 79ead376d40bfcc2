package pipeline

import (
	"errors"
	"io"
	"math/bits"
	"time"

	"spanwatch/decoders"
	"spanwatch/decoders/defrag"
	"spanwatch/sensor/accounting"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/flow"
	"spanwatch/sensor/overload"
)

// frontCounters count what became of frames before they reached a flow. Every
// frame of the source is in exactly one of: packets of a flow (workers count
// them), Refused, Fragments that wait, or fragments given up.
type frontCounters struct {
	Frames, Bytes uint64 // delivered by the source

	// Outermost packets that can have no flow, by reason.
	Refused      [decoders.ReasonCount]uint64
	RefusedBytes [decoders.ReasonCount]uint64
	// Packets inside tunnels that could not be decoded; the frame around them
	// is counted in its own flow.
	RefusedInner [decoders.ReasonCount]uint64

	// Outermost fragments that became part of no datagram, by defrag's reason.
	LostFragments     [defrag.ReasonCount]uint64
	LostFragmentBytes [defrag.ReasonCount]uint64
	HeldFragments     uint64 // waiting now
	HeldBytes         uint64

	Layers      [32]uint64 // packets by decoders.Layers bit
	Inner       uint64     // packets found inside tunnels
	Tunnels     [decoders.TunnelKinds]uint64
	Events      [256]uint64
	BadChecksum uint64
	MaxWireLen  uint32

	Defrag defrag.Stats
}

// front turns frames into packets: decode, unwrap tunnels, rebuild fragments,
// and deal the packets to workers.
type front struct {
	lane      int
	arp       bool // workers want ARP messages too
	live      bool // the source may be silent, and then time goes on all the same
	source    capture.Source
	decoder   *decoders.Decoder
	defrag    *defrag.Table
	checksums checksumPolicy
	rounds    *accounting.Reader // nil unless the kernel counts
	workers   int
	seed      uint64

	health overload.Signal // after the last batch
	// When to shed. Nil sheds nothing, as in replay.
	overload func(overload.Signal) overload.Shed

	counters frontCounters
	ended    bool   // the source has no more frames
	drained  uint64 // flows that began at this frame or before have been told to end
	endTime  int64
	last     uint64
	first    int // index of the current frame's outermost packet
}

// fill reads the next frames of the source into b and decodes them. When the
// source has ended (io.EOF) or was closed, batches without frames follow that
// end the flows bit by bit; the last is final. An error is a fault of the
// source, after which fill may be called again.
func (fr *front) fill(b *batch) error {
	b.reset()
	b.lane, b.health = fr.lane, fr.health
	if fr.ended {
		fr.wind(b)
		return nil
	}
	err := fr.source.Next(&b.frames)
	for i := range b.frames.Frames {
		fr.frame(&b.frames.Frames[i], b)
	}
	if fr.live && len(b.frames.Frames) == 0 {
		// Whatever came before the silence has been delivered.
		fr.endTime = max(fr.endTime, time.Now().Add(-capture.IdleAfter).UnixNano())
	}
	fr.health = fr.signal(b)
	b.health = fr.health
	if fr.overload != nil {
		b.shed = fr.overload(b.health)
	}
	fr.defrag.Expire(fr.endTime, fr.lost)
	if errors.Is(err, io.EOF) || errors.Is(err, capture.ErrClosed) {
		err = nil
		fr.ended = true
		fr.defrag.Flush(fr.lost)
	}
	fr.counters.Defrag = fr.defrag.Stats()
	b.front, b.endTime, b.last = fr.counters, fr.endTime, fr.last
	if fr.rounds != nil && !fr.ended {
		b.round = fr.rounds.Due(fr.endTime)
	}
	return err
}

// wind makes a batch after the last frame: first the rounds that tell the rest of
// what the kernel counted, then the ends of the flows.
func (fr *front) wind(b *batch) {
	if fr.rounds != nil {
		if b.round = fr.rounds.Wait(); b.round != nil {
			b.front, b.endTime, b.last = fr.counters, fr.endTime, fr.last
			return
		}
	}
	fr.drain(b)
}

// signal says how the sensor does after it was given a batch.
func (fr *front) signal(b *batch) (s overload.Signal) {
	if !fr.live {
		s.Now = fr.endTime
		return s
	}
	now := time.Now()
	s.Now = now.UnixNano()
	if n := len(b.frames.Frames); n > 0 {
		s.Lag = max(0, time.Duration(s.Now-b.frames.Frames[n-1].Timestamp))
	}
	if live, ok := fr.source.(capture.Live); ok {
		load := live.Load()
		s.Fill, s.Lost = load.Fill, load.Lost
	}
	return s
}

// drainStep is how many frames' flows end with one batch: a flow record has
// some 700 bytes, so that they are a megabyte or two at most.
const drainStep = 2048

// drain makes b end the flows of the next frames.
func (fr *front) drain(b *batch) {
	fr.drained += drainStep
	b.drain = fr.drained
	b.final = fr.drained >= fr.last
	b.front, b.endTime, b.last = fr.counters, fr.endTime, fr.last
}

// lost accounts for a datagram that was given up.
func (fr *front) lost(d defrag.Incomplete) {
	if d.Depth == 0 {
		fr.counters.LostFragments[d.Reason] += uint64(d.Fragments)
		fr.counters.LostFragmentBytes[d.Reason] += d.WireBytes
		fr.counters.HeldFragments -= uint64(d.Fragments)
		fr.counters.HeldBytes -= d.WireBytes
	}
}

func (fr *front) frame(f *decoders.Frame, b *batch) {
	c := &fr.counters
	c.Frames++
	c.Bytes += uint64(f.WireLen)
	if f.WireLen > c.MaxWireLen {
		c.MaxWireLen = f.WireLen
	}
	if f.Timestamp > fr.endTime || c.Frames == 1 && fr.endTime == 0 {
		fr.endTime = f.Timestamp
	}
	fr.last = f.Number

	i := b.grow()
	fr.decoder.Decode(f, &b.packets[i])
	fr.checksums.see(&b.packets[i])
	fr.first = i
	fr.packet(b, i)
}

// packet does what follows decoding, for outermost, inner and rebuilt packets
// alike: b.packets[i] is counted, dealt to its worker, and unwrapped further.
func (fr *front) packet(b *batch, i int) {
	c := &fr.counters
	p, x := &b.packets[i], &b.extra[i]
	x.ordinal = uint16(i - fr.first)
	x.ignore = fr.checksums.ignore(p)
	layers := uint32(p.Layers)
	if p.Rebuilt { // its frames have been counted
		layers &^= uint32(decoders.LayerVLAN | decoders.LayerMPLS | decoders.LayerPPPoE)
	}
	for l := layers; l != 0; l &= l - 1 {
		c.Layers[bits.TrailingZeros32(l)]++
	}
	if p.IPChecksum == decoders.ChecksumBad || p.L4Checksum == decoders.ChecksumBad {
		c.BadChecksum++
	}
	if p.Refused == decoders.ReasonFragment {
		fr.fragment(b, i)
		return
	}
	c.countEvents(p)
	if p.Refused != decoders.ReasonNone {
		switch {
		case p.Depth > 0:
			c.RefusedInner[p.Refused]++
		case x.fragments == 0:
			c.Refused[p.Refused]++
			c.RefusedBytes[p.Refused] += uint64(p.WireLen)
		default: // a rebuilt datagram that is no good: so are its fragments
			c.Refused[p.Refused] += uint64(x.fragments)
			c.RefusedBytes[p.Refused] += x.wireBytes
		}
		if !p.Events.Empty() || fr.arp && p.ARPAddresses {
			b.mine[0] = append(b.mine[0], uint32(i)) // for decode-event rules, anomalies and ARP records
		}
		return
	}
	w := 0
	if fr.workers > 1 {
		w = int(flow.ShardHash(p, fr.seed) % uint64(fr.workers))
	}
	b.mine[w] = append(b.mine[w], uint32(i))
	if p.Inner != decoders.TunnelNone {
		j := b.grow()
		c.Inner++
		c.Tunnels[p.Inner]++
		fr.decoder.DecodeInner(&b.packets[i], &b.packets[j])
		b.extra[j].outer = int32(i)
		fr.packet(b, j)
	}
}

// fragment hands b.packets[i] to reassembly and goes on with the datagram when
// it is whole.
func (fr *front) fragment(b *batch, i int) {
	c := &fr.counters
	p := &b.packets[i]
	outermost := p.Depth == 0
	// The fragment may complete a datagram begun by others, so it joins the
	// held ones first and leaves with them.
	if outermost {
		c.HeldFragments++
		c.HeldBytes += uint64(p.WireLen)
	}
	d, res := fr.defrag.Add(p) // adds events to p
	c.countEvents(p)
	b.mine[0] = append(b.mine[0], uint32(i)) // no flow, but rules may ask for fragments
	switch res.Status {
	case defrag.Refused:
		if outermost {
			c.HeldFragments--
			c.HeldBytes -= uint64(p.WireLen)
			c.LostFragments[res.Reason]++
			c.LostFragmentBytes[res.Reason] += uint64(p.WireLen)
		}
	case defrag.Completed:
		if outermost {
			c.HeldFragments -= uint64(d.Fragments)
			c.HeldBytes -= d.WireBytes
		}
		fr.datagram(b, i, d)
	}
}

// datagram decodes a rebuilt datagram in place of its last fragment. The bytes
// are copied, since the fragment table reuses them while the batch lives on.
func (fr *front) datagram(b *batch, i int, d defrag.Datagram) {
	start := len(b.rebuilt)
	b.rebuilt = append(b.rebuilt, d.Bytes...)
	bytes := b.rebuilt[start:len(b.rebuilt):len(b.rebuilt)]
	j := b.grow()
	fr.decoder.DecodeRebuilt(bytes, &b.packets[i], &b.packets[j])
	b.extra[j] = extra{fragments: d.Fragments, wireBytes: d.WireBytes, outer: b.extra[i].outer, fragment: int32(i)}
	fr.packet(b, j)
}

func (c *frontCounters) countEvents(p *decoders.Packet) {
	for w, word := range p.Events {
		for ; word != 0; word &= word - 1 {
			c.Events[w*64+bits.TrailingZeros64(word)]++
		}
	}
}

func (c *frontCounters) add(d *frontCounters) {
	c.Frames += d.Frames
	c.Bytes += d.Bytes
	for r := range c.Refused {
		c.Refused[r] += d.Refused[r]
		c.RefusedBytes[r] += d.RefusedBytes[r]
		c.RefusedInner[r] += d.RefusedInner[r]
	}
	for r := range c.LostFragments {
		c.LostFragments[r] += d.LostFragments[r]
		c.LostFragmentBytes[r] += d.LostFragmentBytes[r]
	}
	c.HeldFragments += d.HeldFragments
	c.HeldBytes += d.HeldBytes
	for i := range c.Layers {
		c.Layers[i] += d.Layers[i]
	}
	c.Inner += d.Inner
	for k := range c.Tunnels {
		c.Tunnels[k] += d.Tunnels[k]
	}
	for e := range c.Events {
		c.Events[e] += d.Events[e]
	}
	c.BadChecksum += d.BadChecksum
	c.MaxWireLen = max(c.MaxWireLen, d.MaxWireLen)
	c.Defrag.Add(&d.Defrag)
}
