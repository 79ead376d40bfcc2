package afpacket

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"spanwatch/decoders"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/capture/link"
	"spanwatch/sensor/internal/netnstest"
)

func wantFault(t *testing.T, s *Source, from, to link.State) int {
	t.Helper()
	fault, frames := nextFault(t, s)
	if fault.Interface != "rx" || fault.From != from || fault.To != to || !errors.Is(fault, link.ErrChange) {
		t.Errorf("got %v, want %v to %v", fault, from, to)
	}
	return frames
}

func TestALinkThatGoesDownAndUpIsCapturedFromAgain(t *testing.T) {
	for _, workers := range []int{1, 2} {
		t.Run(fmt.Sprintf("with_%d_workers", workers), func(t *testing.T) {
			ns, sender := enter(t, 0)
			c := open(t, Options{Workers: workers})
			frames := netnstest.UDPFlows(200, 64, false)
			before, after := []int{}, []int{}
			sender.Send(t, frames)
			for _, got := range spread(t, c, len(frames)) {
				before = append(before, len(got))
			}
			for range 3 {
				ns.IP(t, "link", "set", "dev", "rx", "down")
				for _, s := range c.Sources() {
					wantFault(t, s, link.Up, link.Down)
				}
				ns.IP(t, "link", "set", "dev", "rx", "up")
				for _, s := range c.Sources() {
					wantFault(t, s, link.Down, link.Up)
				}
			}
			sender.Send(t, frames)
			for _, got := range spread(t, c, len(frames)) {
				after = append(after, len(got))
			}
			if fmt.Sprint(before) != fmt.Sprint(after) {
				t.Errorf("workers got %v before and %v after: flows have moved", before, after)
			}
			for _, s := range c.Sources() {
				if i := s.Interfaces()[0]; i.Downs != 3 || i.State != link.Up || i.Reopens != 0 || i.Removals != 0 {
					t.Errorf("got %+v", i)
				}
			}
		})
	}
}

func TestAnInterfaceThatIsMadeAnewIsCapturedFromAgain(t *testing.T) {
	for _, workers := range []int{1, 3} {
		t.Run(fmt.Sprintf("with_%d_workers", workers), func(t *testing.T) {
			ns, sender := enter(t, 0)
			c := open(t, Options{Workers: workers, RingBytes: 1 << 20, BlockBytes: 128 << 10, Promiscuous: true})
			frames := netnstest.UDPFlows(300, 64, false)
			for round := range 3 {
				sender.Send(t, frames)
				held := make([]capture.Batch, workers)
				ns.IP(t, "link", "delete", "dev", "rx")
				got := 0
				for i, s := range c.Sources() {
					// A batch of the old ring is held until the new one is there.
					if err := s.Next(&held[i]); err != nil && !errors.Is(err, link.ErrChange) {
						t.Fatal(err)
					}
					got += len(held[i].Frames)
				}
				for _, s := range c.Sources() {
					if s.Interfaces()[0].State != link.Gone {
						got += wantFault(t, s, link.Up, link.Gone)
					}
				}
				ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
				for _, s := range c.Sources() {
					got += wantFault(t, s, link.Gone, link.Up)
				}
				if got != len(frames) {
					t.Errorf("round %d: got %d frames of %d sent before the interface was removed", round, got, len(frames))
				}
				for i := range held {
					for _, f := range held[i].Frames {
						if netnstest.FlowOf(f.Data) >= len(frames) {
							t.Error("bytes of the old ring have changed")
						}
					}
				}
				for i, s := range c.Sources() {
					giveBack(s, &held[i])
				}
				sender = netnstest.OpenSender(t, "tx")
			}
			sender.Send(t, frames)
			spread(t, c, len(frames))
			for _, s := range c.Sources() {
				if i := s.Interfaces()[0]; i.Removals != 3 || i.Reopens != 3 || i.State != link.Up || i.LastError != nil || i.RingFull != 0 || i.Seen != i.Frames {
					t.Errorf("got %+v", i)
				}
			}
		})
	}
}

func TestAnInterfaceThatIsDownAtFirstIsAwaited(t *testing.T) {
	ns, sender := enter(t, 0)
	ns.IP(t, "link", "set", "dev", "rx", "down")
	for _, workers := range []int{1, 2} {
		t.Run(fmt.Sprintf("by_%d_workers", workers), func(t *testing.T) {
			ns.IP(t, "link", "set", "dev", "rx", "down")
			var c *Capture
			ns.Do(t, func() (err error) {
				c, err = Open(Options{Interfaces: []string{"rx"}, Workers: workers, BlockTimeout: 10 * time.Millisecond})
				return err
			})
			defer c.Close()
			ns.IP(t, "link", "set", "dev", "rx", "up")
			ns.Do(t, func() error {
				for _, s := range c.Sources() {
					fault, _ := nextFault(t, s)
					if fault.To != link.Down {
						return fmt.Errorf("got %w", fault)
					}
					wantFault(t, s, link.Down, link.Up)
				}
				return nil
			})
			frames := netnstest.UDPFlows(100, 64, false)
			sender.Send(t, frames)
			spread(t, c, len(frames))
		})
	}
}

