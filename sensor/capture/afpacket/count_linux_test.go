package afpacket

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spanwatch/decoders"
	dt "spanwatch/decoders/decoderstest"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/internal/netnstest"
)

// kinds are frames of every kind that capture could get wrong.
var kinds = []struct {
	name   string
	mtu    int
	frames [][]byte
	vlan   uint16 // outermost tag
}{
	{"ipv4", 1500, repeat(dt.Build(dt.Ether{}, dt.IP4{}, dt.UDP{Src: 1, Dst: 2}, dt.Bytes("ipv4"))), 0},
	{"ipv6", 1500, repeat(dt.Build(dt.Ether{}, dt.IP6{}, dt.UDP{Src: 1, Dst: 2}, dt.Bytes("ipv6"))), 0},
	{"full_mtu", 1500, repeat(dt.Build(dt.Ether{}, dt.IP4{}, dt.UDP{Src: 1, Dst: 2}, dt.Zeros(1472))), 0},
	{"jumbo", 9000, repeat(dt.Build(dt.Ether{}, dt.IP4{}, dt.UDP{Src: 1, Dst: 2}, dt.Zeros(8972))), 0},
	{"vlan", 1500, repeat(dt.Build(dt.Ether{}, dt.VLAN{ID: 0x6000 | 42}, dt.IP4{}, dt.UDP{Src: 1, Dst: 2}, dt.Bytes("vlan"))), 0x6000 | 42},
	{"vlan_full_mtu", 1500, repeat(dt.Build(dt.Ether{}, dt.VLAN{ID: 42}, dt.IP6{}, dt.UDP{Src: 1, Dst: 2}, dt.Zeros(1452))), 42},
	{"qinq", 1500, repeat(dt.Build(dt.Ether{}, dt.VLAN{ID: 7, Service: true}, dt.VLAN{ID: 42}, dt.IP4{}, dt.UDP{Src: 1, Dst: 2}, dt.Bytes("qinq"))), 7},
	{"ipv4_fragments", 1500, dt.Fragments(1000, []dt.Layer{dt.Ether{}}, dt.IP4{ID: 9}, dt.UDP{Src: 1, Dst: 2}, dt.Zeros(3000)), 0},
	{"ipv6_fragments", 1500, dt.Fragments(1000, []dt.Layer{dt.Ether{}}, dt.IP6{}, dt.UDP{Src: 1, Dst: 2}, dt.Zeros(3000)), 0},
}

func repeat(frame []byte) [][]byte { return slices.Repeat([][]byte{frame}, 1000) }

func TestEveryFrameIsDeliveredOnceAsItWasSent(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			ns, sender := enter(t, k.mtu)
			s := open(t, Options{RingBytes: 16 << 20}).Sources()[0]
			before := time.Now()
			sent := sender.Send(t, k.frames)
			got := collect(t, s, len(k.frames))
			after := time.Now()
			for i := range got {
				f := &got[i]
				want := untagged(k.frames[i])
				if !bytes.Equal(f.Data, want) || int(f.WireLen) != len(k.frames[i]) ||
					f.HasVLAN != (k.vlan != 0) || f.VLAN != k.vlan || f.Number != uint64(i+1) || f.Link != decoders.LinkEthernet || f.Interface != 0 ||
					f.Timestamp < before.UnixNano() || f.Timestamp > after.UnixNano() || i > 0 && f.Timestamp < got[i-1].Timestamp {
					t.Fatalf("frame %d is %+v, want %x", i+1, f, want)
				}
			}
			equations(t, ns, s, uint64(len(k.frames)), sent)
			i := s.Interfaces()[0]
			if otherTags := strings.HasPrefix(k.name, "qinq"); i.Merged != 0 || i.Truncated != 0 || i.Unsummed != 0 || (i.OtherTags != 0) != otherTags || i.MTU != k.mtu {
				t.Errorf("got %+v", i)
			}
			silent(t, s)
		})
	}
}

// equations compares what was sent with what the kernel and the source count.
func equations(t testing.TB, ns *netnstest.Namespace, s *Source, frames, sent uint64) {
	t.Helper()
	link := ns.Counters(t, "rx").RX
	if link.Packets != frames || link.Bytes != sent {
		t.Errorf("ip -s link says %+v, sent %d frames of %d bytes", link, frames, sent)
	}
	i, st := s.Interfaces()[0], s.Stats()
	if i.Frames != frames || i.Bytes != sent || i.Seen != frames || i.RingFull != 0 || st.Frames != frames || st.Bytes != sent {
		t.Errorf("source counts %+v and %+v, sent %d frames of %d bytes", i, st, frames, sent)
	}
	for _, reason := range []string{"ring_full", "interface_missed", "interface_overrun"} {
		if n, ok := st.Dropped[reason]; !ok || n != 0 {
			t.Errorf("drops are %v, want 0 for %s", st.Dropped, reason)
		}
	}
}

