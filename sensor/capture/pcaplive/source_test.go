//go:build cgo && linux

package pcaplive

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"spanwatch/decoders"
	dt "spanwatch/decoders/decoderstest"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/internal/netnstest"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

func enter(t testing.TB) (*netnstest.Namespace, *netnstest.Sender) {
	t.Helper()
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx", MTU: 9000})
	return ns, netnstest.OpenSender(t, "tx")
}

func open(t testing.TB, o Options) *Source {
	t.Helper()
	o.Interface = "rx"
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// collect reads until so many frames have come, and returns copies of them.
func collect(t testing.TB, s *Source, n int) (all []decoders.Frame) {
	t.Helper()
	defer time.AfterFunc(patience, func() { s.Close() }).Stop()
	var b capture.Batch
	for len(all) < n {
		if err := s.Next(&b); err != nil {
			t.Fatalf("after %d of %d frames: %v", len(all), n, err)
		}
		for _, f := range b.Frames {
			f.Data = bytes.Clone(f.Data)
			all = append(all, f)
		}
	}
	return all
}

func TestEveryFrameIsDeliveredOnceAsItWasSent(t *testing.T) {
	for _, tt := range []struct {
		name   string
		layers []dt.Layer
	}{
		{"ipv4", []dt.Layer{dt.Ether{}, dt.IP4{}, dt.UDP{Src: 1, Dst: 2}, dt.Bytes("ipv4")}},
		{"jumbo_ipv6", []dt.Layer{dt.Ether{}, dt.IP6{}, dt.UDP{Src: 1, Dst: 2}, dt.Zeros(8952)}},
		{"vlan", []dt.Layer{dt.Ether{}, dt.VLAN{ID: 42}, dt.IP4{}, dt.UDP{Src: 1, Dst: 2}, dt.Bytes("vlan")}},
		{"qinq", []dt.Layer{dt.Ether{}, dt.VLAN{ID: 7, Service: true}, dt.VLAN{ID: 42}, dt.IP4{}, dt.UDP{Src: 1, Dst: 2}, dt.Bytes("qinq")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ns, sender := enter(t)
			s := open(t, Options{})
			frame := dt.Build(tt.layers...)
			const n = 1000
			before := time.Now().UnixNano()
			sent, err := sender.SendN([][]byte{frame}, n)
			if err != nil {
				t.Fatal(err)
			}
			got := collect(t, s, n)
			odd := false
			for i, f := range got {
				if !bytes.Equal(f.Data, frame) || int(f.WireLen) != len(frame) || f.HasVLAN || f.Number != uint64(i+1) ||
					f.Link != decoders.LinkEthernet || f.Timestamp < before || f.Timestamp > time.Now().UnixNano() {
					t.Fatalf("frame %d is %+v, want %x", i+1, f, frame)
				}
				odd = odd || f.Timestamp%1000 != 0
			}
			if !odd {
				t.Error("times are of microseconds only")
			}
			link := ns.Counters(t, "rx").RX
			if st := s.Stats(); len(got) != n || st.Frames != link.Packets || st.Bytes != sent || link.Bytes != sent || st.Dropped["ring_full"] != 0 {
				t.Errorf("got %d frames, %+v, ip -s link says %+v", len(got), st, link)
			}
		})
	}
}

func TestFramesAreFiltered(t *testing.T) {
	_, sender := enter(t)
	s := open(t, Options{Filter: "udp src port 1024"})
	sender.Send(t, append(netnstest.UDPFlows(50, 64, true), netnstest.UDPFlows(1, 99, true)...))
	got := collect(t, s, 2)
	if len(got) != 2 || got[0].WireLen != 64 || got[1].WireLen != 99 {
		t.Errorf("got %v", got)
	}
}

func TestFramesAreCutAtTheSnapLength(t *testing.T) {
	_, sender := enter(t)
	s := open(t, Options{SnapLen: 100})
	sender.Send(t, netnstest.UDPFlows(1, 1000, true))
	if got := collect(t, s, 1)[0]; len(got.Data) != 100 || got.WireLen != 1000 {
		t.Errorf("got %d bytes of %d", len(got.Data), got.WireLen)
	}
}

func TestAFullBufferDropsAndCounts(t *testing.T) {
	_, sender := enter(t)
	s := open(t, Options{BufferBytes: minBufferBytes})
	const sent = 20000
	if _, err := sender.SendN(netnstest.UDPFlows(10, 200, true), sent); err != nil {
		t.Fatal(err)
	}
	received := 0
	time.AfterFunc(300*time.Millisecond, func() { s.Close() })
	var b capture.Batch
	for s.Next(&b) == nil {
		received += len(b.Frames)
	}
	if got := s.Stats().Dropped["ring_full"]; received == 0 || received == sent || got != uint64(sent-received) {
		t.Errorf("received %d of %d, %d counted as dropped", received, sent, got)
	}
}

func TestBytesStayUntilTheirBatchIsGivenBack(t *testing.T) {
	_, sender := enter(t)
	s := open(t, Options{})
	defer time.AfterFunc(patience, func() { s.Close() }).Stop()
	frames := netnstest.UDPFlows(2000, 1000, false)
	sender.Send(t, frames)
	var batches [4]capture.Batch
	at := 0
	for i := range batches {
		for len(batches[i].Frames) == 0 {
			if err := s.Next(&batches[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range batches {
		for _, f := range batches[i].Frames {
			if !bytes.Equal(f.Data, frames[at]) {
				t.Fatalf("frame %d has changed", at)
			}
			at++
		}
	}
}

func TestABatchEndsWhereItsMemoryDoes(t *testing.T) {
	_, sender := enter(t)
	s := open(t, Options{})
	defer time.AfterFunc(patience, func() { s.Close() }).Stop()
	const n = 3 * arenaBytes / 9000
	frames := netnstest.UDPFlows(n, 9000, false)
	sender.Send(t, frames)
	for i, f := range collect(t, s, n) {
		if !bytes.Equal(f.Data, frames[i]) {
			t.Fatalf("frame %d is another", i)
		}
	}
}

func TestNextAllocatesNothing(t *testing.T) {
	_, sender := enter(t)
	s := open(t, Options{})
	defer time.AfterFunc(patience, func() { s.Close() }).Stop()
	const size = 20
	if _, err := sender.SendN(netnstest.UDPFlows(10, 100, true), 130*size); err != nil {
		t.Fatal(err)
	}
	b := capture.Batch{Frames: make([]decoders.Frame, 0, size)}
	if n := testing.AllocsPerRun(100, func() {
		if err := s.Next(&b); err != nil {
			t.Error(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for a batch of %d frames", n, size)
	}
}

func TestAnInterfaceThatIsMadeAnewIsCapturedFromAgain(t *testing.T) {
	ns, _ := enter(t)
	s := open(t, Options{})
	defer time.AfterFunc(patience, func() { s.Close() }).Stop()
	var b capture.Batch
	for _, up := range []bool{false, true} {
		if up {
			ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
		} else {
			ns.IP(t, "link", "delete", "dev", "rx")
		}
		var change *LinkError
		var err error
		for err == nil {
			err = s.Next(&b)
		}
		if !errors.As(err, &change) || !errors.Is(err, ErrLink) || change.Up != up || (change.Err == nil) != up {
			t.Fatalf("got %v", err)
		}
	}
	netnstest.OpenSender(t, "tx").Send(t, netnstest.UDPFlows(10, 64, true))
	collect(t, s, 10)
	if stops, reopens := s.Changes(); stops != 1 || reopens != 1 {
		t.Errorf("%d stops, %d reopens", stops, reopens)
	}
}

// TestALinkThatGoesDownAndUpIsCapturedFromAgain does not look for LinkErrors: some
// versions of libpcap go on by themselves.
func TestALinkThatGoesDownAndUpIsCapturedFromAgain(t *testing.T) {
	ns, sender := enter(t)
	s := open(t, Options{})
	defer time.AfterFunc(patience, func() { s.Close() }).Stop()
	const n = 10
	received := ns.Go(func() error {
		var b capture.Batch
		for got := 0; got < n; got += len(b.Frames) {
			if err := s.Next(&b); err != nil && !errors.Is(err, ErrLink) {
				return err
			}
		}
		return nil
	})
	ns.IP(t, "link", "set", "dev", "rx", "down")
	time.Sleep(2 * readTimeout)
	ns.IP(t, "link", "set", "dev", "rx", "up")
	time.Sleep(4 * minBackoff)
	sender.Send(t, netnstest.UDPFlows(n, 64, true))
	if err := received(); err != nil {
		t.Error(err)
	}
}

func TestCloseWakesNext(t *testing.T) {
	ns, _ := enter(t)
	for _, state := range []string{"up", "down"} {
		t.Run("while_the_interface_is_"+state, func(t *testing.T) {
			var s *Source
			ns.Do(t, func() (err error) {
				s, err = Open(Options{Interface: "rx"})
				return err
			})
			ended := make(chan error, 1)
			ns.IP(t, "link", "set", "dev", "rx", state)
			wait := ns.Go(func() error {
				var b capture.Batch
				for {
					if err := s.Next(&b); err != nil && !errors.Is(err, ErrLink) {
						ended <- err
						return nil
					}
				}
			})
			time.Sleep(100 * time.Millisecond)
			s.Close()
			select { // far beyond what Next waits for, also on a machine that is busy
			case err := <-ended:
				if err != capture.ErrClosed {
					t.Errorf("got %v", err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("Next still waits")
			}
			wait()
			s.Close()
		})
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	ns, _ := enter(t)
	ns.Do(t, func() error {
		var open *OpenError
		if _, err := Open(Options{Interface: "none0"}); !errors.As(err, &open) || open.Interface != "none0" {
			t.Errorf("got %v", err)
		}
		var filter *capture.FilterError
		if _, err := Open(Options{Interface: "rx", Filter: "udp portt 53"}); !errors.As(err, &filter) {
			t.Errorf("got %v", err)
		}
		for _, o := range []Options{{}, {Interface: "rx", SnapLen: 1}, {Interface: "rx", BufferBytes: 5}} {
			if _, err := Open(o); !errors.Is(err, ErrOption) {
				t.Errorf("%+v: got %v", o, err)
			}
		}
		return nil
	})
}

func TestASilentInterfaceGivesABatchWithoutFrames(t *testing.T) {
	enter(t)
	s := open(t, Options{})
	var b capture.Batch
	start := time.Now()
	if err := s.Next(&b); err != nil || len(b.Frames) > 0 || time.Since(start) < capture.IdleAfter {
		t.Errorf("got %d frames and %v after %v", len(b.Frames), err, time.Since(start))
	}
}

func TestASetReadsAllInterfacesAndOutlivesOne(t *testing.T) {
	ns, sender := enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx2", B: "rx2"})
	s, err := OpenAll([]string{"rx", "rx2"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(patience, func() { s.Close() }).Stop()
	const n = 100
	sender.Send(t, netnstest.UDPFlows(n, 100, true))
	netnstest.OpenSender(t, "tx2").Send(t, netnstest.UDPFlows(n, 200, true))
	var b capture.Batch
	var got [2]int
	number := uint64(0)
	for got[0]+got[1] < 2*n {
		if err := s.Next(&b); err != nil {
			t.Fatal(err)
		}
		for _, f := range b.Frames {
			if number++; f.Number != number || f.WireLen != 100*(1+uint32(f.Interface)) {
				t.Fatalf("frame %d is %+v", number, f)
			}
			got[f.Interface]++
		}
	}
	if got != [2]int{n, n} {
		t.Errorf("got %v", got)
	}
	ns.IP(t, "link", "delete", "dev", "rx2")
	for err = nil; err == nil; {
		err = s.Next(&b)
	}
	if !errors.Is(err, ErrLink) {
		t.Fatal(err)
	}
	sender.Send(t, netnstest.UDPFlows(n, 100, true))
	for more := 0; more < n; more += len(b.Frames) {
		if err := s.Next(&b); err != nil {
			t.Fatal(err)
		}
	}
	for len(b.Frames) > 0 { // until the counters have been read
		if err := s.Next(&b); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []capture.InterfaceStats{{Name: "rx", Up: true, Frames: 2 * n, Bytes: 2 * n * 100, Seen: 2 * n}, {Name: "rx2", Frames: n, Bytes: n * 200, Seen: n, Changes: 1}} {
		have := s.Stats().Interfaces[i]
		have.Dropped = nil
		if !reflect.DeepEqual(have, want) {
			t.Errorf("got %+v, want %+v", have, want)
		}
	}
}

func TestASetNamesEveryInterfaceThatIsWrong(t *testing.T) {
	enter(t)
	_, err := OpenAll([]string{"none0", "rx", "none1"}, Options{})
	if err == nil || !strings.Contains(err.Error(), "none0") || !strings.Contains(err.Error(), "none1") {
		t.Errorf("got %v", err)
	}
	if _, err := OpenAll(nil, Options{}); !errors.Is(err, ErrOption) {
		t.Errorf("got %v", err)
	}
}
