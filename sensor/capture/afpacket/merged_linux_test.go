package afpacket

import (
	"encoding/json"
	"io"
	"net"
	"testing"
	"time"

	"spanwatch/sensor/capture"
	"spanwatch/sensor/internal/netnstest"
)

// talk sends n bytes over TCP from this namespace to the other, between rx here
// and tx there, and waits until they have arrived.
func talk(t *testing.T, ns, other *netnstest.Namespace, n int) {
	t.Helper()
	ns.IP(t, "address", "replace", "192.0.2.1/24", "dev", "rx")
	other.IP(t, "address", "replace", "192.0.2.2/24", "dev", "tx")
	ns.IP(t, "link", "set", "dev", "rx", "arp", "on")
	other.IP(t, "link", "set", "dev", "tx", "arp", "on")
	ready := make(chan error, 1)
	served := other.Go(func() error {
		l, err := net.Listen("tcp4", "192.0.2.2:9")
		ready <- err
		if err != nil {
			return err
		}
		defer l.Close()
		c, err := l.Accept()
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = io.Copy(io.Discard, c)
		return err
	})
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	d := net.Dialer{Timeout: patience}
	c, err := d.Dial("tcp4", "192.0.2.2:9")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if err := served(); err != nil {
		t.Fatal(err)
	}
}

// drain reads what there is and returns the number of frames and their bytes on
// the wire. It closes the source.
func drain(s *Source) (frames, wire uint64) {
	time.AfterFunc(200*time.Millisecond, func() { s.Close() })
	var b capture.Batch
	for s.Next(&b) == nil {
		frames += uint64(len(b.Frames))
		wire += wireBytes(b.Frames)
	}
	return frames, wire
}

func TestFramesMergedByOffloadsAreCounted(t *testing.T) {
	for _, tt := range []struct {
		name   string
		tso    string
		merged bool
	}{
		{"with_segmentation_offload", "on", true},
		{"without", "off", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ns, other := netnstest.Enter(t), netnstest.New(t)
			ns.Veth(t, netnstest.Pair{A: "rx", B: "tx", Other: other})
			for _, side := range []struct {
				ns   *netnstest.Namespace
				name string
			}{{ns, "rx"}, {other, "tx"}} {
				side.ns.Command(t, "ethtool", "-K", side.name, "tso", tt.tso, "gso", tt.tso)
			}
			s := open(t, Options{}).Sources()[0]
			talk(t, ns, other, 1<<20)
			frames, wire := drain(s)
			i := s.Interfaces()[0]
			if (i.Merged > 0) != tt.merged || i.Unsummed == 0 || i.Truncated > 0 {
				t.Errorf("got %+v", i)
			}
			c := ns.Counters(t, "rx")
			if c.RX.Packets+c.TX.Packets != frames && !tt.merged || c.RX.Bytes+c.TX.Bytes != wire && !tt.merged || frames == 0 {
				t.Errorf("got %d frames of %d bytes, ip -s link says %+v", frames, wire, c)
			}
		})
	}
}

func TestOutgoingFramesMayBeLeftOut(t *testing.T) {
	for _, tt := range []struct {
		name    string
		workers int
	}{{"one_worker", 1}, {"in_a_fanout_group", 2}} {
		t.Run(tt.name, func(t *testing.T) {
			ns, other := netnstest.Enter(t), netnstest.New(t)
			ns.Veth(t, netnstest.Pair{A: "rx", B: "tx", Other: other})
			c := open(t, Options{Workers: tt.workers, IgnoreOutgoing: true})
			talk(t, ns, other, 10000)
			var frames uint64
			for _, s := range c.Sources() {
				n, _ := drain(s)
				frames += n
			}
			if want := ns.Counters(t, "rx").RX.Packets; frames != want || want == 0 {
				t.Errorf("got %d frames, received were %d", frames, want)
			}
		})
	}
}

func TestTheLoopbackInterfaceGivesEveryFrameOnce(t *testing.T) {
	netnstest.Enter(t)
	s := open(t, Options{Interfaces: []string{"lo"}}).Sources()[0]
	c, err := net.Dial("udp4", "127.0.0.1:9")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("once")); err != nil {
		t.Fatal(err)
	}
	frames, _ := drain(s)
	if frames != 2 { // and the ICMP error that nobody listens
		t.Errorf("got %d frames, want 2", frames)
	}
}

func TestHardwareTimeFallsBackToTheKernels(t *testing.T) {
	_, sender := enter(t, 0)
	s := open(t, Options{HardwareTime: true}).Sources()[0]
	before := time.Now().UnixNano()
	sender.Send(t, netnstest.UDPFlows(3, 64, true))
	for _, f := range collect(t, s, 3) {
		if f.Timestamp < before || f.Timestamp > time.Now().UnixNano() {
			t.Errorf("time is %d, before was %d", f.Timestamp, before)
		}
	}
	if got := s.Interfaces()[0].SoftwareTimes; got != 3 {
		t.Errorf("%d times are of the kernel, want 3", got)
	}
}

func TestPromiscuousModeEndsWithTheCapture(t *testing.T) {
	ns, _ := enter(t, 0)
	promiscuous := func(want int) {
		t.Helper()
		var links []struct{ Promiscuity int }
		if err := json.Unmarshal([]byte(ns.IP(t, "-details", "-json", "link", "show", "dev", "rx")), &links); err != nil {
			t.Fatal(err)
		}
		if len(links) != 1 || links[0].Promiscuity != want {
			t.Errorf("got %+v, want promiscuity %d", links, want)
		}
	}
	promiscuous(0)
	c := open(t, Options{Promiscuous: true, Workers: 2})
	promiscuous(2)
	c.Close()
	promiscuous(0)
}
