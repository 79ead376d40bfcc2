package bpf

import (
	"fmt"
	"strings"
)

// Hook is a place in the kernel where packets are counted.
type Hook uint8

// Hooks, the better first.
const (
	HookNone Hook = iota
	// HookXDPNative sees frames in the driver, before the stack merges them.
	HookXDPNative
	// HookTCX sees packets after merging and corrects by the number of segments.
	HookTCX
	// HookXDPGeneric sees packets after merging and cannot correct.
	HookXDPGeneric
	// HookTCXEgress sees outgoing packets, before they are cut into segments.
	HookTCXEgress
	hookCount
)

var hookNames = [hookCount]string{"none", "xdp-native", "tcx", "xdp-generic", "tcx-egress"}

// String returns the name that ParseHook reads.
func (h Hook) String() string {
	if h >= hookCount {
		return "invalid-hook"
	}
	return hookNames[h]
}

// ParseHook reads the name of a hook for incoming packets; "auto" is HookNone.
func ParseHook(s string) (Hook, error) {
	if s == "auto" {
		return HookNone, nil
	}
	for _, h := range []Hook{HookXDPNative, HookTCX, HookXDPGeneric} {
		if s == h.String() {
			return h, nil
		}
	}
	return HookNone, fmt.Errorf("%w: hook %q is none of auto, xdp-native, tcx, xdp-generic", ErrConfig, s)
}

// Step is one thing that was considered on the way to a Plan.
type Step struct {
	Hook  Hook
	Taken bool
	Why   string // a sentence without full stop
}

func (s Step) String() string {
	verdict := "not taken"
	if s.Taken {
		verdict = "taken"
	}
	return fmt.Sprintf("%v %s: %s", s.Hook, verdict, s.Why)
}

// Plan says where the packets of a device are counted, and why there.
type Plan struct {
	Device   string
	Redirect bool // Config.Redirect
	Hook     Hook // for incoming packets; HookNone if there is no way
	Egress   Hook // HookTCXEgress or HookNone
	Why      []Step
}

func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", p.Device, p.Hook)
	if p.Egress != HookNone {
		fmt.Fprintf(&b, " and %v", p.Egress)
	}
	for _, s := range p.Why {
		b.WriteString("\n  " + s.String())
	}
	return b.String()
}

func (p *Plan) step(h Hook, taken bool, format string, args ...any) {
	p.Why = append(p.Why, Step{Hook: h, Taken: taken, Why: fmt.Sprintf(format, args...)})
}

// offer is what device and kernel say about themselves.
type offer struct {
	native     nativeXDP
	frags      error // XDP buffers of several pieces
	tcx        error
	mtu        int
	ethernet   bool
	xdpProgram uint32 // id of an XDP program that is attached already
	driver     string // "veth", …; empty for hardware
}

// nativeXDP is what a driver says of native XDP.
type nativeXDP uint8

const (
	nativeUnknown nativeXDP = iota // the kernel does not say (before 6.3)
	nativeNo
	nativeSinglePiece
	nativeFrags
)

// An Ethernet frame of this MTU fits one page beside the room that the kernel
// wants around an XDP buffer: 4096 less 256 of headroom, 320 of skb_shared_info
// and the link header with two tags.
const singlePieceMTU = 3498

// ranked returns the hooks for incoming packets, the better first. A veth device gets
// packets of the stack, which it copies into buffers of its own before a program of
// native XDP sees them, and has its peer cut merged ones: BenchmarkHook finds a frame
// to cost three to ten times what it costs with TCX.
func (o *offer) ranked() []Hook {
	if o.driver == "veth" && o.tcx == nil {
		return []Hook{HookTCX, HookXDPNative, HookXDPGeneric}
	}
	return []Hook{HookXDPNative, HookTCX, HookXDPGeneric}
}

// candidates returns the hooks for incoming packets that are worth trying, in
// order, and notes in p why others are not.
func (p *Plan) candidates(o offer, asked Hook, drop bool) (hooks []Hook) {
	for _, h := range o.ranked() {
		if drop && h != HookXDPNative {
			p.step(h, false, "it cannot drop frames as they are on the wire, before sockets see them")
			continue
		}
		if asked != HookNone && asked != h {
			p.step(h, false, "the configuration asks for %v", asked)
			continue
		}
		if h == HookTCX && p.Redirect {
			p.step(h, false, "it cannot give frames to AF_XDP sockets")
			continue
		}
		if why := o.against(h); why != "" {
			p.step(h, false, "%s", why)
			continue
		}
		hooks = append(hooks, h)
	}
	return hooks
}

// against returns why a hook cannot or should not be used; empty if it may.
func (o *offer) against(h Hook) string {
	switch h {
	case HookXDPNative:
		switch {
		case o.xdpProgram != 0:
			return fmt.Sprintf("XDP program %d is attached already", o.xdpProgram)
		case !o.ethernet:
			return "frames of this device have no Ethernet header"
		case o.native == nativeNo:
			return "the driver has no native XDP"
		case o.mtu > singlePieceMTU && o.native == nativeSinglePiece:
			return fmt.Sprintf("MTU %d is above %d and the driver has no XDP for buffers of several pieces", o.mtu, singlePieceMTU)
		case o.mtu > singlePieceMTU && o.frags != nil:
			return fmt.Sprintf("MTU %d is above %d: %v", o.mtu, singlePieceMTU, o.frags)
		}
	case HookTCX:
		if o.tcx != nil {
			return o.tcx.Error()
		}
	case HookXDPGeneric:
		switch {
		case o.xdpProgram != 0:
			return fmt.Sprintf("XDP program %d is attached already", o.xdpProgram)
		case !o.ethernet:
			return "frames of this device have no Ethernet header"
		}
	}
	return ""
}

// advantage says what speaks for a hook that is taken.
func (o *offer) advantage(h Hook) string {
	switch h {
	case HookXDPNative:
		return "it sees frames as the driver received them"
	case HookTCX:
		if o.driver == "veth" {
			return "merged packets are counted as their segments, and veth copies each frame for native XDP, which takes longer than to count it"
		}
		return "merged packets are counted as their segments"
	case HookXDPGeneric:
		return "nothing else is possible; packets that receive offloads merge count as one"
	}
	return "outgoing packets are counted as the segments they will be cut into"
}
