package offload

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"spanwatch/sensor/internal/netnstest"
)

// ethtool returns what `ethtool -k` says of the features, to compare with.
func ethtool(t *testing.T, ns *netnstest.Namespace, name string) map[string]Setting {
	t.Helper()
	all := map[string]Setting{}
	for _, line := range strings.Split(ns.Command(t, "ethtool", "-k", name), "\n") {
		feature, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if ok {
			all[feature] = Setting{On: strings.HasPrefix(value, "on"), Fixed: strings.Contains(value, "[fixed]")}
		}
	}
	return all
}

func TestReadSaysWhatEthtoolSays(t *testing.T) {
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "va", B: "vb"})
	// What ethtool calls some features.
	names := map[Feature]string{GRO: "generic-receive-offload", LRO: "large-receive-offload", GSO: "generic-segmentation-offload", VLAN: "rx-vlan-offload"}
	for _, name := range []string{"va", "lo"} {
		t.Run(name, func(t *testing.T) {
			var s *State
			ns.Do(t, func() (err error) {
				s, err = Read(name)
				return err
			})
			want := ethtool(t, ns, name)
			compared := 0
			for f, got := range s.Features {
				other := names[f]
				if other == "" {
					other = string(f)
				}
				if w, ok := want[other]; !ok || w != got {
					t.Errorf("%s is %+v, ethtool says %+v", f, got, w)
				}
				compared++
			}
			if compared < 9 {
				t.Errorf("only %d features compared", compared)
			}
		})
	}
}

func TestFixSwitchesOffWhatMergesAndUndoRestoresExactlyThat(t *testing.T) {
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "va", B: "vb"})
	ns.Command(t, "ethtool", "-K", "va", "gro", "on", "rx-gro-list", "off", "rx-udp-gro-forwarding", "on")
	before := ethtool(t, ns, "va")
	u, err := Fix("va")
	if err != nil {
		t.Fatal(err)
	}
	if want := []Feature{GRO, UDPGRO}; !slices.Equal(u.Changed(), want) {
		t.Errorf("changed %v, want %v", u.Changed(), want)
	}
	s, err := Read("va")
	if err != nil || s.Merges() || !s.On(TSO) {
		t.Errorf("after the fix: %+v, %v", s, err)
	}
	if again, err := Fix("va"); err != nil || len(again.Changed()) != 0 || again.Undo() != nil {
		t.Errorf("the second fix changed %v, %v", again.Changed(), err)
	}
	for range 2 {
		if err := u.Undo(); err != nil {
			t.Fatal(err)
		}
		after := ethtool(t, ns, "va")
		for name, want := range before {
			if after[name] != want {
				t.Errorf("%s is %+v, was %+v", name, after[name], want)
			}
		}
	}
}

func TestFixOfAnInterfaceThatGoesAwayIsToldByUndo(t *testing.T) {
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "va", B: "vb"})
	ns.Command(t, "ethtool", "-K", "va", "gro", "on")
	u, err := Fix("va")
	if err != nil {
		t.Fatal(err)
	}
	ns.IP(t, "link", "delete", "dev", "va")
	var fault *Error
	if err := u.Undo(); !errors.Is(err, unix.ENODEV) || !errors.As(err, &fault) || fault.Interface != "va" {
		t.Errorf("got %v", err)
	}
}

func TestAnInterfaceThatIsNotThereIsAnError(t *testing.T) {
	for _, name := range []string{"", "none0", "a-name-too-long-for-any"} {
		var fault *Error
		if _, err := Read(name); !errors.Is(err, unix.ENODEV) || !errors.As(err, &fault) {
			t.Errorf("%q: got %v", name, err)
		}
		u, err := Fix(name)
		if !errors.Is(err, unix.ENODEV) || u == nil || u.Undo() != nil {
			t.Errorf("%q: got %v", name, err)
		}
	}
}
