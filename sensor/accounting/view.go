package accounting

import (
	"fmt"

	"spanwatch/bpf"
)

// View is what was counted up to the last round. Readers must not change it.
type View struct {
	Interfaces []InterfaceView
	Sums       Sums
}

// Sums are outermost packets of all interfaces on their way to flow tables, as of
// the last round that all workers have applied: Told = Taken + Waiting + Filtered.
type Sums struct {
	Told     bpf.Count // to workers
	Taken    bpf.Count // by flow tables
	Waiting  bpf.Count // of flows that no table knew, until the next round
	Filtered bpf.Count // of such flows, where capture has a filter
}

// InterfaceView is what was counted of one interface.
type InterfaceView struct {
	Name     string
	Hook     bpf.Hook
	Store    bpf.Store
	Attached bool
	bpf.Stats
	Told bpf.Count // outermost packets told to workers
	// ToldInner are packets within tunnels, if these are followed.
	ToldInner bpf.Count
	// TableLost are packets that the kernel's table had no room for and that
	// were not told before: [0] outermost, [1] within tunnels.
	TableLost [2]bpf.Count
	VLANs     []VLAN
	// Bursts are all milliseconds told so far, and BurstBytes what passed in
	// them, by bpf.Side.
	Bursts     [2]bpf.Histogram
	BurstBytes [2]uint64
}

// VLAN is the total of one VLAN, by bpf.Side.
type VLAN struct {
	ID     uint16
	Totals [2]bpf.Count
}

// Sum is all outermost packets.
func (v *InterfaceView) Sum() bpf.Count {
	sum := v.Total[bpf.Ingress]
	sum.Add(v.Total[bpf.Egress])
	return sum
}

// Unread is what was counted in flows and is not told yet: nothing, once counting
// has ended.
func (v *InterfaceView) Unread() (packets, bytes int64) {
	sum, refused := v.Sum(), v.RefusedSum()[0]
	lost := v.TableLost[0]
	return int64(sum.Packets - refused.Packets - lost.Packets - v.Told.Packets),
		int64(sum.Bytes - refused.Bytes - lost.Bytes - v.Told.Bytes)
}

// View returns the latest picture; never nil.
func (k *Kernel) View() *View { return k.view.Load() }

// look reads the counters beside the flows.
func (d *device) look() error {
	v := &d.view
	v.Name, v.Hook, v.Store = d.name, d.choice.Hook, d.store
	v.Attached = !d.gone
	v.Told, v.ToldInner = d.told, d.toldInner // before the totals, which may only be ahead
	var err error
	if v.Stats, err = d.programs.Stats(); err != nil {
		return err
	}
	for i := range v.TableLost {
		v.TableLost[i] = bpf.Count{
			Packets: v.Lost[i].Packets - min(d.lostTold[i].Packets, v.Lost[i].Packets),
			Bytes:   v.Lost[i].Bytes - min(d.lostTold[i].Bytes, v.Lost[i].Bytes),
		}
	}
	v.VLANs = nil
	if err := d.programs.VLANs(func(id uint16, totals [2]bpf.Count) { v.VLANs = append(v.VLANs, VLAN{id, totals}) }); err != nil {
		return err
	}
	if d.milliseconds, err = d.programs.Milliseconds(d.since, d.milliseconds[:0]); err != nil {
		return fmt.Errorf("read milliseconds: %w", err)
	}
	if n := len(d.milliseconds); n > 0 {
		d.since = d.milliseconds[n-1].Start
		for side := range v.Bursts {
			v.Bursts[side].Add(bpf.Side(side), d.milliseconds)
			for _, m := range d.milliseconds {
				v.BurstBytes[side] += m.Total[side].Bytes
			}
		}
	}
	return nil
}

// refused is what is in no flow, as of the last look, but for duplicates.
func (d *device) refused() (n bpf.Count) {
	for r, c := range d.view.Refused[0] {
		if bpf.Reason(r) != bpf.ReasonDuplicate {
			n.Add(c)
		}
	}
	return n
}

func (k *Kernel) publishView() {
	v := &View{Sums: k.settled}
	for _, d := range k.devices {
		d.view.Name, d.view.Hook, d.view.Store = d.name, d.choice.Hook, d.store
		v.Interfaces = append(v.Interfaces, d.view)
	}
	k.view.Store(v)
}
