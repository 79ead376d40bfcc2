//go:build linux && (amd64 || arm64)

package bpf_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"spanwatch/bpf"
	"spanwatch/decoders/decoderstest"
)

var hooks = []bpf.Hook{bpf.HookXDPNative, bpf.HookXDPGeneric, bpf.HookTCX}

// kinds of packets of flow i; reversed turns them round.
var kinds = []struct {
	name  string
	frame func(i int, reversed bool) []byte
}{
	{"ipv4_udp", func(i int, reversed bool) []byte {
		return decoderstest.Build(decoderstest.Ether{}, ip4(reversed), udp(i, reversed), decoderstest.Zeros(100))
	}},
	{"ipv6_tcp", func(i int, reversed bool) []byte {
		return decoderstest.Build(decoderstest.Ether{}, ip6(reversed), tcp(i, reversed), decoderstest.Zeros(1200))
	}},
	{"vlan", func(i int, reversed bool) []byte {
		return decoderstest.Build(decoderstest.Ether{}, decoderstest.VLAN{ID: 100}, ip4(reversed), tcp(i, reversed))
	}},
	{"qinq", func(i int, reversed bool) []byte {
		return decoderstest.Build(decoderstest.Ether{}, decoderstest.VLAN{ID: 7}, decoderstest.VLAN{ID: 8}, ip6(reversed), udp(i, reversed))
	}},
}

func ends[T any](reversed bool, a, b T) (src, dst T) {
	if reversed {
		return b, a
	}
	return a, b
}

func ip4(reversed bool) decoderstest.IP4 {
	src, dst := ends(reversed, "192.0.2.1", "198.51.100.2")
	return decoderstest.IP4{Src: src, Dst: dst}
}

func ip6(reversed bool) decoderstest.IP6 {
	src, dst := ends(reversed, "2001:db8::1", "2001:db8:1::2")
	return decoderstest.IP6{Src: src, Dst: dst}
}

func udp(i int, reversed bool) decoderstest.UDP {
	src, dst := ends(reversed, uint16(20000+i), 53)
	return decoderstest.UDP{Src: src, Dst: dst}
}

func tcp(i int, reversed bool) decoderstest.TCP {
	src, dst := ends(reversed, uint16(20000+i), 443)
	return decoderstest.TCP{Src: src, Dst: dst, Flags: 0x10}
}

// TestEveryFrameOnTheWireIsCounted sends frames through a veth pair and compares
// with the sender, with the kernel's own counters, and flow by flow.
func TestEveryFrameOnTheWireIsCounted(t *testing.T) {
	const flows, perFlow = 20, 40
	for _, hook := range hooks {
		for _, kind := range kinds {
			t.Run(fmt.Sprintf("%v/%s", hook, kind.name), func(t *testing.T) {
				namespace(t)
				near, far := wire(t)
				cfg := small(far)
				cfg.Hook = hook
				p := load(t, cfg)
				before := received(t, far)
				s := newSender(t, near)
				for i := range flows * perFlow {
					s.send(kind.frame(i%flows, i/flows%4 == 3))
				}
				s.send(decoderstest.Build(decoderstest.Ether{Type: 0x0806}, decoderstest.Zeros(46)))
				await(t, "all packets to be counted", func() bool { return stats(t, p).Total[bpf.Ingress].Packets >= s.sent.Packets })
				if err := p.Detach(); err != nil {
					t.Fatal(err)
				}
				got := stats(t, p)
				if got.Total[bpf.Ingress] != s.sent {
					t.Errorf("counted %+v of %+v sent", got.Total[bpf.Ingress], s.sent)
				}
				link := received(t, far)
				link.Packets -= before.Packets
				link.Bytes -= before.Bytes
				if hook == bpf.HookXDPNative {
					link.Bytes += 14 * link.Packets // veth counts without the Ethernet header then
				}
				if link != s.sent {
					t.Errorf("ip -s link says %+v of %+v sent", link, s.sent)
				}
				c := readAll(t, p)
				conserved(t, p, c)
				if len(c.flows) != flows {
					t.Errorf("%d flows, want %d", len(c.flows), flows)
				}
				size := uint64(len(kind.frame(0, false)))
				for k, n := range c.flows {
					if want := (bpf.Count{Packets: perFlow, Bytes: perFlow * size}); n != want {
						t.Errorf("flow %+v: %+v, want %+v", k, n, want)
					}
				}
				checkVLANs(t, p, kind.name, s.sent)
			})
		}
	}
}