func TestSeveralInterfacesAreCapturedAtOnce(t *testing.T) {
	ns, sender := enter(t, 0)
	ns.Veth(t, netnstest.Pair{A: "tx2", B: "rx2"})
	second := netnstest.OpenSender(t, "tx2")
	s := open(t, Options{Interfaces: []string{"rx", "rx2"}}).Sources()[0]
	frames := netnstest.UDPFlows(100, 64, true)
	for range 3 {
		sender.Send(t, frames)
		second.Send(t, frames[:50])
	}
	count := [2]int{}
	for _, f := range collect(t, s, 450) {
		count[f.Interface]++
	}
	all := s.Interfaces()
	if count != [2]int{300, 150} || all[0].Frames != 300 || all[1].Frames != 150 || all[1].Name != "rx2" {
		t.Errorf("got %v and %+v", count, all)
	}
}

func TestTheTimeOrderOfInterfacesIsKeptForWhatIsReady(t *testing.T) {
	ns, sender := enter(t, 0)
	ns.Veth(t, netnstest.Pair{A: "tx2", B: "rx2"})
	second := netnstest.OpenSender(t, "tx2")
	s := open(t, Options{Interfaces: []string{"rx", "rx2"}}).Sources()[0]
	frame := netnstest.UDPFlows(1, 64, true)
	second.Send(t, frame)
	sender.Send(t, frame)
	time.Sleep(50 * time.Millisecond) // both blocks are handed over
	got := collect(t, s, 2)
	if got[0].Interface != 1 || got[1].Interface != 0 {
		t.Errorf("got interface %d first", got[0].Interface)
	}
}

func TestAFullRingDropsAndCounts(t *testing.T) {
	ns, sender := enter(t, 0)
	s := open(t, Options{RingBytes: 512 << 10, BlockBytes: 128 << 10}).Sources()[0]
	const sent = 20000
	if _, err := sender.SendN(netnstest.UDPFlows(10, 200, true), sent); err != nil {
		t.Fatal(err)
	}
	first := s.Stats().Dropped["ring_full"]
	received := 0
	stop := closeAfter(s, 200*time.Millisecond)
	defer stop()
	var b capture.Batch
	for s.Next(&b) == nil {
		received += len(b.Frames)
	}
	i := s.Interfaces()[0]
	if received == 0 || received == sent || i.RingFull != uint64(sent-received) || i.Seen != sent || first != i.RingFull || i.Freezes == 0 {
		t.Errorf("received %d of %d, counted %+v and earlier %d", received, sent, i, first)
	}
	if got := s.Stats().Dropped["ring_full"]; got != i.RingFull {
		t.Errorf("the sum of drops is %d, want %d", got, i.RingFull)
	}
	if got := ns.Counters(t, "rx").RX.Packets; got != sent {
		t.Errorf("ip -s link says %d", got)
	}
}

