package flow

import (
	"errors"
	"fmt"
	"time"
)

// Timeouts are how long one protocol's flows may be silent, in packet time.
type Timeouts struct {
	New, Established, Closed, Bypassed time.Duration
}

// Config is what a Table can be told. The zero value is not valid: start from
// DefaultConfig.
type Config struct {
	// MaxFlows bounds the flows of this table, at least 16. When it is full,
	// a flow is ended to make room (EndForced).
	MaxFlows int
	// Seed of the hash. A secret one in live capture keeps a sender from
	// aiming at one slot; a fixed one makes flow ids the same in each replay.
	Seed uint64
	// IgnoreVLAN puts equal five-tuples of different VLANs into one flow.
	IgnoreVLAN bool

	TCP, UDP, ICMP, Other Timeouts

	// Midstream takes up TCP sessions whose opening was not seen, AsyncOneSide
	// also those of which only one side is seen (as stream.midstream and
	// stream.async-oneside). Flows are counted all the same without them, but
	// stay new.
	Midstream, AsyncOneSide bool

	// Interval between reports of a running flow (OnInterval), aligned to
	// multiples of it since the epoch; 0 switches them off. At least a second.
	Interval time.Duration

	// Deltas switches per-second deltas on (AppendDeltas).
	Deltas bool

	// Kernel keeps book of what the kernel tells (Offer, Adopt, EndRound).
	Kernel bool

	// HugePages asks the kernel for huge pages (Linux), which saves up to a
	// third of a packet's cost among a million flows and nothing among a
	// thousand. Memory then lies outside Go's heap.
	HugePages bool

	// OnEnd is called for every flow that ends, also inside Update. Nil is
	// allowed. The flow is valid during the call only, and nothing of the table
	// may be called but Totals.
	OnEnd func(*Flow, EndReason)
	// OnInterval is called for every flow with traffic when an interval has
	// passed; same rules as OnEnd.
	OnInterval func(*Flow, Report)
}

// DefaultConfig returns the timeouts of Suricata's shipped configuration
// (flow-timeouts.*) and room for 262,144 flows.
func DefaultConfig() Config {
	return Config{
		MaxFlows: 1 << 18,
		TCP:      Timeouts{New: 60 * time.Second, Established: 600 * time.Second, Closed: 60 * time.Second, Bypassed: 100 * time.Second},
		UDP:      Timeouts{New: 30 * time.Second, Established: 300 * time.Second, Bypassed: 100 * time.Second},
		ICMP:     Timeouts{New: 30 * time.Second, Established: 300 * time.Second, Bypassed: 100 * time.Second},
		Other:    Timeouts{New: 30 * time.Second, Established: 300 * time.Second, Bypassed: 100 * time.Second},
	}
}

// maxFlows keeps slot and slab indexes inside 31 bits.
const maxFlows = 1 << 30

// ErrConfig is wrapped by every fault that New finds.
var ErrConfig = errors.New("flow table configuration")

func (c *Config) validate() error {
	var faults []error
	if c.MaxFlows < 16 || c.MaxFlows > maxFlows {
		faults = append(faults, fmt.Errorf("%w: max flows %d not in 16..%d", ErrConfig, c.MaxFlows, maxFlows))
	}
	if c.Interval != 0 && c.Interval < time.Second {
		faults = append(faults, fmt.Errorf("%w: interval %v shorter than a second", ErrConfig, c.Interval))
	}
	for _, p := range []struct {
		name string
		t    Timeouts
	}{{"tcp", c.TCP}, {"udp", c.UDP}, {"icmp", c.ICMP}, {"other", c.Other}} {
		if p.t.New <= 0 || p.t.Established <= 0 || p.t.Closed < 0 || p.t.Bypassed < 0 {
			faults = append(faults, fmt.Errorf("%w: %s timeouts %+v: new and established must be positive, none negative", ErrConfig, p.name, p.t))
		}
	}
	return errors.Join(faults...)
}