func checkVLANs(t *testing.T, p *bpf.Programs, kind string, sent bpf.Count) {
	t.Helper()
	got := map[uint16][2]bpf.Count{}
	if err := p.VLANs(func(id uint16, totals [2]bpf.Count) { got[id] = totals }); err != nil {
		t.Fatal(err)
	}
	want := map[string]uint16{"vlan": 100, "qinq": 7}
	id, tagged := want[kind]
	switch {
	case !tagged && len(got) != 0:
		t.Errorf("VLANs without tags: %v", got)
	case tagged && (len(got) != 1 || got[id][bpf.Ingress].Packets != sent.Packets-1 || got[id][bpf.Egress].Packets != 0):
		t.Errorf("VLANs %v, want %d packets in %d only", got, sent.Packets-1, id)
	}
}

// TestMergedPacketsCountAsSegments compares TCX with what the TCP stack says it
// sent, over a loopback whose packets are merged up to 64 KiB.
func TestMergedPacketsCountAsSegments(t *testing.T) {
	namespace(t)
	run(t, "ip", "link", "set", "lo", "mtu", "1500", "up")
	cfg := small("lo")
	cfg.Hook = bpf.HookTCX
	cfg.Egress = true
	p := load(t, cfg)
	client, server := connect(t)
	const size = 1 << 20
	go func() {
		client.Write(make([]byte, size)) // an error shows as missing bytes below
	}()
	buf := make([]byte, 1<<16)
	for n := 0; n < size; {
		m, err := server.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		n += m
	}
	var c, s *unix.TCPInfo
	await(t, "the connection to be quiet", func() bool {
		c, s = tcpInfo(t, client), tcpInfo(t, server)
		return c.Unacked == 0 && stats(t, p).Total[bpf.Ingress].Packets > uint64(c.Segs_out+s.Segs_out)
	})
	if err := p.Detach(); err != nil {
		t.Fatal(err)
	}
	segments := uint64(c.Segs_out+s.Segs_out) + 1 // the SYN-ACK is the listener's
	if segments < size/1500 {
		t.Fatalf("%d segments for %d bytes: nothing was cut", segments, size)
	}
	// Headers: Ethernet, IP, TCP with time stamps; the two SYNs have 8 bytes of
	// options more.
	want := bpf.Count{Packets: segments, Bytes: size + segments*(14+20+32) + 2*8}
	got := stats(t, p)
	for _, side := range []bpf.Side{bpf.Ingress, bpf.Egress} {
		if got.Total[side] != want {
			t.Errorf("side %d: %+v, the stack sent %+v", side, got.Total[side], want)
		}
	}
	conserved(t, p, readAll(t, p))
}

func connect(t *testing.T) (client, server *net.TCPConn) {
	t.Helper()
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.DialTCP("tcp4", nil, l.Addr().(*net.TCPAddr)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if server, err = l.AcceptTCP(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return client, server
}

func tcpInfo(t *testing.T, c *net.TCPConn) (info *unix.TCPInfo) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if cerr := raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }); cerr != nil || err != nil {
		t.Fatal(cerr, err)
	}
	return info
}

// TestNothingIsLostUncounted floods a table of few slots with many flows, with
// and without somebody who empties the ring buffer.
func TestNothingIsLostUncounted(t *testing.T) {
	for _, c := range []struct {
		name   string
		ring   int
		drains bool
		loses  bool
	}{
		{"evictions are read in time", 1 << 20, true, false},
		{"nobody reads evictions", 1 << 12, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			needRoot(t)
			cfg := small("none")
			cfg.FlowsPerCPU, cfg.EvictionBytes, cfg.TunnelDepth = 16, c.ring, 2
			p := detached(t, cfg)
			got := &tally{flows: map[bpf.FlowKey]bpf.Count{}}
			const flows = 3000
			for i := range flows {
				frame := decoderstest.Build(decoderstest.Ether{}, ip4(false), udp(i, false), decoderstest.Zeros(i%500))
				if i%3 == 0 {
					frame = decoderstest.Build(decoderstest.Ether{}, ip4(i%2 == 0), decoderstest.GRE{}, ip4(false), udp(i, false))
				}
				for range 1 + i%3 {
					runXDP(t, p, frame)
				}
				if c.drains && i%500 == 0 {
					if _, err := p.Evictions(math.MaxInt, got.add); err != nil {
						t.Fatal(err)
					}
				}
			}
			if _, err := p.Evictions(math.MaxInt, got.add); err != nil {
				t.Fatal(err)
			}
			if err := p.ReadFlows(got.add); err != nil {
				t.Fatal(err)
			}
			s := stats(t, p)
			if s.EvictedFlows == 0 || (s.LostFlows > 0) != c.loses {
				t.Errorf("%d flows evicted, %d lost", s.EvictedFlows, s.LostFlows)
			}
			if s.Inner.Packets == 0 {
				t.Error("no packets within tunnels")
			}
			conserved(t, p, got)
		})
	}
}

