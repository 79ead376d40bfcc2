//go:build linux && (amd64 || arm64)

package bpf

import (
	"fmt"
	"net"
)

// GuardDrop looks again whether frames of the device may be dropped, as an
// address may have been added since Load: dropping pauses while they may not,
// and the error says why (ErrDrop). Without Config.Drop it does nothing. It needs
// no capability, and the calling thread in the interface's network namespace.
func (p *Programs) GuardDrop() error {
	if !p.cfg.Drop {
		return nil
	}
	if p.closed.Load() {
		return ErrClosed
	}
	refusal := mayDrop(p.cfg.Device)
	if err := p.collection.Variables[accountVarDropNow].Set(boolByte(refusal == nil)); err != nil {
		return fmt.Errorf("set dropping: %w", err)
	}
	return refusal
}

// mayDrop returns nil if frames of a device may be dropped.
func mayDrop(name string) error {
	if err := InUse(name); err != nil {
		return fmt.Errorf("%w: %w", ErrDrop, err)
	}
	return nil
}

// InUse returns nil if nothing but a sensor has a use for what a device receives,
// else an error that wraps ErrInUse or ErrNoDevice. It needs no capability, and the
// calling thread in the device's network namespace.
func InUse(name string) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%s: %w: %s", name, ErrInUse, fmt.Sprintf(format, args...))
	}
	devices, err := listDevices()
	if err != nil {
		return err
	}
	var dev *device
	names := map[int]string{}
	for _, d := range devices {
		names[d.index] = d.name
		if d.name == name {
			dev = d
		}
	}
	if dev == nil {
		return fmt.Errorf("%s: %w", name, ErrNoDevice)
	}
	if dev.master != 0 {
		return refuse("it belongs to %s", names[dev.master])
	}
	for _, d := range devices {
		// The other end of a veth pair names this one, too.
		if d.under == dev.index && d.index != dev.index && d.driver != "veth" {
			return refuse("it carries %s", d.name)
		}
	}
	addrs, err := (&net.Interface{Index: dev.index, Name: name}).Addrs()
	if err != nil {
		return fmt.Errorf("list addresses of %s: %w", name, err)
	}
	for _, a := range addrs {
		if ip, _, err := net.ParseCIDR(a.String()); err != nil || !ip.IsLinkLocalUnicast() {
			return refuse("it has the address %s, so packets may be for this host", a)
		}
	}
	return nil
}
