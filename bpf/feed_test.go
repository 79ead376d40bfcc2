//go:build linux && (amd64 || arm64)

package bpf_test

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"spanwatch/bpf"
	"spanwatch/decoders/decoderstest"
)

// keys returns the flows that p counted.
func keys(t testing.TB, p *bpf.Programs) (list []bpf.FlowKey) {
	t.Helper()
	if err := p.ReadFlows(func(r *bpf.FlowRecord) { list = append(list, r.Key) }); err != nil {
		t.Fatal(err)
	}
	return list
}

func feed(t testing.TB, p *bpf.Programs, frame []byte) bool {
	t.Helper()
	handed, err := p.RunFeed(frame)
	if err != nil {
		t.Fatal(err)
	}
	return handed
}

func TestShuntedFlowIsHeldBackButForItsEnd(t *testing.T) {
	needRoot(t)
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			p := detached(t, small("none"))
			frame, back, other := kind.frame(1, false), kind.frame(1, true), kind.frame(2, false)
			runXDP(t, p, frame)
			key := keys(t, p)[0]
			if !feed(t, p, frame) {
				t.Fatal("held back before it was shunted")
			}
			if err := errors.Join(p.Shunt(&key), p.Shunt(&key)); err != nil {
				t.Fatal(err)
			}
			if feed(t, p, frame) || feed(t, p, back) {
				t.Error("a frame of the shunted flow was handed up")
			}
			if !feed(t, p, other) {
				t.Error("a frame of another flow was held back")
			}
			want := bpf.Count{Packets: 2, Bytes: uint64(len(frame) + len(back))}
			if held, ok, err := p.Held(&key); err != nil || !ok || held != want {
				t.Errorf("held %+v %v %v, want %+v", held, ok, err, want)
			}
			s := stats(t, p)
			if got := s.Feed[bpf.VerdictShedShunted]; got != want {
				t.Errorf("shed %+v, want %+v", got, want)
			}
			if got := s.Feed[bpf.VerdictHanded].Packets; got != 2 {
				t.Errorf("%d frames handed up, want 2", got)
			}
			if held, ok, err := p.Unshunt(&key); err != nil || !ok || held != want {
				t.Errorf("unshunt: %+v %v %v, want %+v", held, ok, err, want)
			}
			if _, ok, err := p.Unshunt(&key); err != nil || ok {
				t.Errorf("unshunt again: %v %v", ok, err)
			}
			if !feed(t, p, frame) {
				t.Error("held back after it was let go")
			}
		})
	}
}

func TestEndOfAShuntedFlowIsHandedUp(t *testing.T) {
	needRoot(t)
	p := detached(t, small("none"))
	segment := func(flags uint8) []byte {
		l := tcp(1, false)
		l.Flags = flags
		return decoderstest.Build(decoderstest.Ether{}, ip4(false), l)
	}
	runXDP(t, p, segment(0x10))
	key := keys(t, p)[0]
	if err := p.Shunt(&key); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		flags  uint8
		handed bool
	}{{"ACK", 0x10, false}, {"PSH", 0x18, false}, {"FIN", 0x11, true}, {"RST", 0x04, true}, {"SYN", 0x02, true}} {
		if handed := feed(t, p, segment(c.flags)); handed != c.handed {
			t.Errorf("%s: handed up %v, want %v", c.name, handed, c.handed)
		}
	}
	if n := stats(t, p).Feed[bpf.VerdictHandedEnd].Packets; n != 3 {
		t.Errorf("%d ends, want 3", n)
	}
}

func TestShuntOfAnInnerFlowHoldsItsCarrierBack(t *testing.T) {
	needRoot(t)
	cfg := small("none")
	cfg.TunnelDepth = 2
	p := detached(t, cfg)
	frame := func(i int) []byte {
		return decoderstest.Build(decoderstest.Ether{}, ip4(false), decoderstest.UDP{Src: 1234, Dst: 4789}, decoderstest.VXLAN{VNI: 7},
			decoderstest.Ether{}, ip6(false), udp(i, false))
	}
	runXDP(t, p, frame(1))
	for _, k := range keys(t, p) {
		if k.Depth == 1 {
			if err := p.Shunt(&k); err != nil {
				t.Fatal(err)
			}
		}
	}
	if feed(t, p, frame(1)) || !feed(t, p, frame(2)) {
		t.Error("the frame of the shunted flow was handed up, or that of another was not")
	}
}

func TestShuntTableIsBounded(t *testing.T) {
	needRoot(t)
	cfg := small("none")
	cfg.ShuntFlows = 4
	p := detached(t, cfg)
	var err error
	n := 0
	for ; n < 64 && err == nil; n++ {
		err = p.Shunt(&bpf.FlowKey{PortA: uint16(n)})
	}
	if !errors.Is(err, bpf.ErrShuntFull) || n < 5 {
		t.Errorf("after %d flows: %v", n, err)
	}
}

