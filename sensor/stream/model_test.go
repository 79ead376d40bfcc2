package stream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"spanwatch/decoders"
)

// model is the slow reference of one direction: an array of bytes, and every
// segment that was ever stored.
type model struct {
	policy   Policy
	inline   bool
	depth    int
	data     []byte
	known    []bool
	segments [][2]int
	edge     int
	latest   int
	acked    int
	base     int
	app, raw int
}

// put stores a segment as the policy says, comparing it with every stored one.
func (m *model) put(at int, data []byte) {
	if m.depth > 0 && at+len(data) > m.depth {
		data = data[:max(m.depth-at, 0)]
	}
	end := at + len(data)
	if end <= m.base || len(data) == 0 {
		return
	}
	for len(m.data) < end {
		m.data = append(m.data, 0)
		m.known = append(m.known, false)
	}
	keep := make([]bool, len(data))
	for _, old := range m.segments {
		from, to := max(at, old[0], m.base), min(end, old[1])
		if from >= to || bytes.Equal(m.data[from:to], data[from-at:to-at]) {
			continue
		}
		if m.inline || !m.newWins(at, end, old[0], old[1]) {
			for i := from; i < to; i++ {
				keep[i-at] = true
			}
		}
	}
	for i := range data {
		if !keep[i] && at+i >= m.base {
			m.data[at+i] = data[i]
			m.known[at+i] = true
		}
	}
	m.segments = append(m.segments, [2]int{at, end})
	m.edge = max(m.edge, end)
}

// newWins is the table of the policies: rows by where the new segment begins
// (earlier, same, later), columns by where it ends; N is for new, o for old.
func (m *model) newWins(at, end, oldAt, oldEnd int) bool {
	tables := map[Policy]string{
		PolicyBSD:        "NNN ooo ooo",
		PolicyBSDRight:   "NNN ooo ooo",
		PolicyOldLinux:   "NNN oNN ooo",
		PolicyLinux:      "NNN ooN ooo",
		PolicyWindows:    "NNN ooo ooo",
		PolicyWindows2k3: "NNN ooo ooo",
		PolicyVista:      "ooo ooo ooo",
		PolicySolaris:    "oNN oNN ooN",
		PolicyOldSolaris: "oNN oNN ooN",
		PolicyHPUX10:     "NNN ooo ooo",
		PolicyHPUX11:     "oNN oNN ooN",
		PolicyIRIX:       "NNN ooo ooo",
		PolicyMacOS:      "NNN ooo ooo",
		PolicyFirst:      "ooo ooo ooo",
		PolicyLast:       "NNN NNN NNN",
	}
	sign := func(x int) int { return min(max(x, -1), 1) + 1 }
	return tables[m.policy][4*sign(at-oldAt)+sign(end-oldEnd)] == 'N'
}

// acknowledge moves what is due.
func (m *model) acknowledge(at int) {
	if at >= m.latest { // else it came late, and says nothing new
		m.latest = at
		m.acked = max(m.acked, min(at, m.edge))
	}
}

// due is how far the consumers may read.
func (m *model) due(all bool) int {
	limit := m.acked
	for all && limit < len(m.known) && m.known[limit] {
		limit++
	}
	return limit
}

// hole returns where the hole at an offset ends.
func (m *model) hole(at, limit int) int {
	for at < limit && !m.known[at] {
		at++
	}
	return at
}

// stretch returns where the known bytes from an offset on end.
func (m *model) stretch(at, limit int) int {
	for at < limit && m.known[at] {
		at++
	}
	return at
}

// TestStreamsEqualTheModel sends random segments of a client, in any order,
// overlapping with other bytes, acknowledged in any way and read by parsers
// that want more, and compares every piece with the model.
func TestStreamsEqualTheModel(t *testing.T) {
	talks, pieces := 0, 0
	for policy := range policyCount {
		for seed := range uint64(60) {
			r := rand.New(rand.NewPCG(seed, uint64(policy)))
			talks++
			pieces += compareWithModel(t, r, policy)
			if t.Failed() {
				t.Fatalf("policy %v seed %d", policy, seed)
			}
		}
	}
	if talks == 0 || pieces < 10*talks {
		t.Fatalf("%d talks gave %d pieces", talks, pieces)
	}
}

// payloadArea stands for the memory of frames, which others overwrite later.
type payloadArea struct{ used [][]byte }

func (a *payloadArea) lend(data []byte) []byte {
	b := bytes.Clone(data)
	a.used = append(a.used, b)
	return b
}

func (a *payloadArea) reuse() {
	for _, b := range a.used {
		for i := range b {
			b[i] = 0xdd
		}
	}
	a.used = a.used[:0]
}

