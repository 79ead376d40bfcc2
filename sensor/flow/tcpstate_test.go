package flow

import (
	"strings"
	"testing"

	"spanwatch/decoders"
)

// Initial sequence numbers near the wrap, so that every test crosses it.
const (
	clientISN = decoders.Seq(0xfffffff0)
	serverISN = decoders.Seq(0xfffffffe)
)

// segment is one line of a dialogue. Numbers are relative to the initial ones.
type segment struct {
	from       byte // 'c' or 's'
	flags      string
	seq, ack   uint32
	size       uint32
	want       TCPState
	wantStatus string // "" or "established": Flow.Established after the segment
}

func (s segment) packet(at float64) *decoders.Packet {
	client, server := "10.0.0.1:4000", "10.0.0.2:80"
	if s.from == 's' {
		client, server = server, client
	}
	p := packet(protoTCP, client, server, at)
	for _, f := range s.flags {
		p.TCPFlags |= map[rune]uint8{'S': decoders.TCPSyn, 'A': decoders.TCPAck, 'F': decoders.TCPFin,
			'R': decoders.TCPRst, 'E': decoders.TCPEce | decoders.TCPCwr}[f]
	}
	p.Seq, p.Ack = clientISN.Add(s.seq), serverISN.Add(s.ack)
	if s.from == 's' {
		p.Seq, p.Ack = serverISN.Add(s.seq), clientISN.Add(s.ack)
	}
	if p.TCPFlags&decoders.TCPAck == 0 {
		p.Ack = 0
	}
	p.PayloadLen, p.TCPWindow = s.size, 1000
	return p
}

const est = "established"

var handshake = []segment{
	{'c', "S", 0, 0, 0, TCPSynSent, ""},
	{'s', "SA", 0, 1, 0, TCPSynRecv, ""},
	{'c', "A", 1, 1, 0, TCPEstablished, ""},
}

func after(first []segment, more ...segment) []segment {
	return append(append([]segment{}, first...), more...)
}

