package bpf

import (
	"errors"
	"fmt"
	"math/bits"
	"time"
)

// Bounds and defaults of Config.
const (
	// DefaultFlowsPerCPU are 16 MiB for each CPU that may ever be online.
	DefaultFlowsPerCPU = 1 << 17
	// DefaultEvictionBytes hold 65,536 plain flows of a CPU that had to make room.
	DefaultEvictionBytes = 1 << 22
	// DefaultShuntFlows is how many flows may be shunted at a time.
	DefaultShuntFlows = 1 << 16

	minFlowsPerCPU   = 1 << 4
	maxFlowsPerCPU   = 1 << 22
	minEvictionBytes = 1 << 12 // a page, the least that the kernel takes
	maxEvictionBytes = 1 << 30
	maxTunnelDepth   = 4 // MAX_DEPTH of parse.h
	maxUDPTunnels    = 8 // UDP_TUNNELS of types.h
)

// ErrConfig is wrapped by every complaint about a Config.
var ErrConfig = errors.New("invalid accounting configuration")

// Store says where the kernel keeps flows.
type Store uint8

// Stores.
const (
	// StoreArray is a mapped array for each CPU: fastest, read without system
	// calls, loses nothing uncounted.
	StoreArray Store = iota
	// StoreLRU is the kernel's LRU_PERCPU_HASH, for hosts that cannot map the
	// array. It forgets flows silently, so that conservation holds only as
	// "not more than the totals", and it has no Evictions.
	StoreLRU
)

// UDPTunnel is a port behind which inner packets are looked for.
type UDPTunnel struct {
	Port    uint16
	Kind    Tunnel // TunnelVXLAN, TunnelGeneve or TunnelGTPU
	AnyPort bool   // the source port counts too
}

// Config says what is counted and how.
type Config struct {
	// Device is the name of the interface in the network namespace of the
	// calling thread.
	Device string
	// Hook for incoming packets; HookNone lets Probe choose.
	Hook Hook
	// Egress counts outgoing packets too, by TCX. A capture port sends none.
	Egress bool

	// Redirect gives every frame that is not shunted or sampled out to the AF_XDP
	// socket of its queue (see BindQueue) instead of the stack: to the host it is as
	// if nothing came in. Needs an XDP hook.
	Redirect bool

	Store         Store
	FlowsPerCPU   int // slots, a power of two
	EvictionBytes int // ring of each CPU, a power of two: 64 for a plain flow over IPv4, 128 for others
	ShuntFlows    int // most flows that are shunted at a time

	// TunnelDepth is how many tunnels around a packet are looked into, at most
	// 4; 0 counts outermost packets only. GRE, ERSPAN and IP in IP are found
	// by protocol, the others by UDPTunnels, of which there may be 8.
	TunnelDepth int
	UDPTunnels  []UDPTunnel

	// DuplicateWindow counts a packet that passes a CPU twice within it as a
	// duplicate, in no flow, and FeedProgram holds it back; 0 switches that off.
	// For SPAN ports that mirror both sides of a switch. At most a second.
	DuplicateWindow time.Duration

	// Drop has native XDP drop frames of shunted flows, but for those that may
	// end them, and duplicates, once they are counted: neither the stack nor
	// any socket sees them. For ports that receive copies of others' traffic
	// alone. Load refuses with ErrDrop where the device has an address other
	// than a link-local one, belongs to a bridge or a bond, or carries others
	// (VLANs, macvlan), and where native XDP is not possible: other hooks see
	// packets after sockets did, or merged. See GuardDrop.
	Drop bool

	// BurstEvery is after how many packets the precise clock is read for
	// Milliseconds, or after a 64th of a millisecond if more come meanwhile; 1
	// is exact and costs some 30 ns a packet.
	BurstEvery int

	// Source becomes FlowKey.Source of every flow: the group of interfaces
	// that the caller keeps apart, or 0.
	Source uint16

	// Seed of the hash; nil draws one. Benchmarks and tests set it.
	Seed *[14]uint32

	maxBlock int // sets of an element of the array of flows at most, 2 or more; 0 for all of a CPU
}

// DefaultConfig counts the incoming packets of a device, without tunnels.
func DefaultConfig(device string) Config {
	return Config{
		Device:        device,
		FlowsPerCPU:   DefaultFlowsPerCPU,
		EvictionBytes: DefaultEvictionBytes,
		ShuntFlows:    DefaultShuntFlows,
		UDPTunnels: []UDPTunnel{
			{Port: 6081, Kind: TunnelGeneve, AnyPort: true}, // RFC 8926 section 3.3
			{Port: 4789, Kind: TunnelVXLAN},                 // RFC 7348 section 5
			{Port: 2152, Kind: TunnelGTPU, AnyPort: true},   // 3GPP TS 29.281 section 4.4.2.3
		},
		BurstEvery: 16,
	}
}

// Validate reports all faults at once; each wraps ErrConfig.
func (c *Config) Validate() error {
	var faults []error
	complain := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...))
		}
	}
	power := func(name string, n, low, high int) {
		complain(n >= low && n <= high && bits.OnesCount(uint(n)) == 1, "%s %d is not a power of two within %d..%d", name, n, low, high)
	}
	complain(c.Device != "", "no device")
	complain(c.Hook < hookCount, "hook %d", c.Hook)
	complain(c.Hook != HookTCXEgress, "%v takes no incoming packets", HookTCXEgress)
	complain(!c.Redirect || c.Hook != HookTCX, "%v redirects no frames", HookTCX)
	complain(c.Store <= StoreLRU, "store %d", c.Store)
	power("flows per CPU", c.FlowsPerCPU, minFlowsPerCPU, maxFlowsPerCPU)
	power("bytes for evictions", c.EvictionBytes, minEvictionBytes, maxEvictionBytes)
	complain(c.ShuntFlows >= 1 && c.ShuntFlows <= 1<<24, "shunted flows %d are not within 1..%d", c.ShuntFlows, 1<<24)
	complain(c.TunnelDepth >= 0 && c.TunnelDepth <= maxTunnelDepth, "tunnel depth %d is not within 0..%d", c.TunnelDepth, maxTunnelDepth)
	complain(len(c.UDPTunnels) <= maxUDPTunnels, "%d UDP tunnels are more than %d", len(c.UDPTunnels), maxUDPTunnels)
	for _, t := range c.UDPTunnels {
		complain(t.Port != 0, "UDP tunnel on port 0")
		complain(t.Kind == TunnelVXLAN || t.Kind == TunnelGeneve || t.Kind == TunnelGTPU, "tunnel %d does not run over UDP", t.Kind)
	}
	complain(c.DuplicateWindow >= 0 && c.DuplicateWindow <= time.Second, "duplicate window %v is not within 0..1s", c.DuplicateWindow)
	complain(c.BurstEvery >= 1 && c.BurstEvery <= 1024, "burst clock every %d packets is not within 1..1024", c.BurstEvery)
	return errors.Join(faults...)
}
