package bpf

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestPlanChoosesByWhatIsOffered(t *testing.T) {
	missing := &NotSupportedError{Feature: "TCX", MinVersion: "6.6"}
	noFrags := &NotSupportedError{Feature: "XDP of several buffers", MinVersion: "5.18"}
	whole := offer{native: nativeFrags, mtu: 1500, ethernet: true}
	with := func(change func(*offer)) offer {
		o := whole
		change(&o)
		return o
	}
	for _, c := range []struct {
		name  string
		offer offer
		asked Hook
		want  []Hook
		says  string
	}{
		{"everything is there", whole, HookNone, []Hook{HookXDPNative, HookTCX, HookXDPGeneric}, ""},
		{"the driver has no XDP", with(func(o *offer) { o.native = nativeNo }), HookNone, []Hook{HookTCX, HookXDPGeneric}, "the driver has no native XDP"},
		{"the kernel does not tell of drivers", with(func(o *offer) { o.native = nativeUnknown }), HookNone, []Hook{HookXDPNative, HookTCX, HookXDPGeneric}, ""},
		{"the kernel has no TCX", with(func(o *offer) { o.tcx = missing }), HookNone, []Hook{HookXDPNative, HookXDPGeneric}, "needs Linux 6.6"},
		{"jumbo frames and a driver for one piece", with(func(o *offer) { o.native, o.mtu = nativeSinglePiece, 9000 }), HookNone, []Hook{HookTCX, HookXDPGeneric}, "MTU 9000 is above 3498"},
		{"jumbo frames and an old kernel", with(func(o *offer) { o.frags, o.mtu = noFrags, 9000 }), HookNone, []Hook{HookTCX, HookXDPGeneric}, "needs Linux 5.18"},
		{"jumbo frames and a driver for pieces", with(func(o *offer) { o.mtu = 9000 }), HookNone, []Hook{HookXDPNative, HookTCX, HookXDPGeneric}, ""},
		{"another XDP program", with(func(o *offer) { o.xdpProgram = 7 }), HookNone, []Hook{HookTCX}, "XDP program 7 is attached already"},
		{"no Ethernet", with(func(o *offer) { o.ethernet = false }), HookNone, []Hook{HookTCX}, "no Ethernet header"},
		{"a veth", with(func(o *offer) { o.driver = "veth" }), HookNone, []Hook{HookTCX, HookXDPNative, HookXDPGeneric}, ""},
		{"a veth and a kernel without TCX", with(func(o *offer) { o.driver, o.tcx = "veth", missing }), HookNone, []Hook{HookXDPNative, HookXDPGeneric}, "needs Linux 6.6"},
		{"a veth of which native XDP is asked", with(func(o *offer) { o.driver = "veth" }), HookXDPNative, []Hook{HookXDPNative}, "the configuration asks for xdp-native"},
		{"one is asked for", whole, HookXDPGeneric, []Hook{HookXDPGeneric}, "the configuration asks for xdp-generic"},
		{"one is asked for that cannot be", with(func(o *offer) { o.tcx = missing }), HookTCX, nil, "needs Linux 6.6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Plan{Device: "eth0"}
			if got := p.candidates(c.offer, c.asked, false); !slices.Equal(got, c.want) {
				t.Errorf("candidates %v, want %v", got, c.want)
			}
			if !strings.Contains(p.String(), c.says) {
				t.Errorf("the plan does not say %q:\n%v", c.says, &p)
			}
			if len(p.Why) != 3-len(c.want) {
				t.Errorf("%d steps for %d hooks left out", len(p.Why), 3-len(c.want))
			}
		})
	}
}

func TestParseHookReadsEveryName(t *testing.T) {
	for _, h := range []Hook{HookXDPNative, HookTCX, HookXDPGeneric} {
		if got, err := ParseHook(h.String()); got != h || err != nil {
			t.Errorf("%v: %v, %v", h, got, err)
		}
	}
	if got, err := ParseHook("auto"); got != HookNone || err != nil {
		t.Errorf("auto: %v, %v", got, err)
	}
	if _, err := ParseHook("tcx-egress"); !errors.Is(err, ErrConfig) {
		t.Errorf("tcx-egress: %v", err)
	}
}

