package pipeline

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"spanwatch/decoders"
	"spanwatch/decoders/defrag"
	"spanwatch/exporter/event"
	"spanwatch/sensor/config"
	"spanwatch/sensor/flow"
	"spanwatch/sensor/overload"
	"spanwatch/sensor/stream"
	"spanwatch/signatures"
	"spanwatch/signatures/keyword"
)

// This file turns the operator's configuration into that of the stages.

// replaySeed makes hashes, and so flow ids, the same in every replay.
const replaySeed = 0x5370616e77617463

// watched says whether somebody may ask how things stand before Run returns: then
// a View is made every second, and rates of windows. Both look at all hosts, again
// and again.
func (o *Options) watched() bool { return o.Config.Metrics.Listen != "" }

// seed is that of all hash tables of one run.
func newSeed(o *Options) uint64 {
	switch {
	case o.Config.Flow.Seed != 0:
		return o.Config.Flow.Seed
	case o.Replay:
		return replaySeed
	}
	var b [8]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return binary.LittleEndian.Uint64(b[:])
}

func decoderConfig(o *Options) decoders.Config {
	c := &o.Config.Decode
	d := decoders.Config{
		VXLANPorts: c.VXLANPorts, GenevePorts: c.GenevePorts, GTPUPorts: c.GTPUPorts, TeredoPorts: c.TeredoPorts,
		MaxDepth: c.MaxTunnelDepth,
	}
	if c.Checksums != "off" || o.Ruleset.NeedsChecksums() {
		d.Checksums = decoders.ChecksumsOn
	}
	return d
}

func defragConfig(c *config.Config, seed uint64) (defrag.Config, error) {
	d := defrag.DefaultConfig()
	d.MaxDatagrams, d.MaxFragments, d.MaxBytes = c.Defrag.MaxDatagrams, c.Defrag.MaxFragments, int(c.Defrag.MaxMemory)
	d.Timeout, d.Seed = c.Defrag.Timeout, seed
	var err error
	var faults []error
	if d.Default, err = defrag.ParsePolicy(c.Defrag.DefaultPolicy); err != nil {
		faults = append(faults, fmt.Errorf("defrag.default-policy: %w", err))
	}
	for name, prefixes := range c.Defrag.HostPolicy {
		policy, err := defrag.ParsePolicy(name)
		if err != nil {
			faults = append(faults, fmt.Errorf("defrag.host-policy: %w", err))
			continue
		}
		for _, text := range prefixes {
			prefix, err := parsePrefix(text)
			if err != nil {
				faults = append(faults, fmt.Errorf("defrag.host-policy.%s: %w", name, err))
				continue
			}
			d.Targets = append(d.Targets, defrag.Target{Prefix: prefix, Policy: policy})
		}
	}
	return d, errors.Join(faults...)
}

