package accounting

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"spanwatch/bpf"
)

func TestAChoiceSaysHowAndWhy(t *testing.T) {
	for _, c := range []struct {
		choice Choice
		want   string
	}{
		{Choice{Interface: "eth0"}, "eth0: packets are counted in user space, from captured frames"},
		{Choice{Interface: "eth0", Hook: bpf.HookXDPNative}, "eth0: packets are counted by native XDP"},
		{Choice{Interface: "eth0", Hook: bpf.HookTCX, Outgoing: true}, "eth0: packets are counted by TCX and TCX for outgoing packets"},
		{Choice{Interface: "eth0", Hook: bpf.HookXDPGeneric, Store: bpf.StoreLRU, Why: []string{"one", "two"}}, "eth0: packets are counted by generic XDP, LRU hash\n  one\n  two"},
	} {
		if got := c.choice.String(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestARefusalNamesItsReason(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&bpf.PermissionError{Missing: []string{"CAP_BPF", "CAP_NET_ADMIN"}}, "missing CAP_BPF, CAP_NET_ADMIN"},
		{&bpf.BusyError{Device: "eth0", Instance: true}, "another instance of spanwatch counts this interface"},
		{&bpf.BusyError{Device: "eth0", Hook: bpf.HookXDPNative, Program: 7}, "7"},
		{errors.New("out of luck"), "out of luck"},
	} {
		var choice Choice
		choice.refused(c.err)
		if len(choice.Why) != 1 || !strings.Contains(choice.Why[0], c.want) {
			t.Errorf("%v gives %q, want %q", c.err, choice.Why, c.want)
		}
	}
}

func TestTheTableIsDividedAmongCPUs(t *testing.T) {
	for _, c := range []struct{ flows, perCPU int }{
		{1, minFlowsPerCPU},
		{runtime.NumCPU() * 3000, 4096},
		{runtime.NumCPU() * 4096, 4096},
		{1 << 40, maxFlowsPerCPU},
	} {
		o := Options{Flows: c.flows, EvictionBytes: 1 << 16, ShuntFlows: 1, BurstEvery: 1}
		cfg := o.config("nosuchdevice")
		if cfg.FlowsPerCPU != c.perCPU {
			t.Errorf("%d flows are %d for each CPU, want %d", c.flows, cfg.FlowsPerCPU, c.perCPU)
		}
		if err := cfg.Validate(); err != nil {
			t.Errorf("%d flows: %v", c.flows, err)
		}
	}
}

// TestWhatOnlyProgramsDoIsNotLeftToUserSpace: an interface that they cannot be on is
// an error then.
func TestWhatOnlyProgramsDoIsNotLeftToUserSpace(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Options)
		fails  bool
	}{
		{"nothing demanded", func(*Options) {}, false},
		{"a hook", func(o *Options) { o.Hook = bpf.HookXDPNative }, true},
		{"dropping", func(o *Options) { o.Drop = true }, true},
		{"duplicates", func(o *Options) { o.DuplicateWindow = time.Millisecond }, true},
		{"nothing, as accounting is off", func(o *Options) { o.Off = true }, false},
	} {
		o := Options{Interfaces: []string{"nosuchdevice"}, Workers: 1, EvictionBytes: 1 << 16, ShuntFlows: 1, BurstEvery: 1}
		c.change(&o)
		k, err := Open(o)
		if (err != nil) != c.fails {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil {
			if k.Counts() || k.Programs(0) != nil || len(k.Choices()) != 1 || len(k.Choices()[0].Why) == 0 {
				t.Errorf("%s: counts %v, choices %v", c.name, k.Counts(), k.Choices())
			}
			if err := k.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestOtherStoresAreTriedOnlyWhereTheyMayHelp(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{bpf.ErrNoDevice, true}, {&bpf.PermissionError{}, true}, {&bpf.BusyError{}, true}, {bpf.ErrDrop, true}, {bpf.ErrConfig, true},
		{&bpf.NotSupportedError{Feature: "mapped arrays"}, false}, {errors.New("out of memory"), false},
	} {
		if got := final(c.err); got != c.want {
			t.Errorf("%v is final: %v, want %v", c.err, got, c.want)
		}
	}
}
