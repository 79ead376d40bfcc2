//go:build linux && (amd64 || arm64)

package afxdp

import (
	"bytes"
	"errors"
	"net"
	"slices"
	"testing"
	"time"

	"spanwatch/bpf"
	dt "spanwatch/decoders/decoderstest"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/capture/link"
	"spanwatch/sensor/internal/netnstest"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// enter makes a namespace with a pair of interfaces, tx and rx.
func enter(t testing.TB, mtu int) (*netnstest.Namespace, *netnstest.Sender) {
	t.Helper()
	netnstest.Require(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx", MTU: mtu})
	return ns, netnstest.OpenSender(t, "tx")
}

// redirect loads the programs of rx.
func redirect(t testing.TB, hook bpf.Hook) *bpf.Programs {
	t.Helper()
	cfg := bpf.DefaultConfig("rx")
	cfg.Redirect, cfg.Hook, cfg.FlowsPerCPU, cfg.EvictionBytes = true, hook, 1<<12, 1<<16
	p, err := bpf.Load(cfg)
	if err != nil {
		if dt.Required("bpf") {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// open starts a capture from rx.
func open(t testing.TB, o Options) *Capture {
	t.Helper()
	o.Interfaces = []string{"rx"}
	if o.Programs == nil {
		o.Programs = []*bpf.Programs{redirect(t, bpf.HookXDPNative)}
	}
	if o.Memory == 0 {
		o.Memory = 4 << 20
	}
	c, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// received is a copy of a frame.
type received struct {
	data []byte
	time int64
}

// giveBack ends the lease of a batch that will not be used again.
func giveBack(s *Source, b *capture.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(s.release(b))
}

// collect reads until n frames have come.
func collect(t testing.TB, s *Source, n int) (all []received) {
	t.Helper()
	stop := time.AfterFunc(patience, func() { s.Close() }).Stop
	defer stop()
	var b capture.Batch
	defer giveBack(s, &b)
	for len(all) < n {
		if err := s.Next(&b); err != nil {
			t.Fatalf("%v after %d of %d frames; %+v", err, len(all), n, s.Interfaces())
		}
		for i := range b.Frames {
			f := &b.Frames[i]
			if int(f.WireLen) != len(f.Data) || f.HasVLAN {
				t.Fatalf("frame of %d bytes, %d on the wire, VLAN %v", len(f.Data), f.WireLen, f.HasVLAN)
			}
			all = append(all, received{bytes.Clone(f.Data), f.Timestamp})
		}
	}
	return all
}

// variety is some frames of all kinds: IPv4, IPv6, one and two VLAN tags, others.
func variety() (frames [][]byte) {
	for i := range 50 {
		payload := dt.Bytes(bytes.Repeat([]byte{byte(i)}, 1+20*i))
		udp := dt.UDP{Src: uint16(2000 + i), Dst: 53}
		ip4, ip6 := dt.IP4{Src: "10.1.0.1", Dst: "192.0.2.7"}, dt.IP6{Src: "2001:db8::1", Dst: "2001:db8::2"}
		frames = append(frames,
			dt.Build(dt.Ether{}, ip4, udp, payload), dt.Build(dt.Ether{}, ip6, udp, payload),
			dt.Build(dt.Ether{}, dt.VLAN{ID: 7}, ip4, udp, payload),
			dt.Build(dt.Ether{}, dt.VLAN{ID: 7}, dt.VLAN{ID: 8}, ip6, udp, payload))
	}
	return frames
}

func TestFramesComeWholeAndInOrderWithTheirTags(t *testing.T) {
	for _, hook := range []bpf.Hook{bpf.HookXDPNative, bpf.HookXDPGeneric} {
		t.Run(hook.String(), func(t *testing.T) {
			_, sender := enter(t, 0)
			s := open(t, Options{Programs: []*bpf.Programs{redirect(t, hook)}}).Sources()[0]
			frames := variety()
			before := time.Now().UnixNano()
			sender.Send(t, frames)
			got := collect(t, s, len(frames))
			after := time.Now().UnixNano()
			for i, f := range got {
				if !bytes.Equal(f.data, frames[i]) {
					t.Fatalf("frame %d is\n%x, want\n%x", i, f.data, frames[i])
				}
				if f.time < before-1000 || f.time > after {
					t.Errorf("frame %d came at %d, sent and read between %d and %d", i, f.time, before, after)
				}
			}
			if !slices.IsSortedFunc(got, func(a, b received) int { return int(a.time - b.time) }) {
				t.Error("times are not in order")
			}
			i := s.Interfaces()[0]
			if i.Unstamped != 0 || i.Seen != uint64(len(frames)) || i.Frames != i.Seen || i.Waiting != 0 || i.ZeroCopy {
				t.Errorf("%+v", i)
			}
		})
	}
}

func TestFramesLongerThanAChunkAreJoined(t *testing.T) {
	_, sender := enter(t, 9000)
	s := open(t, Options{}).Sources()[0]
	var frames [][]byte
	for i, size := range []int{100, 3000, 3900, 5000, 8900, 200, 8900} {
		payload := make([]byte, size)
		for j := range payload {
			payload[j] = byte(i + j*7)
		}
		frames = append(frames, dt.Build(dt.Ether{}, dt.IP4{Src: "10.1.0.1", Dst: "192.0.2.7"}, dt.UDP{Src: 1, Dst: 2}, dt.Bytes(payload)))
	}
	for range 100 { // more than the memory holds at once
		sender.Send(t, frames)
		for i, f := range collect(t, s, len(frames)) {
			if !bytes.Equal(f.data, frames[i]) {
				t.Fatalf("frame %d of %d bytes came as %d bytes", i, len(frames[i]), len(f.data))
			}
		}
	}
	if i := s.Interfaces()[0]; i.Pieces != 400 || i.Seen != 700 || i.FillEmpty+i.RingFull != 0 {
		t.Errorf("%+v", i)
	}
}

func TestWhatAMTUNeeds(t *testing.T) {
	for _, c := range []struct {
		mtu, size int
		pieces    bool
	}{{1500, 2048, false}, {1770, 2048, false}, {1771, 4096, false}, {3818, 4096, false}, {3819, 4096, true}, {9000, 4096, true}} {
		if size, pieces := chunkFor(c.mtu); size != c.size || pieces != c.pieces {
			t.Errorf("MTU %d takes chunks of %d, pieces %v", c.mtu, size, pieces)
		}
	}
}

func TestALargerMTUIsCapturedFromThenOn(t *testing.T) {
	ns, sender := enter(t, 0)
	s := open(t, Options{}).Sources()[0]
	sender.Send(t, netnstest.UDPFlows(10, 1400, false))
	collect(t, s, 10)
	ns.IP(t, "link", "set", "dev", "tx", "mtu", "9000")
	ns.IP(t, "link", "set", "dev", "rx", "mtu", "9000")
	deadline := time.Now().Add(patience)
	var b capture.Batch
	for s.Interfaces()[0].Reopens == 0 && time.Now().Before(deadline) {
		if err := s.Next(&b); err != nil && !errors.Is(err, link.ErrChange) {
			t.Fatal(err)
		}
	}
	sender.Send(t, netnstest.UDPFlows(10, 8000, false))
	for _, f := range collect(t, s, 10) {
		if len(f.data) != 8000 {
			t.Errorf("%d bytes", len(f.data))
		}
	}
}

func TestEachQueueHasItsWorker(t *testing.T) {
	netnstest.Require(t)
	ns := netnstest.Enter(t)
	ns.IP(t, "link", "add", "name", "tx", "numtxqueues", "3", "numrxqueues", "3", "type", "veth", "peer", "name", "rx", "numtxqueues", "3", "numrxqueues", "3")
	for _, name := range []string{"tx", "rx"} {
		ns.IP(t, "link", "set", "dev", name, "addrgenmode", "none", "arp", "off", "multicast", "off", "up")
	}
	for _, workers := range []int{1, 2, 3} {
		programs := redirect(t, bpf.HookXDPNative)
		c := open(t, Options{Memory: 24 << 20, Workers: workers, Programs: []*bpf.Programs{programs}})
		sender := netnstest.OpenSender(t, "tx")
		const flows, n = 100, 2000
		if _, err := sender.SendN(netnstest.UDPFlows(flows, 100, false), n); err != nil {
			t.Fatal(err)
		}
		queues, seen, got := 0, uint64(0), map[int]int{}
		for w, s := range c.Sources() {
			var b capture.Batch
			for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
				if err := s.Next(&b); err != nil {
					t.Fatal(err)
				}
				for i := range b.Frames {
					got[netnstest.FlowOf(b.Frames[i].Data)]++
				}
				if i := s.Interfaces()[0]; i.Frames == i.Seen && len(b.Frames) == 0 {
					break
				}
			}
			i := s.Interfaces()[0]
			queues += i.Queues
			seen += i.Seen
			if want := (3 - w + workers - 1) / workers; i.Queues != want {
				t.Errorf("worker %d of %d has %d queues, want %d", w, workers, i.Queues, want)
			}
		}
		if queues != 3 || seen != n || len(got) != flows {
			t.Errorf("%d workers: %d queues, %d frames of %d flows", workers, queues, seen, len(got))
		}
		for flow, frames := range got {
			if frames != n/flows {
				t.Errorf("flow %d has %d frames", flow, frames)
			}
		}
		c.Close()
		programs.Close()
	}
}

// TestASlowReaderLosesNothingUncounted: more comes than the memory holds.
func TestASlowReaderLosesNothingUncounted(t *testing.T) {
	_, sender := enter(t, 0)
	c := open(t, Options{Memory: 1 << 20}) // 512 chunks
	s := c.Sources()[0]
	const n = 5000
	if _, err := sender.SendN(netnstest.UDPFlows(10, 100, false), n); err != nil {
		t.Fatal(err)
	}
	if l := s.Load(); l.Fill != 1 {
		t.Errorf("the memory is filled by %v", l.Fill)
	}
	i := s.Interfaces()[0]
	if i.Seen != n || i.Waiting != 512 || i.FillEmpty+i.RingFull != n-512 {
		t.Errorf("%+v", i)
	}
	collect(t, s, 256)
	if l := s.Load(); l.Lost != n-512 {
		t.Errorf("%d are known to be lost", l.Lost)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	st := s.Stats().Interfaces[0]
	if st.Up || st.Frames+st.Dropped[capture.DropFillEmpty]+st.Dropped[capture.DropRingFull]+st.Dropped[capture.DropUnread] != n || st.Dropped[capture.DropUnread] != 256 {
		t.Errorf("%+v", st)
	}
}

// TestBytesLiveUntilTheBatchComesBack, also when the source was closed meanwhile.
func TestBytesLiveUntilTheBatchComesBack(t *testing.T) {
	_, sender := enter(t, 0)
	s := open(t, Options{Memory: 1 << 20}).Sources()[0]
	frames := netnstest.UDPFlows(20, 100, false)
	sender.Send(t, frames)
	var b, other capture.Batch
	if err := s.Next(&b); err != nil || len(b.Frames) == 0 {
		t.Fatalf("%d frames, %v", len(b.Frames), err)
	}
	for range 50 { // everything else is used again and again
		if _, err := sender.SendN(netnstest.UDPFlows(3, 1000, true), 200); err != nil {
			t.Fatal(err)
		}
		for left := 200; left > 0; left -= len(other.Frames) {
			if err := s.Next(&other); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.Close()
	for i := range b.Frames {
		if !bytes.Equal(b.Frames[i].Data, frames[i]) {
			t.Fatalf("frame %d has changed", i)
		}
	}
	for _, batch := range []*capture.Batch{&b, &other} {
		if err := s.Next(batch); !errors.Is(err, capture.ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
}

func TestDownAndUpAndGoneAndBackIsTold(t *testing.T) {
	ns, sender := enter(t, 0)
	programs := redirect(t, bpf.HookXDPNative)
	s := open(t, Options{Programs: []*bpf.Programs{programs}}).Sources()[0]
	var b capture.Batch
	await := func(state link.State) {
		t.Helper()
		for deadline := time.Now().Add(patience); ; {
			var change *link.Change
			if err := s.Next(&b); errors.As(err, &change) && change.To == state {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("no word that rx is %v", state)
			}
			if errors.Is(programs.Attached(), bpf.ErrDetached) {
				_ = programs.Reattach() // as who counts does, again and again
			}
		}
	}
	frames := netnstest.UDPFlows(10, 100, false)
	sender.Send(t, frames)
	collect(t, s, 10)
	ns.IP(t, "link", "set", "dev", "rx", "down")
	await(link.Down)
	ns.IP(t, "link", "set", "dev", "rx", "up")
	await(link.Up)
	sender.Send(t, frames)
	collect(t, s, 10)
	ns.IP(t, "link", "delete", "dev", "rx")
	await(link.Gone)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	await(link.Up)
	netnstest.OpenSender(t, "tx").Send(t, frames)
	collect(t, s, 10)
	if i := s.Interfaces()[0]; i.Seen != 30 || i.Frames != 30 || i.Downs != 1 || i.Removals != 1 || i.Reopens != 1 {
		t.Errorf("%+v", i)
	}
}

func TestInterfacesThatTheHostUsesAreRefused(t *testing.T) {
	for name, use := range map[string]func(testing.TB, *netnstest.Namespace){
		"address":         func(t testing.TB, ns *netnstest.Namespace) { ns.IP(t, "address", "add", "192.0.2.1/24", "dev", "rx") },
		"address of IPv6": func(t testing.TB, ns *netnstest.Namespace) { ns.IP(t, "address", "add", "2001:db8::1/64", "dev", "rx") },
		"bridge": func(t testing.TB, ns *netnstest.Namespace) {
			ns.IP(t, "link", "add", "name", "br", "type", "bridge")
			ns.IP(t, "link", "set", "dev", "rx", "master", "br")
		},
		"macvlan": func(t testing.TB, ns *netnstest.Namespace) {
			ns.IP(t, "link", "add", "link", "rx", "name", "above", "type", "macvlan")
		},
	} {
		t.Run(name, func(t *testing.T) {
			ns, sender := enter(t, 0)
			if err := bpf.InUse("rx"); err != nil {
				t.Fatalf("refused before: %v", err)
			}
			use(t, ns)
			if _, err := Open(Options{Interfaces: []string{"rx"}, Programs: []*bpf.Programs{nil}}); !errors.Is(err, bpf.ErrInUse) {
				t.Fatalf("got %v", err)
			}
			s := open(t, Options{Force: true}).Sources()[0]
			sender.Send(t, netnstest.UDPFlows(10, 100, false))
			collect(t, s, 10)
		})
	}
	netnstest.Enter(t)
	if err := bpf.InUse("lo"); !errors.Is(err, bpf.ErrInUse) {
		t.Errorf("loopback: %v", err)
	}
	if err := bpf.InUse("nobody"); !errors.Is(err, bpf.ErrNoDevice) {
		t.Errorf("no interface: %v", err)
	}
}

func TestALinkLocalAddressIsNoUse(t *testing.T) {
	ns, _ := enter(t, 0)
	ns.IP(t, "address", "add", "fe80::1/64", "dev", "rx", "nodad")
	if addresses, err := net.InterfaceByName("rx"); err != nil {
		t.Fatal(addresses, err)
	}
	if err := bpf.InUse("rx"); err != nil {
		t.Error(err)
	}
}

func TestZeroCopyIsRefusedWhereTheDriverCannot(t *testing.T) {
	enter(t, 0)
	_, err := Open(Options{Interfaces: []string{"rx"}, Programs: []*bpf.Programs{redirect(t, bpf.HookXDPNative)}, Mode: ModeZeroCopy})
	var opening *link.OpenError
	if !errors.Is(err, ErrNotSupported) || !errors.As(err, &opening) || opening.Interface != "rx" {
		t.Errorf("got %v", err)
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	_, sender := enter(t, 0)
	s := open(t, Options{}).Sources()[0]
	frames := netnstest.UDPFlows(100, 100, false)
	var b capture.Batch
	round := func() {
		for left := len(frames); left > 0; left -= len(b.Frames) {
			if err := s.Next(&b); err != nil {
				t.Fatal(err)
			}
		}
	}
	sender.Send(t, frames)
	round()
	if n := testing.AllocsPerRun(20, func() {
		if _, err := sender.SendN(frames, len(frames)); err != nil {
			t.Fatal(err)
		}
		round()
	}); n > 0 {
		t.Errorf("%v allocations for %d frames", n, len(frames))
	}
}

func TestOptionsThatCannotBeMeantAreRefused(t *testing.T) {
	one := []*bpf.Programs{nil}
	for name, o := range map[string]Options{
		"no interface":   {},
		"twice the same": {Interfaces: []string{"a", "a"}, Programs: []*bpf.Programs{nil, nil}},
		"no programs":    {Interfaces: []string{"a"}},
		"little memory":  {Interfaces: []string{"a"}, Programs: one, Memory: 1 << 10},
		"much memory":    {Interfaces: []string{"a"}, Programs: one, Memory: 1 << 40},
		"workers":        {Interfaces: []string{"a"}, Programs: one, Workers: 1000},
		"long sleep":     {Interfaces: []string{"a"}, Programs: one, Coalesce: time.Second},
		"mode":           {Interfaces: []string{"a"}, Programs: one, Mode: 9},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Open(o); !errors.Is(err, ErrOption) && !errors.Is(err, ErrNoInterface) {
				t.Errorf("got %v", err)
			}
		})
	}
}