func TestSamplingKeepsWholeFlows(t *testing.T) {
	needRoot(t)
	p := detached(t, small("none"))
	if err := p.Sample(4); err != nil {
		t.Fatal(err)
	}
	kept := 0
	const flows = 400
	for i := range flows {
		there, back := feed(t, p, kinds[1].frame(i, false)), feed(t, p, kinds[1].frame(i, true))
		if there != back {
			t.Fatalf("flow %d: one direction handed up", i)
		}
		if there {
			kept++
		}
	}
	if kept < flows/8 || kept > flows/2 {
		t.Errorf("kept %d of %d flows, want about a quarter", kept, flows)
	}
	if n := stats(t, p).Feed[bpf.VerdictShedSampled].Packets; n != uint64(2*(flows-kept)) {
		t.Errorf("%d frames counted as sampled out, want %d", n, 2*(flows-kept))
	}
	if err := p.Sample(1); err != nil {
		t.Fatal(err)
	}
	for i := range flows {
		if !feed(t, p, kinds[1].frame(i, false)) {
			t.Fatalf("flow %d held back without sampling", i)
		}
	}
}

// TestSocketGetsWhatTheFeedHandsUp puts the filter on a real socket, beside the
// accounting, which goes on.
func TestSocketGetsWhatTheFeedHandsUp(t *testing.T) {
	namespace(t)
	near, far := wire(t)
	p := load(t, small(far))
	fd := tap(t, far, p.FeedProgram().FD())
	s := newSender(t, near)
	frame := func(i int) []byte { return kinds[2].frame(i, false) }
	const packets = 50
	s.send(frame(1))
	await(t, "the first packet", func() bool { return len(keys(t, p)) == 1 })
	key := keys(t, p)[0]
	if err := p.Shunt(&key); err != nil {
		t.Fatal(err)
	}
	for range packets {
		s.send(frame(1))
		s.send(frame(2))
	}
	await(t, "all packets", func() bool { return stats(t, p).Total[bpf.Ingress] == s.sent })
	got := 0
	buf := make([]byte, 2048)
	for {
		if _, _, err := unix.Recvfrom(fd, buf, unix.MSG_DONTWAIT); err != nil {
			break
		}
		got++
	}
	if got != packets+1 {
		t.Errorf("the socket got %d frames, want %d", got, packets+1)
	}
	size := uint64(len(frame(1)))
	if n := stats(t, p).Feed[bpf.VerdictShedShunted]; n != (bpf.Count{Packets: packets, Bytes: packets * size}) {
		t.Errorf("shed %+v, want %d packets of %d bytes", n, packets, size)
	}
	conserved(t, p, readAll(t, p))
}

// tap opens a packet socket with the filter.
func tap(t *testing.T, device string, filter int) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ATTACH_BPF, filter); err != nil {
		t.Fatal(err)
	}
	const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: indexOf(t, device)}); err != nil {
		t.Fatal(err)
	}
	return fd
}

func TestMillisecondsAddUpToTheTotals(t *testing.T) {
	needRoot(t)
	p := detached(t, small("none"))
	start := time.Now().UnixNano()
	frame := kinds[0].frame(1, false)
	const packets = 2000
	for range packets {
		runXDP(t, p, frame)
	}
	time.Sleep(40 * time.Millisecond) // the newest 20 are not told
	list, err := p.Milliseconds(start-10e6, nil)
	if err != nil {
		t.Fatal(err)
	}
	var sum bpf.Count
	for i, m := range list {
		sum.Add(m.Total[bpf.Ingress])
		if i > 0 && m.Start <= list[i-1].Start {
			t.Fatalf("millisecond %d starts at %d, after %d", i, m.Start, list[i-1].Start)
		}
		if m.Start < start-10e6 || m.Start > time.Now().UnixNano() {
			t.Errorf("millisecond at %d, outside of the test", m.Start)
		}
	}
	if want := (bpf.Count{Packets: packets, Bytes: packets * uint64(len(frame))}); sum != want {
		t.Errorf("%d milliseconds add up to %+v, want %+v", len(list), sum, want)
	}
	if len(list) < 2 {
		t.Errorf("%d packets in %d milliseconds", packets, len(list))
	}
	again, err := p.Milliseconds(list[len(list)-1].Start, nil)
	if err != nil || len(again) != 0 {
		t.Errorf("told again: %v %v", again, err)
	}
	var h bpf.Histogram
	h.Add(bpf.Ingress, list)
	if h.Max.Total[bpf.Ingress].Bytes == 0 {
		t.Error("no largest millisecond")
	}
}

// TestFlowTimesAreTheWallClocks allows for the kernel's tick.
func TestFlowTimesAreTheWallClocks(t *testing.T) {
	needRoot(t)
	p := detached(t, small("none"))
	const slack = int64(20 * time.Millisecond)
	begin := time.Now().UnixNano()
	runXDP(t, p, kinds[0].frame(1, false))
	time.Sleep(30 * time.Millisecond)
	runXDP(t, p, kinds[0].frame(1, true))
	end := time.Now().UnixNano()
	n := 0
	err := p.ReadFlows(func(r *bpf.FlowRecord) {
		n++
		if r.First < begin-slack || r.Last > end+slack || r.Last-r.First > end-begin+slack {
			t.Errorf("flow from %d to %d, packets from %d to %d", r.First, r.Last, begin, end)
		}
	})
	if err != nil || n == 0 {
		t.Errorf("%d flows: %v", n, err)
	}
}