// parsePrefix takes an address as the prefix of its full length.
func parsePrefix(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

func flowConfig(o *Options, seed uint64, workers int) flow.Config {
	c := &o.Config.Flow
	f := flow.DefaultConfig()
	f.MaxFlows = max(c.MaxFlows/workers, 16)
	f.Seed, f.IgnoreVLAN = seed, !c.VLANInKey
	f.TCP, f.UDP, f.ICMP, f.Other = timeouts(f.TCP, c.TCP), timeouts(f.UDP, c.UDP), timeouts(f.ICMP, c.ICMP), timeouts(f.Other, c.Other)
	f.Midstream, f.AsyncOneSide = o.Config.Stream.Midstream, o.Config.Stream.AsyncOneSide
	f.Interval, f.Deltas, f.HugePages, f.Kernel = c.ReportInterval, true, true, o.kernelCounts()
	return f
}

// shunter is what holds frames back in the kernel: only there the rest of a flow is
// counted, and by keys that are those of our flows.
func (o *Options) shunter() Shunter {
	if !o.kernelCounts() || !o.Config.Flow.VLANInKey {
		return nil
	}
	return o.Shunt
}

// overloadPolicy returns what decides for one source; nil for nothing.
func overloadPolicy(o *Options) (func(overload.Signal) overload.Shed, error) {
	c := &o.Config.Overload
	if o.Overload != nil || o.Replay || !c.Enabled {
		return o.Overload, nil
	}
	p, err := overload.NewPolicy(overload.Config{
		StartFill: float64(c.StartFill) / 100, StopFill: float64(c.StopFill) / 100, StartLag: c.StartLag, StopLag: c.StopLag,
		Step: c.Step, Hold: c.Hold, ElephantBytes: uint64(c.ElephantBytes), FloorBytes: uint64(c.FloorBytes),
	})
	if err != nil {
		return nil, err
	}
	return p.Observe, nil
}

func streamConfig(o *Options, workers int) (stream.Config, error) {
	c := stream.DefaultConfig()
	c.MaxSessions, c.OffHeap = max(o.Config.Flow.MaxFlows/workers, 16), true
	c.Midstream, c.AsyncOneSide = o.Config.Stream.Midstream, o.Config.Stream.AsyncOneSide
	c.Memory = uint64(o.Config.Stream.Memory) / uint64(workers)
	c.Inline, c.Depth = o.Config.Stream.Inline, uint32(o.Config.Stream.Depth)
	c.ChunkSize = [2]uint32{uint32(o.Config.Stream.ChunkToServer), uint32(o.Config.Stream.ChunkToClient)}
	var faults []error
	policy, ok := stream.PolicyByName(o.Config.Stream.DefaultPolicy)
	if !ok {
		faults = append(faults, fmt.Errorf("stream.default-policy: %w %q", errUnknownPolicy, o.Config.Stream.DefaultPolicy))
	}
	c.Policy = policy
	for name, prefixes := range o.Config.Stream.HostPolicy {
		policy, ok := stream.PolicyByName(name)
		if !ok {
			faults = append(faults, fmt.Errorf("stream.host-policy: %w %q", errUnknownPolicy, name))
			continue
		}
		for _, text := range prefixes {
			prefix, err := parsePrefix(text)
			if err != nil {
				faults = append(faults, fmt.Errorf("stream.host-policy.%s: %w", name, err))
				continue
			}
			c.Hosts = append(c.Hosts, stream.HostPolicy{Prefix: prefix, Policy: policy})
		}
	}
	return c, errors.Join(faults...)
}

// errUnknownPolicy is what a name that is no overlap policy fails with.
var errUnknownPolicy = errors.New("unknown overlap policy")

func timeouts(base flow.Timeouts, c config.Timeouts) flow.Timeouts {
	base.New, base.Established, base.Closed = c.New, c.Established, c.Closed
	return base
}

func inspectorConfig(o *Options) signatures.InspectorConfig {
	c := &o.Config.Rules
	i := signatures.InspectorConfig{
		AlertMax: c.MaxAlertsPerPacket, Limits: keyword.Limits{Steps: c.StepLimit, Packet: uint64(c.PacketBudget)},
	}
	if c.Profile {
		start := time.Now()
		i.Clock = func() int64 { return int64(time.Since(start)) }
	}
	return i
}

func encoderOptions(o *Options) event.Options {
	c := &o.Config.Events
	return event.Options{
		Sensor: o.Config.Sensor.Name, Run: o.Run, DNSVersion: c.DNSVersion,
		Payload: c.AlertPayload, PayloadPrintable: c.AlertPayload, Packet: c.AlertPacket, PayloadLimit: int(c.PayloadLimit),
	}
}

// wantedTypes turns the names of event types into a set. The name all stands
// for those that are wanted by default: ARP is noise to most, and netflow says
// again what flow says.
func wantedTypes(names []string) (set [event.NumTypes]bool, err error) {
	types := event.Types()
	var faults []error
	for _, name := range names {
		t, ok := event.TypeByName(name)
		switch {
		case name == "all":
			for _, t := range types {
				set[t] = set[t] || t != event.TypeARP && t != event.TypeNetflow
			}
		case ok:
			set[t] = true
		default:
			faults = append(faults, fmt.Errorf("events.types: unknown event type %q; known: all, %v", name, types))
		}
	}
	return set, errors.Join(faults...)
}
