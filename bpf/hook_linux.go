//go:build linux && (amd64 || arm64)

package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// program is the name of the program that serves the hook.
func (c *Config) program(h Hook) string {
	switch h {
	case HookXDPNative, HookXDPGeneric:
		if c.Redirect {
			return accountProgSwXdpFeed
		}
		return accountProgSwXdp
	case HookTCX:
		return accountProgSwTcIn
	case HookTCXEgress:
		return accountProgSwTcOut
	}
	return ""
}

// attach takes the first hook that the kernel agrees to, and the one for
// outgoing packets if that is asked for.
func (p *Programs) attach(dev *device, o offer, hooks []Hook) error {
	var refusal error
	for _, h := range hooks {
		l, err := attachHook(h, p.collection.Programs[p.cfg.program(h)], dev.index)
		if err != nil {
			refusal = attachError(p.cfg.Device, h, err)
			p.plan.step(h, false, "the kernel refused: %v", err)
			continue
		}
		p.links = append(p.links, l)
		p.plan.Hook = h
		p.plan.step(h, true, "%s", o.advantage(h))
		break
	}
	if p.plan.Hook == HookNone {
		return refusal
	}
	if !p.cfg.Egress {
		return nil
	}
	l, err := attachHook(HookTCXEgress, p.collection.Programs[p.cfg.program(HookTCXEgress)], dev.index)
	if err != nil {
		return attachError(p.cfg.Device, HookTCXEgress, err)
	}
	p.links = append(p.links, l)
	p.plan.Egress = HookTCXEgress
	p.plan.step(HookTCXEgress, true, "%s", o.advantage(HookTCXEgress))
	return nil
}

func attachHook(h Hook, program *ebpf.Program, ifindex int) (link.Link, error) {
	switch h {
	case HookXDPNative:
		return attachXDP(program, ifindex, link.XDPDriverMode)
	case HookXDPGeneric:
		return attachXDP(program, ifindex, link.XDPGenericMode)
	case HookTCX:
		return attachTCX(program, ifindex, ebpf.AttachTCXIngress)
	case HookTCXEgress:
		return attachTCX(program, ifindex, ebpf.AttachTCXEgress)
	}
	return nil, fmt.Errorf("%w: hook %v", ErrConfig, h)
}

// attachError sorts what the kernel answered to an attachment.
func attachError(device string, h Hook, err error) error {
	switch {
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EEXIST):
		return &BusyError{Device: device, Hook: h}
	case errors.Is(err, unix.EPERM):
		return &PermissionError{Err: err}
	case errors.Is(err, unix.ENODEV):
		return fmt.Errorf("%s: %w", device, ErrNoDevice)
	case errors.Is(err, ebpf.ErrNotSupported), errors.Is(err, unix.EOPNOTSUPP):
		return &NotSupportedError{Feature: fmt.Sprintf("%v on %s", h, device), Err: err}
	}
	return fmt.Errorf("attach %v to %s: %w", h, device, err)
}