func TestConfigNamesEveryFault(t *testing.T) {
	cfg := DefaultConfig("eth0")
	if err := cfg.Validate(); err != nil {
		t.Fatalf("the default: %v", err)
	}
	for _, c := range []struct {
		says   string
		change func(*Config)
	}{
		{"no device", func(c *Config) { c.Device = "" }},
		{"hook 99", func(c *Config) { c.Hook = 99 }},
		{"takes no incoming", func(c *Config) { c.Hook = HookTCXEgress }},
		{"store 9", func(c *Config) { c.Store = 9 }},
		{"flows per CPU 1000", func(c *Config) { c.FlowsPerCPU = 1000 }},
		{"bytes for evictions 5", func(c *Config) { c.EvictionBytes = 5 }},
		{"shunted flows 0", func(c *Config) { c.ShuntFlows = 0 }},
		{"tunnel depth 5", func(c *Config) { c.TunnelDepth = 5 }},
		{"9 UDP tunnels", func(c *Config) { c.UDPTunnels = make([]UDPTunnel, 9) }},
		{"port 0", func(c *Config) { c.UDPTunnels = []UDPTunnel{{Kind: TunnelVXLAN}} }},
		{"does not run over UDP", func(c *Config) { c.UDPTunnels = []UDPTunnel{{Port: 1, Kind: TunnelGRE}} }},
		{"duplicate window 2s", func(c *Config) { c.DuplicateWindow = 2e9 }},
		{"every 0 packets", func(c *Config) { c.BurstEvery = 0 }},
	} {
		bad := DefaultConfig("eth0")
		c.change(&bad)
		if err := bad.Validate(); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, want something with %q", err, c.says)
		}
	}
	bad := Config{}
	if n := strings.Count(bad.Validate().Error(), "\n"); n < 4 {
		t.Errorf("the zero configuration has %d faults told", n+1)
	}
}

func TestErrorsAreFoundByTheirSentinels(t *testing.T) {
	cause := errors.New("cause")
	for _, c := range []struct {
		err, is error
		says    string
	}{
		{&NotSupportedError{Feature: "TCX", MinVersion: "6.6", Err: cause}, ErrNotSupported, "TCX: not supported, needs Linux 6.6: cause"},
		{&NotSupportedError{Feature: "X", Err: cause}, cause, "X: not supported: cause"},
		{&BusyError{Device: "eth0", Instance: true}, ErrBusy, "eth0: another instance counts this device already"},
		{&BusyError{Device: "eth0", Hook: HookTCX, Program: 3}, ErrBusy, "eth0: tcx has another program (id 3)"},
		{&PermissionError{Missing: []string{"CAP_BPF", "CAP_NET_ADMIN"}}, ErrPermission, "permission denied, missing CAP_BPF, CAP_NET_ADMIN"},
		{&PermissionError{Err: cause}, cause, "permission denied: cause"},
	} {
		if !errors.Is(c.err, c.is) || c.err.Error() != c.says {
			t.Errorf("%q is not %v, or should be %q", c.err, c.is, c.says)
		}
	}
}

func TestHistogramSortsMilliseconds(t *testing.T) {
	ms := func(at int64, bytes uint64) Millisecond {
		return Millisecond{Start: at * 1e6, Total: [2]Count{Ingress: {Packets: 1, Bytes: bytes}}}
	}
	var h Histogram
	h.Add(Ingress, []Millisecond{ms(10, 1), ms(11, 3), ms(15, 1024), ms(16, 1023)})
	for bucket, want := range map[int]uint64{0: 3, 1: 1, 2: 1, 10: 1, 11: 1} {
		if h.Buckets[bucket] != want {
			t.Errorf("bucket %d has %d, want %d", bucket, h.Buckets[bucket], want)
		}
	}
	if h.Max.Start != 15e6 {
		t.Errorf("most bytes at %d, want 15 ms", h.Max.Start)
	}
}
