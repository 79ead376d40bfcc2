//go:build linux

package netnstest

import (
	"errors"
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWhatIsSentOnOneSideArrivesOnTheOther(t *testing.T) {
	ns := Enter(t)
	ns.Veth(t, Pair{A: "tx", B: "rx", MTU: 9000})
	frames := append(UDPFlows(10, 64, true), UDPFlows(10, 9014, false)...)
	bytes := OpenSender(t, "tx").Send(t, frames)
	want := Direction{Packets: 20, Bytes: bytes}
	if got := ns.Counters(t, "tx").TX; got != want || bytes != 10*64+10*9014 {
		t.Errorf("sent %+v, want %+v", got, want)
	}
	if got := ns.Counters(t, "rx").RX; got != want {
		t.Errorf("received %+v, want %+v", got, want)
	}
}

func TestThePairMaySpanTwoNamespaces(t *testing.T) {
	ns, other := Enter(t), New(t)
	ns.Veth(t, Pair{A: "tx", B: "rx", Other: other})
	OpenSender(t, "tx").Send(t, UDPFlows(3, 64, true))
	if got := other.Counters(t, "rx").RX.Packets; got != 3 {
		t.Errorf("received %d, want 3", got)
	}
	if _, err := net.InterfaceByName("rx"); err == nil {
		t.Error("rx is seen from the wrong namespace")
	}
	other.Do(t, func() error {
		_, err := net.InterfaceByName("rx")
		return err
	})
}

func TestTheTestIsOutsideAgainAtItsEnd(t *testing.T) {
	Require(t)
	t.Run("inside", func(t *testing.T) {
		Enter(t).Veth(t, Pair{A: "netnstest0", B: "netnstest1"})
		if _, err := net.InterfaceByName("netnstest0"); err != nil {
			t.Error(err)
		}
	})
	if _, err := net.InterfaceByName("netnstest0"); err == nil {
		t.Error("the interface is seen outside")
	}
}

func TestAFrameThatTheOtherSideRefusesIsAnError(t *testing.T) {
	ns := Enter(t)
	ns.Veth(t, Pair{A: "tx", B: "rx", MTU: 9000})
	ns.IP(t, "link", "set", "dev", "rx", "mtu", "1500")
	if _, err := OpenSender(t, "tx").SendN(UDPFlows(1, 2000, true), 1); !errors.Is(err, unix.ENOBUFS) {
		t.Errorf("got %v", err)
	}
}

func TestASenderRefusesToSendForEver(t *testing.T) {
	ns := Enter(t)
	ns.Veth(t, Pair{A: "tx", B: "rx"})
	s := OpenSender(t, "tx")
	for _, n := range []int{1, maxSend + 1} {
		var frames [][]byte
		if n > 1 {
			frames = UDPFlows(1, 64, true)
		}
		if _, err := s.SendN(frames, n); err == nil {
			t.Errorf("%d frames made of %d were sent", n, len(frames))
		}
	}
}
