package accounting

import (
	"errors"
	"fmt"
	"math/bits"
	"net"
	"runtime"
	"time"

	"spanwatch/bpf"
	"spanwatch/decoders"
)

// Options are what Open can be told.
type Options struct {
	Interfaces []string
	// Hook is the hook to use; HookNone takes the best there is and falls back
	// to user space where there is none.
	Hook bpf.Hook
	// Off counts in user space only.
	Off bool

	Flows           int // that the kernel's tables hold, over all CPUs and of each interface
	EvictionBytes   int // of rings for flows that leave them, likewise
	ShuntFlows      int
	TunnelDepth     int
	UDPTunnels      []bpf.UDPTunnel
	DuplicateWindow time.Duration
	// Drop has the kernel drop shunted and duplicate frames: see bpf.Config.Drop.
	Drop       bool
	BurstEvery int
	Interval   time.Duration // between rounds
	// Redirect gives frames to AF_XDP sockets instead of the stack: what is not
	// counted by XDP is then not counted at all.
	Redirect bool
	// Filtered says that capture refuses frames on purpose: what no flow table
	// knows is then not reported as flows but counted as filtered.
	Filtered bool
	Workers  int // that apply rounds
	// Owner says which worker would get packets of a flow, as well as can be told.
	// Nil takes the first; see Kernel.Own.
	Owner func(*decoders.FlowKey) int
	// Fault is told of what goes wrong while Run is at work, and, with nil, that
	// it is over. May be nil.
	Fault func(what string, err error)
}

// Minima of the kernel's tables.
const (
	minFlowsPerCPU = 1 << 10
	maxFlowsPerCPU = 1 << 22

	minEvictionsPerCPU = 1 << 12 // bytes
)

// perCPU is a CPU's share of all, or least if that is more, as a power of two.
func perCPU(all, least int) int {
	share := max(all/runtime.NumCPU(), least)
	return 1 << bits.Len(uint(share-1))
}

func (o *Options) config(name string) bpf.Config {
	cfg := bpf.DefaultConfig(name)
	cfg.Hook, cfg.Egress, cfg.Redirect = o.Hook, !loopback(name), o.Redirect
	cfg.FlowsPerCPU = min(perCPU(o.Flows, minFlowsPerCPU), maxFlowsPerCPU)
	cfg.EvictionBytes, cfg.ShuntFlows = perCPU(o.EvictionBytes, minEvictionsPerCPU), o.ShuntFlows
	cfg.TunnelDepth, cfg.UDPTunnels = o.TunnelDepth, o.UDPTunnels
	cfg.DuplicateWindow, cfg.Drop, cfg.BurstEvery = o.DuplicateWindow, o.Drop, o.BurstEvery
	return cfg
}

// demanding reports whether user space cannot stand in for the programs: a hook is
// demanded, or something that they alone do.
func (o *Options) demanding() bool {
	return o.Hook != bpf.HookNone || o.Redirect || o.Drop || o.DuplicateWindow > 0
}

// loopback reports whether an interface receives what it sends, which must not
// count twice.
func loopback(name string) bool {
	i, err := net.InterfaceByName(name)
	return err == nil && i.Flags&net.FlagLoopback != 0
}

// Describe says what Open would do, and attaches nothing. The error is the one
// that Open would fail with.
func Describe(o Options) ([]Choice, error) {
	var choices []Choice
	var faults []error
	for _, name := range o.Interfaces {
		c := Choice{Interface: name}
		if o.Off {
			c.because("the configuration switches accounting in the kernel off")
			choices = append(choices, c)
			continue
		}
		cfg := o.config(name)
		plan, err := bpf.Probe(cfg)
		if err != nil && cfg.Egress && errors.Is(err, bpf.ErrNotSupported) && plan != nil && plan.Hook != bpf.HookNone {
			cfg.Egress = false
			c.because("outgoing packets are not counted: %v", err)
			plan, err = bpf.Probe(cfg)
		}
		c.planned(plan)
		if err != nil {
			c.refused(err)
			if o.demanding() || errors.Is(err, bpf.ErrNoDevice) {
				faults = append(faults, fmt.Errorf("accounting of %s: %w", name, err))
			}
		} else {
			c.Hook, c.Outgoing = plan.Hook, plan.Egress != bpf.HookNone
		}
		c.offloads()
		choices = append(choices, c)
	}
	return choices, errors.Join(faults...)
}

// Open attaches the programs and starts to count. Interfaces of which the kernel
// cannot count are left to user space, unless Options.Hook demands otherwise, or
// Options.Redirect, Options.Drop or Options.DuplicateWindow are set.
func Open(o Options) (*Kernel, error) {
	k := newKernel(o)
	var faults []error
	for i, name := range o.Interfaces {
		c := Choice{Interface: name}
		if o.Off {
			c.because("the configuration switches accounting in the kernel off")
			k.choices = append(k.choices, c)
			continue
		}
		d, err := openDevice(&o, &c, name, uint16(i))
		if err != nil {
			c.refused(err)
			if o.demanding() {
				faults = append(faults, fmt.Errorf("accounting of %s: %w", name, err))
			}
		} else {
			k.devices = append(k.devices, d)
		}
		c.offloads()
		if d != nil {
			d.choice = c
		}
		k.choices = append(k.choices, c)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	k.publishView()
	return k, nil
}

// openDevice loads the programs, with the store and the hooks that the kernel has.
func openDevice(o *Options, c *Choice, name string, index uint16) (*device, error) {
	cfg := o.config(name)
	p, err := bpf.Load(cfg)
	if cfg.Egress && errors.Is(err, bpf.ErrNotSupported) {
		cfg.Egress = false
		first := err
		if p, err = bpf.Load(cfg); err == nil {
			c.because("outgoing packets are not counted: %v", first)
		}
	}
	if err != nil && !final(err) {
		cfg.Store = bpf.StoreLRU
		first := err
		if p, err = bpf.Load(cfg); err == nil {
			c.because("the mapped array is not possible: %v", first)
		} else {
			err = first
		}
	}
	if err != nil {
		return nil, err
	}
	plan := p.Plan()
	c.planned(&plan)
	c.Hook, c.Outgoing, c.Store = plan.Hook, plan.Egress != bpf.HookNone, cfg.Store
	return newDevice(p, cfg.Store, name, index), nil
}

// final reports whether another store would fail alike.
func final(err error) bool {
	for _, e := range []error{bpf.ErrConfig, bpf.ErrPermission, bpf.ErrNoDevice, bpf.ErrBusy, bpf.ErrDrop} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
