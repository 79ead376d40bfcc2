package accounting

import (
	"errors"
	"fmt"
	"strings"

	"spanwatch/bpf"
	"spanwatch/sensor/capture/offload"
)

// Choice says how the packets of one interface are counted, and why so.
type Choice struct {
	Interface string
	Hook      bpf.Hook // HookNone: in user space, from captured frames alone
	Outgoing  bool     // outgoing packets are counted too
	Store     bpf.Store
	Merged    bool // the device or the kernel merges frames before capture sees them
	Why       []string
}

// Method names the choice in a word or two.
func (c *Choice) Method() string {
	names := map[bpf.Hook]string{bpf.HookXDPNative: "native XDP", bpf.HookTCX: "TCX", bpf.HookXDPGeneric: "generic XDP"}
	name, ok := names[c.Hook]
	if !ok {
		return "user space"
	}
	if c.Outgoing {
		name += " and TCX for outgoing packets"
	}
	if c.Store == bpf.StoreLRU {
		name += ", LRU hash"
	}
	return name
}

// String returns the choice, and below it each reason on a line of its own.
func (c *Choice) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: packets are counted by %s", c.Interface, c.Method())
	if c.Hook == bpf.HookNone {
		b.Reset()
		fmt.Fprintf(&b, "%s: packets are counted in user space, from captured frames", c.Interface)
	}
	for _, why := range c.Why {
		b.WriteString("\n  " + why)
	}
	return b.String()
}

func (c *Choice) because(format string, args ...any) {
	c.Why = append(c.Why, fmt.Sprintf(format, args...))
}

// planned takes over what bpf considered.
func (c *Choice) planned(p *bpf.Plan) {
	if p == nil {
		return
	}
	for _, s := range p.Why {
		c.because("%s", s)
	}
}

// refused notes why there is no accounting in the kernel.
func (c *Choice) refused(err error) {
	var missing *bpf.PermissionError
	var busy *bpf.BusyError
	switch {
	case errors.As(err, &missing) && len(missing.Missing) > 0:
		c.because("xdp, tcx not taken: missing %s", strings.Join(missing.Missing, ", "))
	case errors.As(err, &busy) && busy.Instance:
		c.because("xdp, tcx not taken: another instance of spanwatch counts this interface")
	default:
		c.because("xdp, tcx not taken: %v", err)
	}
}

// offloads notes what the device does to frames.
func (c *Choice) offloads() {
	state, err := offload.Read(c.Interface)
	if err != nil {
		c.because("offloads are not known: %v", err)
		return
	}
	c.Merged = state.Merges()
}
