package stream

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// app reads and consumes what is due for a direction's parser.
func (r *room) app(dir decoders.Direction) string {
	var b strings.Builder
	for c, ok := r.NextApp(&r.flow, dir); ok; c, ok = r.NextApp(&r.flow, dir) {
		if c.Gap > 0 {
			fmt.Fprintf(&b, "[%d]", c.Gap)
		}
		b.Write(c.Data)
		if c.EOF {
			b.WriteString("$")
		}
		r.Consumed(&r.flow, dir, len(c.Data))
	}
	return b.String()
}

// raw reads what is due for rules.
func (r *room) raw(dir decoders.Direction) string {
	var pieces []string
	for c, ok := r.NextRaw(&r.flow, dir); ok; c, ok = r.NextRaw(&r.flow, dir) {
		pieces = append(pieces, string(c.Data))
	}
	return strings.Join(pieces, "|")
}

func (r *room) open() {
	for _, p := range handshake {
		r.say(p)
	}
}

// send sends data of the client, and answer acknowledges up to a number.
func (r *room) send(seq int64, data string) Verdict {
	return r.say(piece{from: 'c', flags: "PA", seq: seq, ack: 1, data: data})
}

func (r *room) answer(ack int64) Verdict {
	return r.say(piece{from: 's', flags: "A", seq: 1, ack: ack})
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

func TestDataIsDueWhenItIsAcknowledged(t *testing.T) {
	r := newRoom(t, nil)
	r.open()
	r.send(1, "hello")
	want(t, "before the acknowledgment", r.app(decoders.ToServer), "")
	r.answer(4)
	want(t, "after part of it", r.app(decoders.ToServer), "hel")
	r.answer(6)
	want(t, "after all of it", r.app(decoders.ToServer), "lo")
	want(t, "a small chunk", r.raw(decoders.ToServer), "")
	r.TriggerRaw(&r.flow, decoders.ToServer)
	want(t, "a chunk that was asked for", r.raw(decoders.ToServer), "hello")
}

func TestDataIsDueAtOnceInline(t *testing.T) {
	r := newRoom(t, func(c *Config) { c.Inline = true })
	r.open()
	r.send(1, "hello")
	want(t, "app", r.app(decoders.ToServer), "hello")
	want(t, "raw", r.raw(decoders.ToServer), "hello")
}

func TestAParserMayLeaveBytes(t *testing.T) {
	r := newRoom(t, nil)
	r.open()
	r.send(1, "one two")
	r.answer(8)
	c, _ := r.NextApp(&r.flow, decoders.ToServer)
	want(t, "first", string(c.Data), "one two")
	r.Consumed(&r.flow, decoders.ToServer, 4)
	if _, ok := r.NextApp(&r.flow, decoders.ToServer); ok {
		t.Error("the same bytes are offered again without more")
	}
	r.Retain()
	r.send(8, " three")
	r.answer(14)
	c, _ = r.NextApp(&r.flow, decoders.ToServer)
	want(t, "second", string(c.Data), "two three")
	if c.Offset != 4 {
		t.Errorf("offset %d, want 4", c.Offset)
	}
}

func TestAGapIsExplicitAndTheRestGoesOn(t *testing.T) {
	r := newRoom(t, nil)
	r.open()
	r.send(1, "aaa")
	r.send(7, "ccc")
	r.answer(4)
	want(t, "before", r.app(decoders.ToServer), "aaa")
	r.answer(10)
	want(t, "the gap", r.app(decoders.ToServer), "[3]ccc")
	if s := r.Stats(); s.Gaps != 1 || s.GapBytes != 3 || s.Events[decoders.StreamEventReassemblySeqGap] != 1 {
		t.Errorf("%d gaps with %d bytes", s.Gaps, s.GapBytes)
	}
	want(t, "block by block", func() string { r.Finish(&r.flow); return r.raw(decoders.ToServer) }(), "aaa|ccc")
}

func TestTheEndFlushesWhatIsLeft(t *testing.T) {
	r := newRoom(t, nil)
	r.open()
	r.send(1, "unacknowledged")
	want(t, "before", r.app(decoders.ToServer)+r.raw(decoders.ToServer), "")
	if !r.Pending(&r.flow, decoders.ToServer) || r.Pending(&r.flow, decoders.ToClient) {
		t.Error("pending in the wrong directions")
	}
	r.Finish(&r.flow)
	want(t, "app", r.app(decoders.ToServer), "unacknowledged$")
	want(t, "raw", r.raw(decoders.ToServer), "unacknowledged")
	want(t, "the other side", r.app(decoders.ToClient), "$")
	want(t, "again", r.app(decoders.ToServer)+r.app(decoders.ToClient), "")
	r.Close(&r.flow)
	if r.flow.Stream != 0 || r.Stats().Active != 0 {
		t.Error("the session is not closed")
	}
}

func TestAClosedSessionHasItsEnd(t *testing.T) {
	r := newRoom(t, nil)
	r.open()
	r.send(1, "bye")
	r.say(piece{from: 'c', flags: "FA", seq: 4, ack: 1})
	r.say(piece{from: 's', flags: "FA", seq: 1, ack: 5})
	want(t, "acknowledged", r.app(decoders.ToServer), "bye")
	if v := r.say(piece{from: 'c', flags: "A", seq: 5, ack: 2}); !v.Ended {
		t.Error("the last packet does not end the session")
	}
	want(t, "the end", r.app(decoders.ToServer)+r.app(decoders.ToClient), "$$")
	want(t, "raw", r.raw(decoders.ToServer), "bye")
}

func TestDepthLimitsADirection(t *testing.T) {
	r := newRoom(t, func(c *Config) { c.Depth = 8 })
	r.open()
	if v := r.send(1, "123456"); !v.Stored || !v.Events.Empty() {
		t.Errorf("inside the depth: %+v", v)
	}
	if v := r.send(7, "789abc"); !v.Stored || !v.Events.Has(decoders.StreamEventReassemblyDepthReached) {
		t.Errorf("across the depth: %+v", v)
	}
	if v := r.send(13, "def"); v.Stored || !v.Events.Empty() {
		t.Errorf("beyond the depth: %+v", v)
	}
	r.answer(16)
	want(t, "app", r.app(decoders.ToServer), "12345678$")
	want(t, "raw", r.raw(decoders.ToServer), "12345678")
	if n := r.Stats().BeyondDepth; n != 7 {
		t.Errorf("%d bytes beyond the depth, want 7", n)
	}
}

func TestDirectionsCanBeSwitchedOff(t *testing.T) {
	r := newRoom(t, nil)
	r.open()
	r.send(1, "clear")
	r.answer(6)
	r.DisableRaw(&r.flow, decoders.ToServer)
	r.send(6, "secret")
	r.answer(12)
	want(t, "raw", r.raw(decoders.ToServer), "clear")
	want(t, "app", r.app(decoders.ToServer), "clearsecret")
	r.DisableApp(&r.flow, decoders.ToServer)
	r.send(12, "more")
	r.answer(16)
	want(t, "app", r.app(decoders.ToServer), "")
	r.Bypass(&r.flow, decoders.ToServer)
	if v := r.send(16, "last"); v.Stored {
		t.Error("bypassed data is stored")
	}
	r.check(t)
	if used := r.Stats().MemoryUsed; used != 0 {
		t.Errorf("%d bytes are held", used)
	}
}

func TestMemoryOfAFlowIsBounded(t *testing.T) {
	for _, x := range []Exception{ExceptionIgnore, ExceptionStop} {
		t.Run(x.String(), func(t *testing.T) {
			r := newRoom(t, func(c *Config) { c.FlowMemory, c.OnMemory = 1024, x })
			r.open()
			refused := 0
			for i := range 40 {
				if v := r.send(int64(1+i*100), strings.Repeat("x", 90)); !v.Stored {
					refused++
				}
				r.Retain()
				r.check(t)
			}
			s := r.Stats()
			if x == ExceptionStop && s.Stopped != 2 || s.RefusedFlow == 0 || s.MemoryUsed > 1024 {
				t.Errorf("%d refused: %+v", refused, s)
			}
		})
	}
}

func TestMemoryOfAllIsBoundedAndTheIdlestGivesWay(t *testing.T) {
	r := newRoom(t, func(c *Config) { c.Memory = 16 * 256 })
	flows := make([]flow.Flow, 40)
	for i := range flows {
		r.flow, r.talk.client = flow.Flow{}, netip.AddrPortFrom(r.talk.client.Addr(), uint16(2000+i))
		r.open()
		r.send(1, "waits")
		r.Retain()
		flows[i] = r.flow
		r.check(t)
	}
	s := r.Stats()
	if s.Evicted != uint64(len(flows)-16) || s.MemoryUsed != 16*256 || s.Active != len(flows) {
		t.Errorf("%+v", s)
	}
	r.flow = flows[len(flows)-1]
	r.answer(6)
	want(t, "the newest flow", r.app(decoders.ToServer), "waits")
	r.flow = flows[0]
	r.answer(6)
	want(t, "the idlest flow", r.app(decoders.ToServer), "")
}

func TestSegmentsOfADirectionAreBounded(t *testing.T) {
	r := newRoom(t, func(c *Config) { c.Segments = 8 })
	r.open()
	events := 0
	for i := range 20 {
		if v := r.send(int64(3+2*i), "x"); v.Events.Has(decoders.StreamEventReassemblyInsertLimit) {
			events++
		}
	}
	r.check(t)
	if s := r.Stats(); s.RefusedSegments != 12 || events != 12 {
		t.Errorf("%d segments refused with %d events, want 12", s.RefusedSegments, events)
	}
}

func TestASegmentIsComparedWithSoManyOnly(t *testing.T) {
	r := newRoom(t, func(c *Config) { c.Segments, c.Memory, c.FlowMemory = 9000, 64<<20, 64<<20 })
	r.open()
	for i := range 5000 {
		r.send(int64(2+2*i), "xx")
	}
	if v := r.send(2, strings.Repeat("y", 10000)); v.Stored || !v.Events.Has(decoders.StreamEventReassemblyInsertLimit) {
		t.Errorf("%+v", v)
	}
	r.check(t)
}

func TestUrgentBytesOutOfBandAreBounded(t *testing.T) {
	r := newRoom(t, func(c *Config) { c.UrgentLimit, c.UrgentBeyond = 2, UrgentInline })
	r.open()
	for i := range 3 {
		v := r.say(piece{from: 'c', flags: "PAU", seq: int64(1 + 3*i), ack: 1, data: "ab" + string(rune('1'+i)), urg: 3})
		if got := v.Events.Has(decoders.StreamEventReassemblyUrgentOobLimitReached); got != (i == 2) {
			t.Errorf("segment %d: limit reached %v", i, got)
		}
	}
	r.answer(10)
	want(t, "the stream", r.app(decoders.ToServer), "ababab3")
}

func TestSessionsAreBounded(t *testing.T) {
	r := newRoom(t, func(c *Config) { c.MaxSessions = 16 })
	for i := range 20 {
		r.flow = flow.Flow{}
		v := r.say(syn)
		if want := i < 16; (v.State == flow.TCPSynSent) != want || (r.flow.Stream != 0) != want {
			t.Fatalf("flow %d: %+v", i, v)
		}
	}
	if s := r.Stats(); s.SessionsRefused != 4 || s.Active != 16 {
		t.Errorf("%+v", s)
	}
}

func TestPacketsWithWrongChecksumsAreIgnoredWhenTold(t *testing.T) {
	for _, ignore := range []bool{false, true} {
		r := newRoom(t, func(c *Config) { c.IgnoreBadChecksums = ignore })
		d := decoders.DefaultConfig()
		d.Checksums = decoders.ChecksumsOn
		r.decoder, _ = decoders.NewDecoder(d)
		r.open()
		v := r.say(piece{from: 'c', flags: "PA", seq: 1, ack: 1, data: "x", bad: true})
		if v.Stored == ignore || !v.Established {
			t.Errorf("ignoring %v: %+v", ignore, v)
		}
	}
}

func TestASwappedSessionGoesOn(t *testing.T) {
	r := newRoom(t, func(c *Config) { c.Midstream = true })
	f := r.talk.frame(piece{from: 's', flags: "PA", seq: 1, ack: 1, data: "banner"})
	var p decoders.Packet
	r.decoder.Decode(&f, &p)
	r.Packet(&r.flow, &p, decoders.ToServer) // who speaks first is taken for the client
	r.Swap(&r.flow)
	r.say(piece{from: 'c', flags: "A", seq: 1, ack: 7})
	want(t, "the server's data", r.app(decoders.ToClient), "banner")
	r.check(t)
}

func TestASynFromTheServersSideSwapsTheFlow(t *testing.T) {
	r := newRoom(t, nil)
	if v := r.say(piece{from: 's', flags: "S"}); !v.Swapped || v.State != flow.TCPSynSent {
		t.Errorf("%+v", v)
	}
}

func TestOnlyAnotherSynReusesAClosedSession(t *testing.T) {
	r := newRoom(t, nil)
	for _, p := range then(timeWait) {
		r.say(p)
	}
	for _, c := range []struct {
		p    decoders.Packet
		want bool
	}{
		{decoders.Packet{TCPFlags: decoders.TCPSyn, Seq: 77}, true},
		{decoders.Packet{TCPFlags: decoders.TCPSyn, Seq: clientISN}, false},
		{decoders.Packet{TCPFlags: decoders.TCPSyn | decoders.TCPAck, Seq: 77}, false},
	} {
		if got := r.Reuses(&r.flow, &c.p); got != c.want {
			t.Errorf("flags %x seq %d: %v", c.p.TCPFlags, c.p.Seq, got)
		}
	}
}

func TestStreamSizeCountsSequenceNumbers(t *testing.T) {
	r := newRoom(t, nil)
	r.open()
	r.send(1, "12345")
	if c, s := r.Size(&r.flow, decoders.ToServer), r.Size(&r.flow, decoders.ToClient); c != 6 || s != 1 {
		t.Errorf("sizes %d and %d, want 6 and 1", c, s)
	}
}

func TestEveryFaultOfTheConfigurationIsToldAtOnce(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxSessions, cfg.ChunkSize[1], cfg.Memory, cfg.FlowMemory, cfg.Segments = 1, 0, 1, 1, 1
	cfg.Policy, cfg.Urgent, cfg.OnMemory, cfg.UrgentBeyond = policyCount, urgentCount, exceptionCount, UrgentOOB
	cfg.Hosts = []HostPolicy{{Policy: PolicyBSD}}
	_, err := New(cfg)
	if !errors.Is(err, ErrConfig) {
		t.Fatal(err)
	}
	if n := strings.Count(err.Error(), "\n") + 1; n != 10 {
		t.Errorf("%d faults, want 10:\n%v", n, err)
	}
	if _, err := New(DefaultConfig()); err != nil {
		t.Error(err)
	}
}

func TestTheLongestPrefixDecidesThePolicy(t *testing.T) {
	h := newHostPolicies(&Config{Policy: PolicyBSD, Hosts: []HostPolicy{
		{netip.MustParsePrefix("0.0.0.0/0"), PolicyWindows},
		{netip.MustParsePrefix("10.1.0.0/16"), PolicyLinux},
		{netip.MustParsePrefix("2001:db8::/32"), PolicySolaris},
	}})
	for addr, want := range map[string]Policy{"10.1.2.3": PolicyLinux, "10.2.2.3": PolicyWindows, "2001:db8::1": PolicySolaris, "::1": PolicyBSD} {
		a, version := decoders.AddrFrom(netip.MustParseAddr(addr))
		if got := h.of(a, version); got != want {
			t.Errorf("%s: %v, want %v", addr, got, want)
		}
	}
}

func TestEventsAreFoundByTheirNames(t *testing.T) {
	for e := range decoders.StreamEventCount {
		if got, ok := decoders.StreamEventByName(e.String()); !ok || got != e {
			t.Errorf("%v: found %v", e, got)
		}
	}
	for name, want := range map[string]decoders.StreamEvent{"3whs_synack_resend_with_diff_ack": decoders.StreamEvent3whsSynackResendWithDifferentAck,
		"est_synack_resend_with_diff_ack": decoders.StreamEventEstSynackResendWithDifferentAck} {
		if got, ok := decoders.StreamEventByName(name); !ok || got != want {
			t.Errorf("%s: found %v", name, got)
		}
	}
	if _, ok := decoders.StreamEventByName("no_such_event"); ok {
		t.Error("an unknown name is found")
	}
}

func TestStatsOfWorkersAddUp(t *testing.T) {
	var one Stats
	v := reflect.ValueOf(&one).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.Uint64:
			f.SetUint(uint64(i + 1))
		case reflect.Int:
			f.SetInt(int64(i + 1))
		case reflect.Float64: // how full: the fuller one counts
			f.SetFloat(1 / float64(i+1))
		case reflect.Array:
			for k := range f.Len() {
				f.Index(k).SetUint(uint64(k + 1))
			}
		default:
			t.Fatalf("field %s", v.Type().Field(i).Name)
		}
	}
	sum := one
	sum.Add(&one)
	s := reflect.ValueOf(sum)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		switch f := s.Field(i); f.Kind() {
		case reflect.Uint64:
			if f.Uint() != 2*uint64(i+1) {
				t.Errorf("%s is not added", name)
			}
		case reflect.Int:
			if f.Int() != 2*int64(i+1) {
				t.Errorf("%s is not added", name)
			}
		case reflect.Float64:
			if f.Float() != v.Field(i).Float() {
				t.Errorf("%s is not that of the fuller one", name)
			}
		case reflect.Array:
			if f.Index(1).Uint() != 4 {
				t.Errorf("%s is not added", name)
			}
		}
	}
}

