package link

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"spanwatch/sensor/internal/netnstest"
)

func TestATableKnowsTheInterfacesOfItsNamespace(t *testing.T) {
	netnstest.Require(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx", MTU: 2000})
	table, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	l, err := table.ByName("rx")
	if err != nil {
		t.Fatal(err)
	}
	if !l.Up() || l.MTU != 2000 || l.Kind != unix.ARPHRD_ETHER || l.Queues < 1 {
		t.Errorf("%+v", l)
	}
	if again, err := table.ByIndex(l.Index); err != nil || again.Index != l.Index {
		t.Errorf("%+v, %v", again, err)
	}
	for _, name := range []string{"", "nobody", "a name that is far too long for an interface"} {
		if _, err := table.ByName(name); !errors.Is(err, ErrNoSuchInterface) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestAWatchTellsOfChanges(t *testing.T) {
	netnstest.Require(t)
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx"})
	w, err := OpenWatch()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if w.Changed() {
		t.Error("a change before there was one")
	}
	for _, change := range [][]string{{"link", "set", "dev", "rx", "down"}, {"link", "set", "dev", "rx", "up"}, {"link", "delete", "dev", "rx"}} {
		ns.IP(t, change...)
		polls := []unix.PollFd{{Fd: int32(w.FD()), Events: unix.POLLIN}}
		if n, err := unix.Poll(polls, 5000); n != 1 || err != nil {
			t.Fatalf("%v: %d, %v", change, n, err)
		}
		if !w.Changed() {
			t.Errorf("%v is no change", change)
		}
	}
}

func TestATrackerTellsEachChangeOnceAndTriesEverMoreSeldom(t *testing.T) {
	var tr Tracker
	tr.Begin("eth0", &Info{Index: 3, Loss: Loss{Missed: 10}})
	if err := tr.Set(Up, &Info{Index: 3, Loss: Loss{Missed: 12}}); err != nil {
		t.Errorf("the first state is told: %v", err)
	}
	told := func(err error, from, to State) {
		t.Helper()
		var c *Change
		if !errors.As(err, &c) || c.From != from || c.To != to || c.Interface != "eth0" || !errors.Is(err, ErrChange) {
			t.Errorf("got %v, want %v to %v", err, from, to)
		}
	}
	told(tr.Set(Down, nil), Up, Down)
	if err := tr.Set(Down, nil); err != nil {
		t.Errorf("told again: %v", err)
	}
	told(tr.Set(Gone, nil), Down, Gone)
	now := time.Unix(1000, 0)
	told(tr.Fail(unix.EBUSY, now), Gone, Failed)
	if tr.Due(now.Add(99*time.Millisecond)) || !tr.Due(now.Add(100*time.Millisecond)) {
		t.Error("not tried again after 100 ms")
	}
	for range 10 {
		if err := tr.Fail(unix.EBUSY, now); err != nil {
			t.Errorf("told again: %v", err)
		}
	}
	if tr.Due(now.Add(4999*time.Millisecond)) || !tr.Due(now.Add(5*time.Second)) {
		t.Error("not tried again after 5 s")
	}
	if got := tr.Now(); got.Downs != 1 || got.Removals != 1 || got.Failures != 11 || !errors.Is(got.LastError, unix.EBUSY) {
		t.Errorf("%+v", got)
	}
	tr.Reopened(&Info{Index: 4})
	told(tr.Set(Up, &Info{Index: 4, Loss: Loss{Missed: 5}}), Failed, Up)
	if got := tr.Now(); got.Reopens != 1 || got.LastError != nil || got.Info.Index != 4 {
		t.Errorf("%+v", got)
	}
	table, err := Open()
	if err != nil {
		t.Fatal(err) // it takes no privilege
	}
	table.Close() // of no use: what was seen last counts
	if lost := tr.Lost(table); lost.Missed != 2+5 {
		t.Errorf("%+v lost, want 2 by the first and 5 by the second", lost)
	}
}