func TestAFaultOfOneInterfaceDoesNotStopAnother(t *testing.T) {
	ns, sender := enter(t, 0)
	ns.Veth(t, netnstest.Pair{A: "tx2", B: "rx2"})
	s := open(t, Options{Interfaces: []string{"rx", "rx2"}}).Sources()[0]
	ns.IP(t, "link", "delete", "dev", "rx2")
	if fault, _ := nextFault(t, s); fault.Interface != "rx2" || fault.To != link.Gone {
		t.Errorf("got %v", fault)
	}
	sender.Send(t, netnstest.UDPFlows(10, 64, true))
	collect(t, s, 10)
	if all := s.Interfaces(); all[0].State != link.Up || all[1].State != link.Gone {
		t.Errorf("got %+v", all)
	}
}

func TestAChangeIsNoticedUnderLoad(t *testing.T) {
	ns, sender := enter(t, 0)
	ns.Veth(t, netnstest.Pair{A: "tx2", B: "rx2"})
	s := open(t, Options{Interfaces: []string{"rx", "rx2"}}).Sources()[0]
	ns.IP(t, "link", "set", "dev", "rx2", "down")
	frames := netnstest.UDPFlows(10, 64, true)
	if _, err := sender.SendN(frames, 2*link.LookEvery); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond) // until there is no need to wait for a frame
	s.ports.Due = time.Time{}
	defer closeAfter(s, patience)()
	b := capture.Batch{Frames: make([]decoders.Frame, 0, 1)}
	for i := range 2 * link.LookEvery {
		if err := s.Next(&b); errors.Is(err, link.ErrChange) {
			if i < link.LookEvery-2 {
				t.Errorf("noticed after %d batches: not by counting them", i)
			}
			return
		}
	}
	t.Error("not noticed")
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	for _, tt := range []struct {
		name string
		o    Options
		want error
		text string
	}{
		{"an_interface_that_is_not_there", Options{Interfaces: []string{"rx", "none0"}}, link.ErrNoSuchInterface, "capture from none0: look it up: no such interface"},
		{"a_name_that_none_can_have", Options{Interfaces: []string{"sixteen-letters-"}}, link.ErrNoSuchInterface, "no such interface"},
		{"an_eBPF_program_that_is_none", Options{Interfaces: []string{"rx"}, FilterProgram: 1 << 20}, unix.EBADF, "attach the filter"},
		{"a_fanout_program_that_is_none", Options{Interfaces: []string{"rx"}, Workers: 2, Fanout: FanoutProgram, FanoutProgram: 1 << 20}, unix.EBADF, "join the fanout group by program"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ns.Do(t, func() error {
				c, err := Open(tt.o)
				var open *link.OpenError
				if !errors.Is(err, tt.want) || !errors.As(err, &open) || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("got %v", err)
				}
				if c != nil {
					c.Close()
				}
				return nil
			})
		})
	}
}

func TestCloseWakesNextAtOnce(t *testing.T) {
	enter(t, 0)
	c := open(t, Options{Workers: 2})
	for _, s := range c.Sources() {
		var err error
		var woken time.Time
		ended := make(chan struct{})
		go func() {
			err = s.Next(new(capture.Batch))
			woken = time.Now()
			close(ended)
		}()
		time.Sleep(50 * time.Millisecond)
		start := time.Now()
		s.Close()
		<-ended
		if took := woken.Sub(start); err != capture.ErrClosed || took > 50*time.Millisecond {
			t.Errorf("got %v after %v", err, took)
		}
		if err := s.Close(); err != nil {
			t.Errorf("the second Close: %v", err)
		}
	}
}

func TestStatsMayBeReadWhileCaptureRuns(t *testing.T) {
	_, sender := enter(t, 0)
	c := open(t, Options{})
	s := c.Sources()[0]
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				s.Stats()
				s.Interfaces()
			}
		}
	}()
	frames := netnstest.UDPFlows(10, 64, true)
	for range 20 {
		sender.Send(t, frames)
		collect(t, s, len(frames))
	}
	close(stop)
	<-done
	if st := s.Stats(); st.Frames != 200 || s.Interfaces()[0].Seen != 200 {
		t.Errorf("got %+v", st)
	}
}
