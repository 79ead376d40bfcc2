package accounting

import (
	"errors"
	"fmt"

	"spanwatch/bpf"
	"spanwatch/decoders"
)

// ErrNoFeed is returned by Feeds when the kernel does not count an interface.
var ErrNoFeed = errors.New("no program of ours runs on the interface")

// Feeds returns descriptors of the socket filters that hold back what was shunted,
// sampled out and mirrored twice, by interface. They are valid until Close.
func (k *Kernel) Feeds() ([]int, error) {
	var feeds []int
	for i := range k.o.Interfaces {
		p := k.Programs(i)
		if p == nil {
			return nil, fmt.Errorf("%s: %w: %v", k.o.Interfaces[i], ErrNoFeed, &k.choices[i])
		}
		feeds = append(feeds, p.FeedProgram().FD())
	}
	return feeds, nil
}

// Sample hands up one flow in n only, of all interfaces; see bpf.Programs.Sample.
func (k *Kernel) Sample(n int) error {
	for _, d := range k.devices {
		if err := d.programs.Sample(uint32(n)); err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
	}
	return nil
}

// Shunt has the kernel hold back the frames of a flow but for its end, on all
// interfaces, and reports whether it does: not when too many flows are shunted
// already, nor for a flow in a tunnel that the kernel does not look into. Packets
// of a tunnel around such a flow are held back with it: its own flow counts them,
// as not seen. May be called from any goroutine until Close.
func (k *Kernel) Shunt(key *decoders.FlowKey) bool {
	if int(key.Depth) > k.o.TunnelDepth || key.Tunnel > decoders.TunnelKind(bpf.TunnelGTPU) {
		return false
	}
	b := bpfKey(key)
	for _, d := range k.devices {
		if err := d.programs.Shunt(&b); err != nil {
			k.shuntsRefused.Add(1)
			k.Unshunt(key)
			return false
		}
	}
	return len(k.devices) > 0
}

// Unshunt lets the frames of a flow through again. As Shunt.
func (k *Kernel) Unshunt(key *decoders.FlowKey) {
	b := bpfKey(key)
	for _, d := range k.devices {
		if _, _, err := d.programs.Unshunt(&b); err != nil && !errors.Is(err, bpf.ErrClosed) {
			k.fault(d, err)
		}
	}
}

func bpfKey(k *decoders.FlowKey) bpf.FlowKey {
	return bpf.FlowKey{
		AddrA: k.AddrA, AddrB: k.AddrB, PortA: k.PortA, PortB: k.PortB, VLANs: k.VLANs, Proto: k.Proto, IPVersion: k.IPVersion,
		TunnelID: k.TunnelID, Depth: k.Depth, Tunnel: bpf.Tunnel(k.Tunnel),
	}
}