// runXDP gives one frame to the program: several at once make the kernel wait
// for all CPUs.
func runXDP(t testing.TB, p *bpf.Programs, frame []byte) {
	t.Helper()
	if _, err := p.RunXDP(frame, 1); err != nil {
		t.Fatal(err)
	}
}

func detached(t testing.TB, cfg bpf.Config) *bpf.Programs {
	t.Helper()
	p, err := bpf.LoadDetached(cfg)
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, p)
	return p
}

// TestTheKernelsOwnHashCountsTheSame runs the fallback.
func TestTheKernelsOwnHashCountsTheSame(t *testing.T) {
	needRoot(t)
	cfg := small("none")
	cfg.Store = bpf.StoreLRU
	p := detached(t, cfg)
	const flows = 300
	for i := range flows {
		for _, reversed := range []bool{false, true} {
			runXDP(t, p, kinds[i%len(kinds)].frame(i, reversed))
		}
	}
	c := readAll(t, p)
	if len(c.flows) != flows {
		t.Errorf("%d flows, want %d", len(c.flows), flows)
	}
	conserved(t, p, c)
}

// TestSegmentsOfAPacket checks the correction for what the stack merged.
func TestSegmentsOfAPacket(t *testing.T) {
	needRoot(t)
	for _, c := range []struct {
		name     string
		segments bpf.Segments
		packets  uint64
	}{
		{"an ordinary packet", bpf.Segments{}, 1},
		{"the number is known", bpf.Segments{Count: 3, Size: 1000}, 3},
		{"only the size is known", bpf.Segments{Size: 700}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := detached(t, small("none"))
			frame := decoderstest.Build(decoderstest.Ether{}, ip4(false), tcp(1, false), decoderstest.Zeros(2500))
			if err := p.RunTCX(bpf.Ingress, frame, c.segments); err != nil {
				t.Fatal(err)
			}
			const headers = 14 + 20 + 20
			want := bpf.Count{Packets: c.packets, Bytes: uint64(len(frame)) + (c.packets-1)*headers}
			if got := stats(t, p).Total[bpf.Ingress]; got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			conserved(t, p, readAll(t, p))
		})
	}
}

// TestDuplicatesAreInNoFlow mirrors the same frame twice.
func TestDuplicatesAreInNoFlow(t *testing.T) {
	needRoot(t)
	cfg := small("none")
	cfg.DuplicateWindow = 1e9
	p := detached(t, cfg)
	packet := func(id uint16, vlan uint16, ttl byte) []byte {
		f := decoderstest.Build(decoderstest.Ether{}, decoderstest.VLAN{ID: vlan}, ip4(false), tcp(1, false), decoderstest.Bytes("0123456789"))
		binary.BigEndian.PutUint16(f[18+4:], id)
		f[18+8] = ttl
		return f
	}
	for _, f := range [][]byte{
		packet(1, 10, 64),
		packet(1, 20, 63), // the same behind a router, in another VLAN
		packet(2, 10, 64), // another packet of the same content
		packet(2, 10, 64),
	} {
		runXDP(t, p, f)
	}
	s := stats(t, p)
	if n := s.Refused[0][bpf.ReasonDuplicate].Packets; n != 2 {
		t.Errorf("%d duplicates, want 2", n)
	}
	if n := s.Total[bpf.Ingress].Packets; n != 4 {
		t.Errorf("%d packets in all, want 4", n)
	}
	conserved(t, p, readAll(t, p))
}