// TestWhatIsLeftOutIsCountedUnderItsBound: each segment that is not kept is
// counted once, under the bound that it met, and as nothing else.
func TestWhatIsLeftOutIsCountedUnderItsBound(t *testing.T) {
	cases := []struct {
		name   string
		change func(*Config)
		want   func(*Stats) uint64
	}{
		{"of all", func(c *Config) { c.Memory, c.OnMemory = 256, ExceptionIgnore }, func(s *Stats) uint64 { return s.RefusedMemory }},
		{"of a flow", func(c *Config) { c.FlowMemory, c.OnMemory = 256, ExceptionIgnore }, func(s *Stats) uint64 { return s.RefusedFlow }},
		{"segments", func(c *Config) { c.Segments = 2 }, func(s *Stats) uint64 { return s.RefusedSegments }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := newRoom(t, c.change)
			r.open()
			for i := range 5 {
				r.send(int64(3+300*i), strings.Repeat("x", 200))
				r.Retain()
			}
			s := r.Stats()
			if all := s.RefusedMemory + s.RefusedFlow + s.RefusedSegments; c.want(&s) != all || all == 0 || all != 5-uint64(r.kept()) {
				t.Errorf("%d segments kept of 5: %+v", r.kept(), s)
			}
		})
	}
}