// TestACopyOfAFrameIsHeldBack: at the socket as in accounting, and also when a
// router has forwarded it in between.
func TestACopyOfAFrameIsHeldBack(t *testing.T) {
	needRoot(t)
	cfg := small("none")
	cfg.DuplicateWindow = time.Second
	p := detached(t, cfg)
	packet := func(id uint16, vlan uint16, ttl byte) []byte {
		ip := ip4(false)
		ip.ID, ip.TTL = id, ttl
		return decoderstest.Build(decoderstest.Ether{}, decoderstest.VLAN{ID: vlan}, ip, tcp(1, false), decoderstest.Bytes("0123456789"))
	}
	for _, c := range []struct {
		name   string
		frame  []byte
		handed bool
	}{
		{"a frame", packet(1, 10, 64), true},
		{"the same frame", packet(1, 10, 64), false},
		{"behind a router, in another VLAN", packet(1, 20, 63), false},
		{"another packet of the same content", packet(2, 10, 64), true},
	} {
		runXDP(t, p, c.frame)
		if got := feed(t, p, c.frame); got != c.handed {
			t.Errorf("%s: handed up %v, want %v", c.name, got, c.handed)
		}
	}
	s := stats(t, p)
	if n := s.Feed[bpf.VerdictShedDuplicate].Packets; n != 2 || s.Refused[0][bpf.ReasonDuplicate].Packets != n {
		t.Errorf("%d copies held back, %d counted as such, want 2", n, s.Refused[0][bpf.ReasonDuplicate].Packets)
	}
}

// TestDroppedFramesWereCounted: what XDP drops is in its flow, in the count of what
// was held back of it, and in the verdicts; what may end a flow passes.
func TestDroppedFramesWereCounted(t *testing.T) {
	needRoot(t)
	segment := func(flags uint8) []byte {
		l := tcp(1, false)
		l.Flags = flags
		return decoderstest.Build(decoderstest.Ether{}, ip4(false), l, decoderstest.Zeros(100))
	}
	inner := func(i int) []byte {
		return decoderstest.Build(decoderstest.Ether{}, ip4(false), decoderstest.GRE{}, ip4(false), udp(i, false), decoderstest.Zeros(30))
	}
	for _, c := range []struct {
		name    string
		drop    bool
		frames  [][]byte // the first one's innermost flow is shunted
		dropped int
	}{
		{"a shunted flow", true, [][]byte{segment(0x10), segment(0x18), segment(0x10)}, 2},
		{"without Drop", false, [][]byte{segment(0x10), segment(0x18), segment(0x10)}, 0},
		{"the end of a flow", true, [][]byte{segment(0x10), segment(0x11), segment(0x04), segment(0x02)}, 0},
		{"IPv6", true, [][]byte{kinds[1].frame(1, false), kinds[1].frame(1, true), kinds[1].frame(2, false)}, 1},
		{"two tags", true, [][]byte{kinds[3].frame(1, false), kinds[3].frame(1, true), kinds[3].frame(2, false)}, 1},
		{"in a tunnel", true, [][]byte{inner(1), inner(1), inner(2)}, 1},
		{"a copy", true, [][]byte{kinds[0].frame(1, false), kinds[0].frame(2, false), kinds[0].frame(2, false)}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := small("none")
			cfg.Drop, cfg.TunnelDepth = c.drop, 1
			if c.name == "a copy" {
				cfg.DuplicateWindow = time.Second
			}
			p := detached(t, cfg)
			runXDP(t, p, c.frames[0])
			var key bpf.FlowKey
			for _, k := range keys(t, p) {
				if k.Depth >= key.Depth {
					key = k
				}
			}
			if err := p.Shunt(&key); err != nil {
				t.Fatal(err)
			}
			for _, f := range c.frames[1:] {
				runXDP(t, p, f)
			}
			s := stats(t, p)
			if n := s.Feed[bpf.VerdictDropped].Packets + s.Feed[bpf.VerdictShedDuplicate].Packets; n != uint64(c.dropped) {
				t.Errorf("%d dropped, want %d: %+v", n, c.dropped, s.Feed)
			}
			if held, ok, err := p.Held(&key); err != nil || !ok || held.Packets != s.Feed[bpf.VerdictDropped].Packets {
				t.Errorf("held %+v %v %v", held, ok, err)
			}
			if n := s.Total[bpf.Ingress].Packets; n != uint64(len(c.frames)) {
				t.Errorf("%d of %d frames counted", n, len(c.frames))
			}
			conserved(t, p, readAll(t, p))
		})
	}
}
