package apptest

import (
	"net/netip"
	"slices"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/decoderstest"
)

// Flow is a TCP flow of a capture that was recognised.
type Flow struct {
	Client, Server netip.AddrPort
	Parser         app.Parser // nil when the flow was expected
	State          app.State
	Failed         bool // the parser gave up

	directions [2]direction
	started    [2]bool
	sides      app.Sides
}

// Step is one answer of a parser.
type Step struct {
	Packet uint64 // number of the packet that brought the bytes; 0 at the end of the capture
	Flow   *Flow
	Dir    decoders.Direction
	Result app.Result
}

// direction is one side's stream.
type direction struct {
	next    decoders.Seq // sequence number of the byte behind the last in order
	waiting []segment    // out of order
	pending []byte       // in order and not consumed
	need    int
	over    bool
}

type segment struct {
	seq    decoders.Seq
	data   []byte
	packet uint64
}

// Replay puts the TCP segments of a capture in order, recognises the flows and
// calls visit after every answer of a parser. It is a reassembler for tests:
// the first copy of a byte counts, a segment that never came is a gap at the
// end of the capture, and every stream ends there.
func Replay(t testing.TB, frames []decoders.Frame, candidates []app.Candidate, visit func(Step)) {
	t.Helper()
	ReplayExpecting(t, frames, candidates, func(client, server netip.AddrPort) app.State { return nil }, visit)
}

// ReplayExpecting is Replay for flows of which some are expected: expect is
// asked for the state of a flow whenever payload of it comes that was not
// recognised yet, and answers nil for those that are to be recognised.
func ReplayExpecting(t testing.TB, frames []decoders.Frame, candidates []app.Candidate,
	expect func(client, server netip.AddrPort) app.State, visit func(Step)) {
	t.Helper()
	detector, err := app.NewDetector(candidates)
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := decoders.NewDecoder(decoders.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	r := replay{t: t, detector: detector, flows: map[[2]netip.AddrPort]*Flow{}, expect: expect, visit: visit}
	for i := range frames {
		decoderstest.Chain(decoder, &frames[i], r.packet)
	}
	for _, f := range r.order {
		r.finish(f)
	}
}

type replay struct {
	t        testing.TB
	detector *app.Detector
	flows    map[[2]netip.AddrPort]*Flow
	order    []*Flow
	expect   func(client, server netip.AddrPort) app.State
	visit    func(Step)
}

func (r *replay) packet(p *decoders.Packet) {
	if !p.Layers.Has(decoders.LayerTCP) {
		return
	}
	src := netip.AddrPortFrom(p.Src.Netip(p.IPVersion), p.SrcPort)
	dst := netip.AddrPortFrom(p.Dst.Netip(p.IPVersion), p.DstPort)
	key := [2]netip.AddrPort{src, dst}
	if src.Compare(dst) > 0 {
		key = [2]netip.AddrPort{dst, src}
	}
	f := r.flows[key]
	syn, ack := p.TCPFlags&decoders.TCPSyn != 0, p.TCPFlags&decoders.TCPAck != 0
	if f != nil && syn && !ack && f.started[0] && f.directions[0].next != p.Seq.Add(1) {
		r.finish(f)
		f = nil
	}
	if f == nil {
		f = &Flow{Client: src, Server: dst}
		if syn && ack {
			f.Client, f.Server = dst, src
		}
		r.flows[key] = f
		r.order = append(r.order, f)
	}
	dir := decoders.ToServer
	if src != f.Client {
		dir = decoders.ToClient
	}
	d := &f.directions[dir]
	seq := p.Seq
	if syn {
		seq = seq.Add(1)
	}
	if !f.started[dir] {
		f.started[dir] = true
		d.next = seq
	}
	if p.PayloadLen == 0 {
		return
	}
	d.waiting = append(d.waiting, segment{seq, slices.Clone(p.Payload()), p.Number})
	slices.SortStableFunc(d.waiting, func(a, b segment) int { return int(a.seq.Sub(b.seq)) })
	r.drain(f, dir, p.Number)
}

// drain hands on what is in order.
func (r *replay) drain(f *Flow, dir decoders.Direction, number uint64) {
	d := &f.directions[dir]
	for len(d.waiting) > 0 && d.waiting[0].seq.LessEq(d.next) {
		s := d.waiting[0]
		d.waiting = d.waiting[1:]
		old := int(d.next.Sub(s.seq))
		if old >= len(s.data) {
			continue
		}
		d.next = s.seq.Add(uint32(len(s.data)))
		d.pending = append(d.pending, s.data[old:]...)
		r.feed(f, dir, number, app.Input{Dir: dir})
	}
}

// feed gives the parser what is pending, once there is enough of it.
func (r *replay) feed(f *Flow, dir decoders.Direction, number uint64, in app.Input) {
	d := &f.directions[dir]
	if f.State == nil && !r.detect(f, dir) || f.Failed {
		return
	}
	if len(d.pending) < d.need && !in.EOF {
		return
	}
	in.Data, in.Dir = d.pending, dir
	res := f.State.Parse(in)
	checkResult(r.t, res, len(in.Data), false)
	d.need = res.Need
	f.Failed = res.Status == app.StatusError
	d.pending = slices.Clone(d.pending[res.Consumed:])
	r.visit(Step{number, f, dir, res})
}

// detect reports whether the flow is recognised by the start of a stream.
func (r *replay) detect(f *Flow, dir decoders.Direction) bool {
	if f.State = r.expect(f.Client, f.Server); f.State != nil {
		return true
	}
	if !f.sides.Wants(dir) {
		return false
	}
	ports := app.Ports{Src: f.Client.Port(), Dst: f.Server.Port()}
	if dir == decoders.ToClient {
		ports = app.Ports{Src: ports.Dst, Dst: ports.Src}
	}
	got := r.detector.DetectOneWay(app.Input{Data: f.directions[dir].pending, Dir: dir}, app.TCP, ports)
	f.sides.Learn(dir, got)
	if got.Answer != app.Yes {
		return false
	}
	f.Parser, f.State = got.Parser, got.Parser.New()
	other := dir.Opposite()
	if len(f.directions[other].pending) > 0 {
		r.feed(f, other, 0, app.Input{})
	}
	return true
}

// finish ends the streams of a flow, with a gap where segments are missing.
func (r *replay) finish(f *Flow) {
	for _, dir := range []decoders.Direction{decoders.ToServer, decoders.ToClient} {
		d := &f.directions[dir]
		if d.over {
			continue
		}
		d.over = true
		for len(d.waiting) > 0 {
			gap := d.waiting[0].seq.Sub(d.next)
			d.next = d.waiting[0].seq
			d.pending, d.need = nil, 0
			if f.State != nil && !f.Failed {
				r.feed(f, dir, 0, app.Input{Gap: uint32(max(gap, 0))})
			}
			r.drain(f, dir, 0)
		}
		r.feed(f, dir, 0, app.Input{EOF: true})
	}
}