// kept is how many separate runs of bytes the client's direction holds.
func (r *room) kept() (n int) {
	x := r.reach(&r.sessions[r.flow.Stream].half[decoders.ToServer])
	for i := x.firstRun; i != 0; i = r.runs.items[i].next {
		n++
	}
	return n
}

// TestPiecesThatDoNotBecomeOneAreNotLost: a parser is offered neighbours in two
// pieces when there is no memory to join them, and nothing is counted as left out.
func TestPiecesThatDoNotBecomeOneAreNotLost(t *testing.T) {
	r := newRoom(t, func(c *Config) { c.FlowMemory, c.OnMemory = 512, ExceptionIgnore })
	r.open()
	r.send(201, strings.Repeat("b", 200))
	r.Retain()
	r.send(1, strings.Repeat("a", 200))
	r.Retain()
	r.answer(401)
	want(t, "app", r.app(decoders.ToServer), strings.Repeat("a", 200)+strings.Repeat("b", 200))
	if s := r.Stats(); s.RefusedFlow+s.RefusedMemory+s.RefusedSegments != 0 {
		t.Errorf("%+v", s)
	}
}

func TestCountersTellWhatCameAndWhatDidNot(t *testing.T) {
	r := newRoom(t, func(c *Config) { c.Depth = 20 })
	r.open()
	r.send(1, "abc")
	r.send(1, "abc") // again
	r.send(7, "ghi")
	r.send(7, "gHi") // with other bytes
	r.answer(10)     // of three bytes that never came
	r.app(decoders.ToServer)
	r.answer(30) // of more, of which none has come yet
	r.send(10, strings.Repeat("z", 20))
	r.say(piece{from: 'c', flags: "PAU", seq: 30, ack: 1, data: "!", urg: 1})
	r.say(piece{from: 'c', flags: "FA", seq: 31, ack: 1})
	r.answer(32) // of the FIN, which was seen
	r.say(piece{from: 's', flags: "RA", seq: 1, ack: 32})
	s := r.Stats()
	got := fmt.Sprintf("%d SYN, %d SYN+ACK, %d RST, %d URG; %d overlaps, %d different; %d gap of %d; %d acks unseen; %d at depth, %d beyond",
		s.Syn, s.SynAck, s.Rst, s.Urg, s.Overlaps, s.OverlapsDifferent, s.Gaps, s.GapBytes, s.AckUnseen, s.DepthReached, s.BeyondDepth)
	want(t, "counters", got, "1 SYN, 1 SYN+ACK, 1 RST, 1 URG; 2 overlaps, 1 different; 1 gap of 3; 1 acks unseen; 1 at depth, 9 beyond")
	if s.SessionMemory == 0 {
		t.Error("a session takes no memory")
	}
	r.Finish(&r.flow)
	r.Close(&r.flow)
	if s := r.Stats(); s.SessionMemory != 0 || s.MemoryUsed != 0 || s.Active != 0 {
		t.Errorf("a closed session keeps %d and %d bytes", s.SessionMemory, s.MemoryUsed)
	}
}
