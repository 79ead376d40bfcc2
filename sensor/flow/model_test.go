package flow

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"spanwatch/decoders"
)

// model is the slow reference of Table for packets without TCP sessions: a map
// and no wheel.
type model struct {
	cfg     Config
	flows   map[decoders.FlowKey]*modelFlow
	started bool
	now     int64
	ended   []string
}

type modelFlow struct {
	key            decoders.FlowKey
	clientB        bool
	first, last    int64
	number         uint64
	packets, bytes [2]uint64
	spoke          [2]bool
}

func (m *model) timeout(f *modelFlow) int64 {
	times := map[uint8]Timeouts{protoTCP: m.cfg.TCP, protoUDP: m.cfg.UDP, protoICMP: m.cfg.ICMP}[f.key.Proto]
	if times == (Timeouts{}) {
		times = m.cfg.Other
	}
	if f.established() {
		return int64(times.Established)
	}
	return int64(times.New)
}

func (f *modelFlow) established() bool { return f.key.Proto != protoTCP && f.spoke[0] && f.spoke[1] }

func (m *model) end(f *modelFlow, why EndReason) {
	state := StateNew
	if f.established() {
		state = StateEstablished
	}
	m.ended = append(m.ended, describe(f.key, f.clientB, f.first, f.last, f.number, f.packets, f.bytes, state, why))
	delete(m.flows, f.key)
}

func describe(k decoders.FlowKey, clientB bool, first, last int64, number uint64, packets, bytes [2]uint64, s State, why EndReason) string {
	return fmt.Sprint(k, clientB, first, last, number, packets, bytes, s, why)
}

func (m *model) update(p *decoders.Packet) {
	var k decoders.FlowKey
	reversed := p.FlowKey(&k)
	f := m.flows[k]
	if f != nil && p.Timestamp-f.last >= m.timeout(f) {
		m.end(f, EndTimeout)
		f = nil
	}
	if f == nil {
		f = &modelFlow{key: k, clientB: reversed, first: p.Timestamp, last: p.Timestamp, number: p.Number}
		m.flows[k] = f
		if !m.started {
			m.started, m.now = true, floorDiv(p.Timestamp, second)-1
		}
	}
	dir := 0
	if reversed != f.clientB {
		dir = 1
	}
	f.last = max(f.last, p.Timestamp)
	f.packets[dir]++
	f.bytes[dir] += uint64(p.WireLen)
	f.spoke[dir] = true
}

func (m *model) advance(now int64) {
	sec := floorDiv(now, second)
	if !m.started || sec <= m.now {
		return
	}
	m.now = sec
	for _, f := range m.sorted() {
		if floorDiv(f.last+m.timeout(f), second)+1 <= sec {
			m.end(f, EndTimeout)
		}
	}
}

func (m *model) sorted() []*modelFlow {
	var all []*modelFlow
	for _, f := range m.flows {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b *modelFlow) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.number, b.number))
	})
	return all
}

// modelConfig is wide enough that no flow is ended by force.
func modelConfig(m *model) func(*Config) {
	return func(c *Config) {
		c.MaxFlows = 4096
		c.OnEnd = func(f *Flow, why EndReason) {
			m.ended = append(m.ended, describe(f.Key, f.Flags&flagClientB != 0, f.FirstSeen, f.LastSeen,
				f.FirstPacket, f.Packets, f.Bytes, f.State, why))
		}
	}
}

