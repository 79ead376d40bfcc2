package privilege

import (
	"errors"
	"strings"
	"testing"
)

func TestRequireNamesWhatIsMissingAndHowToGiveIt(t *testing.T) {
	needs := []Need{
		{Capability: NetRaw, For: "open packet sockets"},
		{Capability: BPF, For: "load programs", Instead: SetOf(SysAdmin)},
		{Capability: NetAdmin, For: "attach programs"},
	}
	for _, tt := range []struct {
		name string
		held Set
		want string
	}{
		{"all_are_held", SetOf(NetRaw, BPF, NetAdmin), ""},
		{"one_is_held_in_another's_place", SetOf(NetRaw, SysAdmin, NetAdmin), ""},
		{"one_is_missing", SetOf(NetRaw, BPF), "missing CAP_NET_ADMIN (to attach programs)"},
		{"all_are_missing", SetOf(SetPCap), "missing CAP_NET_RAW (to open packet sockets), CAP_BPF (to load programs), CAP_NET_ADMIN (to attach programs)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := require(tt.held, needs)
			if tt.want == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			var missing *MissingError
			if !errors.Is(err, ErrMissing) || !errors.As(err, &missing) || err.Error() != tt.want {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			missing.Executable = "/opt/it's here/spanwatch"
			want := `Run as root, or give the program its capabilities:
  sudo setcap cap_net_admin,cap_net_raw,cap_bpf+ep '/opt/it'\''s here/spanwatch'
or in a systemd unit:
  AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW CAP_BPF
  CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_BPF
`
			if got := missing.Help(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestSetsAreWrittenAsNames(t *testing.T) {
	for want, s := range map[string]Set{
		"none":                       0,
		"CAP_NET_RAW":                SetOf(NetRaw),
		"CAP_SETPCAP,CAP_BPF":        SetOf(BPF, SetPCap),
		"capability 0,CAP_SYS_ADMIN": SetOf(0, SysAdmin),
		"CAP_PERFMON,capability 63":  SetOf(63, Perfmon),
	} {
		if got := s.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if strings.Contains(quote("/usr/bin/spanwatch"), "'") {
		t.Error("a plain path is quoted")
	}
}