func compareWithModel(t *testing.T, r *rand.Rand, policy Policy) (pieces int) {
	m := &model{policy: policy, inline: r.IntN(5) == 0}
	room := newRoom(t, func(c *Config) {
		c.Policy = policy
		c.Inline = m.inline
		c.ChunkSize[decoders.ToServer] = uint32(1 + r.IntN(60))
		if r.IntN(3) == 0 {
			m.depth = 100 + r.IntN(200)
			c.Depth = uint32(m.depth)
		}
	})
	isn := []uint32{0, 1, 1 << 31, 0xffffffff, 0xffffff80, r.Uint32()}[r.IntN(6)]
	room.talk.cISN = isn
	room.say(piece{from: 'c', flags: "S"})
	room.say(piece{from: 's', flags: "SA", ack: 1})
	room.say(piece{from: 'c', flags: "A", seq: 1, ack: 1})
	area := &payloadArea{}
	var log []string
	fail := func(format string, args ...any) {
		t.Helper()
		for _, line := range log {
			t.Log(line)
		}
		t.Errorf(format, args...)
	}
	const size = 400
	send := func(at int, data []byte) {
		p := decoders.Packet{Data: area.lend(data), PayloadLen: uint32(len(data)), TCPFlags: decoders.TCPAck,
			Seq: decoders.Seq(isn).Add(uint32(at + 1)), Ack: serverISN + 1, TCPWindow: 60000, IPVersion: 4,
			Layers: decoders.LayerIPv4 | decoders.LayerTCP, Timestamp: room.talk.now}
		v := room.Packet(&room.flow, &p, decoders.ToServer)
		m.base = max(m.base, min(m.app, m.raw, m.acked))
		if v.Stored {
			m.put(at, data)
		}
		log = append(log, fmt.Sprintf("data %d..%d %q stored %v %s", at, at+len(data), data, v.Stored, names(v.Events)))
	}
	ack := func(at int) {
		p := decoders.Packet{TCPFlags: decoders.TCPAck, Seq: serverISN + 1, Ack: decoders.Seq(isn).Add(uint32(at + 1)),
			TCPWindow: 60000, IPVersion: 4, Layers: decoders.LayerIPv4 | decoders.LayerTCP, Timestamp: room.talk.now}
		room.Packet(&room.flow, &p, decoders.ToClient)
		m.base = max(m.base, min(m.app, m.raw, m.acked))
		m.acknowledge(at)
		log = append(log, fmt.Sprintf("ack %d", at))
	}
	parsing, seen := false, 0
	read := func(end bool) {
		limit := m.due(m.inline || end)
		for c, ok := room.NextApp(&room.flow, decoders.ToServer); ok; c, ok = room.NextApp(&room.flow, decoders.ToServer) {
			pieces++
			if to := m.stretch(m.app, limit); parsing && m.app < to && to <= seen && to < limit {
				m.app = to // given up for the gap behind it
			}
			at := m.hole(m.app, limit)
			if int(c.Gap) != at-m.app || int(c.Offset) != at {
				fail("chunk at %d with a gap of %d, want %d with %d", c.Offset, c.Gap, at, at-m.app)
				return
			}
			to := m.stretch(at, limit)
			if want := m.data[min(at, len(m.data)):min(to, len(m.data))]; !bytes.Equal(c.Data, want) {
				fail("chunk at %d: %q, want %q", at, c.Data, want)
				return
			}
			m.app, seen = at, to
			n := len(c.Data)
			if !end && !c.EOF && r.IntN(3) == 0 {
				n = r.IntN(n + 1)
			}
			room.Consumed(&room.flow, decoders.ToServer, n)
			parsing = true
			m.app += n
			log = append(log, fmt.Sprintf("chunk %d gap %d %q consumed %d eof %v", c.Offset, c.Gap, c.Data, n, c.EOF))
		}
		if end {
			limit = m.edge
		}
		if r.IntN(4) == 0 {
			room.TriggerRaw(&room.flow, decoders.ToServer)
		}
		for c, ok := room.NextRaw(&room.flow, decoders.ToServer); ok; c, ok = room.NextRaw(&room.flow, decoders.ToServer) {
			pieces++
			at := m.hole(m.raw, limit)
			to := m.stretch(at, limit)
			if want := m.data[at:to]; int(c.Offset) != at || !bytes.Equal(c.Data, want) {
				fail("raw at %d: %q, want %q at %d", c.Offset, c.Data, want, at)
				return
			}
			m.raw = to
			log = append(log, fmt.Sprintf("raw %d %q", c.Offset, c.Data))
		}
		// A hole is passed without a piece when nothing lies behind it yet.
		if h := room.reach(&room.sessions[room.flow.Stream].half[0]); int(h.raw) != m.raw {
			if at := m.hole(m.raw, limit); int(h.raw) != at {
				fail("raw went on to %d, want %d", h.raw, at)
			}
			m.raw = int(h.raw)
		}
		if end && (m.app < m.due(true) || m.raw < limit) {
			fail("the end left %d of %d and %d of %d", m.app, m.due(true), m.raw, limit)
		}
	}
	plain := make([]byte, size)
	for i := range plain {
		plain[i] = 'a' + byte(i%26)
	}
	next := 0
	for range 60 + r.IntN(40) {
		switch k := r.IntN(10); {
		case k < 4: // in order
			n := min(1+r.IntN(30), size-next)
			if n > 0 {
				send(next, plain[next:next+n])
				next += n
			}
		case k < 5: // a loss
			next = min(next+r.IntN(20), size)
		case k < 7: // again, early, late or other
			at := max(0, min(next+r.IntN(120)-80, size-2))
			n := min(2+r.IntN(50), size-at) // one byte could be a keep-alive
			data := bytes.Clone(plain[at : at+n])
			if r.IntN(2) == 0 {
				data[r.IntN(n)] = 'X'
			}
			if r.IntN(4) == 0 {
				data = bytes.Repeat([]byte{byte('A' + r.IntN(26))}, n)
			}
			send(at, data)
		case k < 9:
			ack(min(r.IntN(next+20), size))
		default:
			room.Retain()
			area.reuse()
		}
		read(false)
		room.check(t)
		if t.Failed() {
			return
		}
	}
	room.Finish(&room.flow)
	m.base = max(m.base, min(m.app, m.raw, m.acked))
	log = append(log, "finish")
	read(true)
	room.check(t)
	room.Close(&room.flow)
	room.check(t)
	if used := room.Stats().MemoryUsed; used != 0 {
		fail("%d bytes are held after the end", used)
	}
	return pieces
}