func TestTableEqualsAMapOnRandomTraffic(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		want, got := &model{flows: map[decoders.FlowKey]*modelFlow{}}, &model{}
		w := newWatched(t, modelConfig(got))
		want.cfg = w.cfg
		protos := []uint8{protoTCP, protoUDP, protoSCTP, 47}
		now, latest := start, start
		for n := range 4000 {
			switch r.IntN(40) {
			case 0:
				now += r.Int64N(700) * second
			case 1:
				now -= r.Int64N(90) * second
			default:
				now += r.Int64N(2 * second)
			}
			host := func() string { return fmt.Sprintf("10.0.%d.%d:%d", r.IntN(2), r.IntN(4), r.IntN(3)) }
			p := packet(protos[r.IntN(len(protos))], host(), host(), 0)
			p.Timestamp, p.Number, p.WireLen = now, uint64(n+1), uint32(60+r.IntN(1400))
			if p.Proto == protoTCP {
				p.TCPFlags = decoders.TCPAck
			}
			w.Update(p)
			want.update(p)
			if latest = max(latest, now); n%16 == 15 {
				w.Advance(latest)
				want.advance(latest)
			}
			if n%500 == 0 {
				w.check(t)
			}
		}
		w.check(t)
		w.Close()
		left := want.sorted()
		slices.SortFunc(left, func(a, b *modelFlow) int { return cmp.Compare(a.number, b.number) })
		for _, f := range left {
			want.end(f, EndShutdown)
		}
		if len(want.ended) < 500 {
			t.Fatalf("seed %d: only %d flows", seed, len(want.ended))
		}
		if !slices.Equal(got.ended, want.ended) {
			t.Fatalf("seed %d: the table ended %d flows, the map %d, or others in another order", seed, len(got.ended), len(want.ended))
		}
	}
}

// FuzzTable drives a small table with any packets, TCP sessions included, and
// checks that its parts agree and that nothing is lost from the accounts.
func FuzzTable(f *testing.F) {
	f.Add([]byte("\x00\x12\x34\x00\x02\x12\x43\x01\x10\x12\x34\x02"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var packets, bytes, ended uint64
		var w *watched
		w = newWatched(t, func(c *Config) {
			c.MaxFlows = 16
			c.Deltas = true
			c.Interval = 10 * 1e9
			c.Midstream = len(b)%2 == 0
			c.AsyncOneSide = len(b)%3 == 0
			c.OnEnd = func(f *Flow, _ EndReason) {
				ended++
				total := w.Totals(f)
				packets += total.WirePackets[0] + total.WirePackets[1]
				bytes += total.WireBytes[0] + total.WireBytes[1]
			}
		})
		now := start
		var number uint64
		for ; len(b) >= 4; b = b[4:] {
			number++
			now += int64(int8(b[3])) * second / 3
			hosts := []string{"10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:1", "10.0.0.3:9"}
			p := packet(protoTCP, hosts[b[1]&3], hosts[b[1]>>2&3], 0)
			if b[1]>>7 != 0 {
				p = packet(protoUDP, hosts[b[1]&3], hosts[b[1]>>2&3], 0)
			}
			p.Timestamp, p.Number = now, number
			p.TCPFlags = b[0]
			p.Seq, p.Ack = decoders.Seq(b[2]>>4), decoders.Seq(b[2]&15)
			p.PayloadLen, p.TCPWindow = uint32(b[1]>>4&3), 8
			p.VLANs[0] = uint16(b[3] & 7)
			f, dir := w.Update(p)
			if f == nil || f.Packets[dir] == 0 || f.State >= stateCount || f.TCPState >= tcpStateCount {
				t.Fatalf("packet %d: %+v", number, f)
			}
			if b[2] == 0xff {
				w.Swap(f)
			}
			if b[2] == 0xfe {
				w.Advance(now)
			}
		}
		w.check(t)
		active := w.Stats().Active
		w.Close()
		s := w.Stats()
		if s.Started != ended || s.Active != 0 || active > 16 {
			t.Fatalf("%d flows began, %d ended, %d are left", s.Started, ended, s.Active)
		}
		if s.Packets != number || packets != number || bytes != 100*number || s.WireBytes != bytes {
			t.Fatalf("%d packets given, %d counted, %d in flows, %d bytes", number, s.Packets, packets, bytes)
		}
		var deltas uint64
		for _, d := range w.AppendDeltas(nil) {
			deltas += uint64(d.Packets[0]) + uint64(d.Packets[1])
		}
		if deltas != number {
			t.Fatalf("deltas have %d packets, want %d", deltas, number)
		}
	})
}