func TestBytesStayUntilTheirBatchIsGivenBack(t *testing.T) {
	_, sender := enter(t, 0)
	// Blocks come when they are full, not by time.
	s := open(t, Options{RingBytes: 512 << 10, BlockBytes: 128 << 10, BlockTimeout: maxTimeout}).Sources()[0]
	frames := netnstest.UDPFlows(400, 1000, true)
	sender.Send(t, frames[:200])
	held := make([]capture.Batch, 2)
	for i := range held {
		held[i].Frames = make([]decoders.Frame, 0, 20)
		if err := s.Next(&held[i]); err != nil || len(held[i].Frames) != 20 {
			t.Fatalf("got %d frames and %v", len(held[i].Frames), err)
		}
	}
	// The ring would go round several times but for the block that is held.
	var b capture.Batch
	for range 10 {
		if _, err := sender.SendN(frames[200:], 400); err != nil {
			t.Fatal(err)
		}
		for s.ports.All[0].ring.ready() {
			if err := s.Next(&b); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range held {
		for j, f := range held[i].Frames {
			if want := frames[20*i+j]; !bytes.Equal(f.Data, want) {
				t.Fatalf("frame %d of batch %d has changed", j, i)
			}
		}
	}
	if got := s.number * 1000; got > uint64(s.o.RingBytes) {
		t.Errorf("%d bytes were delivered, more than the ring has: some twice", got)
	}
	if s.Interfaces()[0].RingFull == 0 {
		t.Error("the held block did not stop the ring: the test shows nothing")
	}
	// Even the ring that is closed lives on until the batches are back.
	r := s.ports.All[0].ring
	s.Close()
	if !bytes.Equal(held[1].Frames[0].Data, frames[20]) {
		t.Error("bytes changed by Close")
	}
	for i, back := range []*capture.Batch{&b, &held[0], new(capture.Batch), &held[1]} {
		if r.memory == nil {
			t.Fatalf("unmapped when %d batches had come back", i)
		}
		if err := s.Next(back); err != capture.ErrClosed {
			t.Errorf("got %v", err)
		}
	}
	if r.memory != nil || len(s.leases) != 0 {
		t.Errorf("%d leases remain", len(s.leases))
	}
}

func TestNextAllocatesNothing(t *testing.T) {
	_, sender := enter(t, 0)
	s := open(t, Options{BlockTimeout: time.Second}).Sources()[0]
	const batches, size = 120, 50
	if _, err := sender.SendN(netnstest.UDPFlows(10, 100, true), batches*size); err != nil {
		t.Fatal(err)
	}
	defer closeAfter(s, patience)()
	held := [3]capture.Batch{}
	for i := range held {
		held[i].Frames = make([]decoders.Frame, 0, size)
		if err := s.Next(&held[i]); err != nil {
			t.Fatal(err)
		}
	}
	at := 0
	if n := testing.AllocsPerRun(100, func() {
		at = (at + 1) % len(held)
		if err := s.Next(&held[at]); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a batch", n)
	}
}

// TestAQuietLinkDeliversAPartlyFilledBlock would wait until patience closes the
// source, were a block only delivered when it is full.
func TestAQuietLinkDeliversAPartlyFilledBlock(t *testing.T) {
	_, sender := enter(t, 0)
	s := open(t, Options{BlockTimeout: DefaultBlockTimeout}).Sources()[0]
	defer closeAfter(s, patience)()
	var held, b capture.Batch
	for i, batch := range []*capture.Batch{&held, &b, &b} {
		t.Run(fmt.Sprintf("frame_%d", i+1), func(t *testing.T) {
			start := time.Now()
			if _, err := sender.SendN(netnstest.UDPFlows(1, 64, true), 1); err != nil {
				t.Fatal(err)
			}
			var err error
			for batch.Frames = batch.Frames[:0]; err == nil && len(batch.Frames) == 0; {
				err = s.Next(batch) // without frames when the machine is slow
			}
			if err != nil || len(batch.Frames) != 1 {
				t.Fatalf("got %d frames and %v", len(batch.Frames), err)
			}
			t.Logf("delivered after %v", time.Since(start))
		})
	}
}

func TestASilentLinkGivesABatchWithoutFrames(t *testing.T) {
	_, sender := enter(t, 0)
	s := open(t, Options{}).Sources()[0]
	defer closeAfter(s, patience)()
	b := capture.Batch{Frames: make([]decoders.Frame, 0, 1)}
	for range 3 {
		start := time.Now()
		if err := s.Next(&b); err != nil || len(b.Frames) > 0 || time.Since(start) < capture.IdleAfter {
			t.Errorf("got %d frames and %v after %v", len(b.Frames), err, time.Since(start))
		}
		sender.Send(t, netnstest.UDPFlows(1, 64, true))
		collect(t, s, 1)
	}
}

func TestFramesThatNobodyReadAreCountedAtTheEnd(t *testing.T) {
	_, sender := enter(t, 0)
	s := open(t, Options{}).Sources()[0]
	sender.Send(t, netnstest.UDPFlows(100, 64, true))
	b := capture.Batch{Frames: make([]decoders.Frame, 0, 30)}
	for len(b.Frames) == 0 {
		if err := s.Next(&b); err != nil {
			t.Fatal(err)
		}
	}
	if i := s.Stats().Interfaces[0]; i.Seen != 100 || i.Frames != 30 || i.Waiting != 70 {
		t.Errorf("got %+v", i)
	}
	s.Close()
	i := s.Stats().Interfaces[0]
	if i.Waiting != 0 || i.Dropped[capture.DropUnread] != 70 || i.Up {
		t.Errorf("got %+v", i)
	}
}

func TestTheLoadSaysHowFullTheRingIsAndWhatItLost(t *testing.T) {
	_, sender := enter(t, 0)
	s := open(t, Options{RingBytes: 1 << 20, BlockBytes: 128 << 10}).Sources()[0]
	defer closeAfter(s, patience)()
	if l := s.Load(); l.Fill != 0 || l.Lost != 0 {
		t.Errorf("at first %+v", l)
	}
	const sent = 20000
	if _, err := sender.SendN(netnstest.UDPFlows(10, 200, true), sent); err != nil {
		t.Fatal(err)
	}
	if l := s.Load(); l.Fill != 1 {
		t.Errorf("full: %+v", l)
	}
	var b capture.Batch
	got := 0
	for {
		if err := s.Next(&b); err != nil {
			t.Fatal(err)
		}
		if got += len(b.Frames); len(b.Frames) == 0 {
			break
		}
	}
	sender.Send(t, netnstest.UDPFlows(1, 64, true)) // a block that says so
	collect(t, s, 1)
	if l := s.Load(); l.Fill != 0 || l.Lost != uint64(sent-got) || l.Lost == 0 {
		t.Errorf("read %d of %d: %+v", got, sent, l)
	}
}