func TestTCPSessions(t *testing.T) {
	midstream := func(c *Config) { c.Midstream = true }
	async := func(c *Config) { c.AsyncOneSide = true }
	for _, c := range []struct {
		name   string
		config func(*Config)
		talk   []segment
		state  State
		flows  int
	}{
		{"the packet after the handshake is established", nil, after(handshake,
			segment{'c', "A", 1, 1, 10, TCPEstablished, est}), StateEstablished, 1},
		{"the completing acknowledgment is established if it carries data", nil, []segment{
			handshake[0], handshake[1], {'c', "A", 1, 1, 10, TCPEstablished, est}}, StateEstablished, 1},
		{"an ECN handshake is one", nil, []segment{
			{'c', "SE", 0, 0, 0, TCPSynSent, ""}, {'s', "SAE", 0, 1, 0, TCPSynRecv, ""}, handshake[2]}, StateEstablished, 1},
		{"a SYN+ACK for another SYN does not count", nil, []segment{
			handshake[0], {'s', "SA", 0, 9, 0, TCPSynSent, ""}, {'c', "A", 1, 1, 0, TCPSynSent, ""}}, StateNew, 1},
		{"retransmitted SYN and SYN+ACK change nothing", nil, []segment{
			handshake[0], handshake[0], handshake[1], {'c', "S", 0, 0, 0, TCPSynRecv, ""}, handshake[1], handshake[2]}, StateEstablished, 1},
		{"a repeated SYN with a new number before the answer counts", nil, []segment{
			{'c', "S", 70, 0, 0, TCPSynSent, ""}, handshake[0], handshake[1], handshake[2]}, StateEstablished, 1},
		{"simultaneous open", nil, []segment{
			handshake[0], {'s', "S", 0, 0, 0, TCPSynSent, ""}, {'c', "SA", 0, 1, 0, TCPSynRecv, ""},
			{'s', "SA", 0, 1, 0, TCPSynRecv, ""}, {'c', "A", 1, 1, 0, TCPEstablished, ""}}, StateEstablished, 1},
		{"four-way handshake", nil, []segment{
			handshake[0], {'s', "S", 0, 0, 0, TCPSynSent, ""}, {'c', "SA", 0, 1, 0, TCPSynRecv, ""},
			{'s', "A", 1, 1, 0, TCPEstablished, ""}}, StateEstablished, 1},
		{"fast open: data in the SYN is acknowledged", nil, []segment{
			{'c', "S", 0, 0, 20, TCPSynSent, ""}, {'s', "SA", 0, 21, 0, TCPSynRecv, ""}, {'c', "A", 21, 1, 0, TCPEstablished, ""}}, StateEstablished, 1},
		{"fast open: data in the SYN is refused", nil, []segment{
			{'c', "S", 0, 0, 20, TCPSynSent, ""}, {'s', "SA", 0, 1, 0, TCPSynRecv, ""}, {'c', "A", 1, 1, 20, TCPEstablished, est}}, StateEstablished, 1},
		{"the client closes first", nil, after(handshake,
			segment{'c', "FA", 1, 1, 0, TCPCloseWait, est}, segment{'s', "A", 1, 2, 50, TCPCloseWait, est},
			segment{'s', "FA", 51, 2, 0, TCPLastAck, est}, segment{'c', "A", 2, 52, 0, TCPClosed, est}), StateClosed, 1},
		{"the server closes first", nil, after(handshake,
			segment{'s', "FA", 1, 1, 0, TCPFinWait1, est}, segment{'c', "A", 1, 2, 0, TCPFinWait2, est},
			segment{'c', "FA", 1, 2, 0, TCPTimeWait, est}, segment{'s', "A", 2, 2, 0, TCPClosed, est}), StateClosed, 1},
		{"both close at once", nil, after(handshake,
			segment{'s', "FA", 1, 1, 0, TCPFinWait1, est}, segment{'c', "FA", 1, 1, 0, TCPTimeWait, est},
			segment{'s', "A", 2, 2, 0, TCPClosed, est}), StateClosed, 1},
		{"a retransmitted FIN closes nothing twice", nil, after(handshake,
			segment{'c', "FA", 1, 1, 0, TCPCloseWait, est}, segment{'c', "FA", 1, 1, 0, TCPCloseWait, est}), StateEstablished, 1},
		{"a FIN beyond the window is not believed", nil, after(handshake,
			segment{'c', "FA", 5000, 1, 0, TCPEstablished, est}), StateEstablished, 1},
		{"a reset inside the window closes", nil, after(handshake,
			segment{'s', "R", 1, 0, 0, TCPClosed, est}), StateClosed, 1},
		{"a reset outside the window does not", nil, after(handshake,
			segment{'s', "R", 5000, 0, 0, TCPEstablished, est}, segment{'c', "R", 1<<31 + 5, 0, 0, TCPEstablished, est}), StateEstablished, 1},
		{"a refused SYN closes", nil, []segment{handshake[0], {'s', "RA", 0, 1, 0, TCPClosed, ""}}, StateClosed, 1},
		{"a reset that does not acknowledge the SYN refuses nothing", nil, []segment{
			handshake[0], {'s', "RA", 0, 9, 0, TCPSynSent, ""}, {'s', "R", 0, 0, 0, TCPSynSent, ""}}, StateNew, 1},
		{"a forged refusal is overruled by the real answer", nil, []segment{
			handshake[0], {'s', "RA", 0, 1, 0, TCPClosed, ""}, {'s', "SA", 0, 1, 0, TCPSynRecv, est}, {'c', "A", 1, 1, 0, TCPEstablished, ""}}, StateEstablished, 1},
		{"without its opening a session is not taken up", nil, []segment{
			{'c', "A", 1, 1, 10, TCPNone, ""}, {'s', "A", 1, 11, 10, TCPNone, ""}, {'s', "FA", 11, 11, 0, TCPNone, ""}}, StateNew, 1},
		{"a SYN begins the session of a flow that had none", nil, after([]segment{
			{'c', "A", 900, 900, 10, TCPNone, ""}}, handshake...), StateEstablished, 1},
		{"midstream takes a session up", midstream, []segment{
			{'c', "A", 1, 1, 10, TCPEstablished, est}, {'s', "A", 1, 11, 10, TCPEstablished, est}, {'c', "FA", 11, 11, 0, TCPCloseWait, est}}, StateEstablished, 1},
		{"midstream does not take up a reset", midstream, []segment{{'c', "RA", 1, 1, 0, TCPNone, ""}}, StateNew, 1},
		{"one side of a session is enough for async-oneside", async, []segment{
			handshake[0], {'c', "A", 1, 1, 0, TCPEstablished, ""}, {'c', "A", 1, 1, 10, TCPEstablished, est}}, StateEstablished, 1},
		{"one side does not establish a session otherwise", nil, []segment{
			handshake[0], {'c', "A", 1, 1, 0, TCPSynSent, ""}, {'c', "A", 1, 1, 10, TCPSynSent, ""}}, StateNew, 1},
		{"a new SYN after both closed begins another flow", nil, after(handshake,
			segment{'c', "FA", 1, 1, 0, TCPCloseWait, est}, segment{'s', "FA", 1, 2, 0, TCPLastAck, est},
			segment{'c', "S", 7000, 0, 0, TCPSynSent, ""}), StateNew, 2},
		{"the same SYN after a reset is a retransmission", nil, after(handshake,
			segment{'s', "R", 1, 0, 0, TCPClosed, est}, segment{'c', "S", 0, 0, 0, TCPClosed, est}), StateClosed, 1},
		{"a new SYN in an open session is ignored", nil, after(handshake,
			segment{'c', "S", 7000, 0, 0, TCPEstablished, est}), StateEstablished, 1},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			w := newWatched(t, c.config)
			var f *Flow
			for i, s := range c.talk {
				f, _ = w.Update(s.packet(float64(i)))
				if f.TCPState != s.want || f.Established() != (s.wantStatus == est) {
					t.Fatalf("segment %d %+v: state %v, established %v", i, s, f.TCPState, f.Established())
				}
			}
			if f.State != c.state || int(w.Stats().Started) != c.flows {
				t.Errorf("flow is %v, want %v; %d flows, want %d", f.State, c.state, w.Stats().Started, c.flows)
			}
			if c.flows == 2 && w.ended[0].why != EndTCPReuse {
				t.Errorf("the first flow ended by %v", w.ended[0].why)
			}
			w.check(t)
		})
	}
}

