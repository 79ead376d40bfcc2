//go:build linux && (amd64 || arm64)

package bpf

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Probe says what Load would do, without attaching anything. It is the plan as
// far as device and kernel describe themselves: a driver may still refuse, and
// Load then takes the next hook. Errors are those of Load, but for ErrBusy by
// another instance, which Probe does not look for.
func Probe(cfg Config) (*Plan, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := missingCapabilities(); err != nil {
		return nil, err
	}
	dev, err := findDevice(cfg.Device)
	if err != nil {
		return nil, err
	}
	if cfg.Drop {
		if err := mayDrop(cfg.Device); err != nil {
			return nil, err
		}
	}
	o, err := dev.offer()
	if err != nil {
		return nil, err
	}
	plan := &Plan{Device: cfg.Device, Redirect: cfg.Redirect}
	hooks := plan.candidates(o, cfg.Hook, cfg.Drop)
	if len(hooks) == 0 {
		return plan, plan.impossible(o, cfg.Hook, cfg.Drop)
	}
	plan.Hook = hooks[0]
	plan.step(plan.Hook, true, "%s", o.advantage(plan.Hook))
	for _, h := range hooks[1:] {
		plan.step(h, false, "%v is better", plan.Hook)
	}
	if cfg.Egress {
		if o.tcx != nil {
			return plan, fmt.Errorf("count outgoing packets of %s: %w", cfg.Device, o.tcx)
		}
		plan.Egress = HookTCXEgress
		plan.step(HookTCXEgress, true, "%s", o.advantage(HookTCXEgress))
	}
	return plan, nil
}

// impossible is the error for a plan without hook.
func (p *Plan) impossible(o offer, asked Hook, drop bool) error {
	if drop {
		for _, s := range p.Why {
			if s.Hook == HookXDPNative || s.Hook == asked {
				return fmt.Errorf("%s: %w: only native XDP can, and it is not possible: %s", p.Device, ErrDrop, s.Why)
			}
		}
	}
	if o.xdpProgram != 0 && asked != HookTCX {
		return &BusyError{Device: p.Device, Hook: asked, Program: o.xdpProgram}
	}
	if asked == HookTCX && o.tcx != nil {
		return o.tcx
	}
	why := "no hook"
	for _, s := range p.Why {
		if s.Hook == asked || asked == HookNone {
			why = s.Why
		}
	}
	return &NotSupportedError{Feature: fmt.Sprintf("%v on %s", asked, p.Device), Err: fmt.Errorf("%s", why)}
}

// offer asks device and kernel what they have.
func (d *device) offer() (offer, error) {
	native, err := nativeXDPOf(d.index)
	if err != nil {
		return offer{}, fmt.Errorf("ask for XDP features of %s: %w", d.name, err)
	}
	return offer{
		native:     native,
		frags:      haveFrags(),
		tcx:        haveTCX(),
		mtu:        d.mtu,
		ethernet:   d.linkType() == linkEthernet,
		xdpProgram: d.xdpProgram,
		driver:     d.driver,
	}, nil
}

// What loading and attaching take. CAP_PERFMON, because without it the verifier
// guards against speculation by refusing every packet offset that is not a
// constant, and with it all headers behind one of variable length.
var needed = [...]struct {
	bit  uint
	name string
	also uint // includes it
}{
	{unix.CAP_BPF, "CAP_BPF", unix.CAP_SYS_ADMIN},
	{unix.CAP_PERFMON, "CAP_PERFMON", unix.CAP_SYS_ADMIN},
	{unix.CAP_NET_ADMIN, "CAP_NET_ADMIN", unix.CAP_NET_ADMIN},
}

// missingCapabilities names what the calling thread lacks to load and attach.
func missingCapabilities() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return fmt.Errorf("ask for capabilities: %w", err)
	}
	has := func(bit uint) bool { return data[bit/32].Effective>>(bit%32)&1 != 0 }
	var missing []string
	for _, c := range needed {
		if !has(c.bit) && !has(c.also) {
			missing = append(missing, c.name)
		}
	}
	if missing != nil {
		return &PermissionError{Missing: missing}
	}
	return nil
}
