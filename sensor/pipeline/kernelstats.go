package pipeline

import (
	"fmt"

	"spanwatch/bpf"
	"spanwatch/exporter/event"
	"spanwatch/sensor/accounting"
)

// fillKernel writes what the kernel counted, and what became of it:
//
//	of each interface, in and out: pkts = told + lost + refused + unread
//	of all: told = taken by flow tables + waiting + filtered
func fillKernel(t *event.Tree, v *accounting.View, c *Totals) {
	for i := range v.Interfaces {
		in := &v.Interfaces[i]
		at := fmt.Sprintf("accounting.kernel[%d].", i)
		t.SetText(at+"name", in.Name)
		t.SetText(at+"hook", in.Hook.String())
		for side, name := range [...]string{bpf.Ingress: "in", bpf.Egress: "out"} {
			t.Set(at+name+".pkts", in.Total[side].Packets)
			t.Set(at+name+".bytes", in.Total[side].Bytes)
			t.Set(at+name+".peak_ms_bytes", in.Bursts[side].Max.Total[side].Bytes)
		}
		setCount(t, at+"told", in.Told)
		setCount(t, at+"lost", in.TableLost[0])
		for r, n := range in.Refused[0] {
			if n.Packets > 0 {
				setCount(t, at+"refused."+bpf.Reason(r).String(), n)
			}
		}
		packets, bytes := in.Unread()
		t.SetInt(at+"unread.pkts", packets)
		t.SetInt(at+"unread.bytes", bytes)
		t.Set(at+"flows.new", in.NewFlows)
		t.Set(at+"flows.evicted", in.EvictedFlows)
		t.Set(at+"flows.lost", in.LostFlows)
		for k := range in.VLANs {
			vlan := fmt.Sprintf("%svlans[%d].", at, k)
			t.Set(vlan+"id", uint64(in.VLANs[k].ID))
			setCount(t, vlan+"in", in.VLANs[k].Totals[bpf.Ingress])
			setCount(t, vlan+"out", in.VLANs[k].Totals[bpf.Egress])
		}
	}
	const at = "accounting.kernel_flows."
	s, f := &v.Sums, &c.Work.Flow
	setCount(t, at+"told", s.Told)
	setCount(t, at+"taken", s.Taken)
	setCount(t, at+"waiting", s.Waiting)
	setCount(t, at+"filtered", s.Filtered)
	t.SetInt(at+"balance.pkts", int64(s.Told.Packets-s.Taken.Packets-s.Waiting.Packets-s.Filtered.Packets))
	t.SetInt(at+"balance.bytes", int64(s.Told.Bytes-s.Taken.Bytes-s.Waiting.Bytes-s.Filtered.Bytes))
	setCount(t, at+"unseen", bpf.Count{Packets: f.UnseenPackets, Bytes: f.UnseenBytes})
	setCount(t, at+"unsettled", bpf.Count{Packets: f.UnsettledPackets, Bytes: f.UnsettledBytes})
	setCount(t, at+"in_flows", bpf.Count{Packets: f.Packets, Bytes: f.WireBytes})
	t.Set(at+"kernel_only_flows", f.KernelOnly)
}

func setCount(t *event.Tree, path string, n bpf.Count) {
	t.Set(path+".pkts", n.Packets)
	t.Set(path+".bytes", n.Bytes)
}