func TestASynAckAsFirstPacketComesFromTheServerIfMidstreamIsOn(t *testing.T) {
	for _, midstream := range []bool{false, true} {
		w := newWatched(t, func(c *Config) { c.Midstream = midstream })
		f, dir := w.Update(handshake[1].packet(0))
		if _, port := f.Client(); (port == 4000) != midstream || (dir == decoders.ToClient) != midstream {
			t.Errorf("midstream %v: client port %d, direction %v", midstream, port, dir)
		}
		if f, _ = w.Update(handshake[2].packet(1)); (f.TCPState == TCPEstablished) != midstream {
			t.Errorf("midstream %v: %v", midstream, f.TCPState)
		}
	}
}

func TestABadChecksumMovesNoSession(t *testing.T) {
	w := newWatched(t, nil)
	for i, s := range handshake {
		p := s.packet(float64(i))
		if i == 1 {
			p.L4Checksum = decoders.ChecksumBad
		}
		w.Update(p)
	}
	w.Close()
	if f := w.ended[0]; f.TCPState != TCPSynSent || f.Packets[0]+f.Packets[1] != 3 {
		t.Errorf("state %v, packets %v", f.TCPState, f.Packets)
	}
}

func TestTheWindowIsScaledWhenBothSidesOfferIt(t *testing.T) {
	for _, both := range []bool{false, true} {
		w := newWatched(t, nil)
		var f *Flow
		for i, s := range after(handshake, segment{'s', "A", 1, 1, 0, TCPEstablished, est}, segment{'c', "R", 50_000, 0, 0, TCPClosed, est}) {
			p := s.packet(float64(i))
			if s.flags[0] == 'S' && (both || s.from == 'c') {
				p.TCPOpts, p.TCPWScale = decoders.TCPOptWScale, 6
			}
			f, _ = w.Update(p)
		}
		if (f.TCPState == TCPClosed) != both {
			t.Errorf("both sides scale %v: a reset 50,000 bytes ahead of a window of 1000<<6 gave %v", both, f.TCPState)
		}
	}
}

func TestClosedSessionsLeaveTheTableAfterTheirOwnTimeout(t *testing.T) {
	w := newWatched(t, nil)
	for _, s := range after(handshake, segment{'s', "R", 1, 0, 0, TCPClosed, est}) {
		w.Update(s.packet(0))
	}
	w.Advance(start + 60*second)
	if len(w.ended) != 0 {
		t.Error("ended too early")
	}
	w.Advance(start + 61*second)
	if len(w.ended) != 1 || w.ended[0].why != EndTimeout {
		t.Errorf("ended: %d flows; an established session would have had 600 s", len(w.ended))
	}
}
