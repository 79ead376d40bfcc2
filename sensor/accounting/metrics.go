package accounting

import (
	"math"
	"strconv"

	"spanwatch/bpf"
	"spanwatch/exporter/metrics"
)

// MetricsSource shows the latest View.
func (k *Kernel) MetricsSource() metrics.Source {
	return func(w *metrics.Writer) {
		v := k.View()
		for i := range v.Interfaces {
			v.Interfaces[i].write(w)
		}
		w.Uint(metrics.KernelShuntsRefused, k.shuntsRefused.Load())
		s := &v.Sums
		w.Equation("kernel_packets", s.Told.Packets, s.Taken.Packets+s.Waiting.Packets+s.Filtered.Packets)
		w.Equation("kernel_bytes", s.Told.Bytes, s.Taken.Bytes+s.Waiting.Bytes+s.Filtered.Bytes)
	}
}

// sides are the values of the label direction.
var sides = [...]string{bpf.Ingress: "in", bpf.Egress: "out"}

func (v *InterfaceView) write(w *metrics.Writer) {
	for side, name := range sides {
		w.Uint(metrics.KernelPackets, v.Total[side].Packets, v.Name, name)
		w.Uint(metrics.KernelBytes, v.Total[side].Bytes, v.Name, name)
		h := &v.Bursts[side]
		w.Histogram(metrics.KernelMilliseconds, burstBounds, burstBuckets(h), float64(v.BurstBytes[side]), v.Name, name)
		w.Uint(metrics.KernelPeakBytes, h.Max.Total[side].Bytes, v.Name, name)
		for _, vlan := range v.VLANs {
			id := strconv.Itoa(int(vlan.ID))
			w.Uint(metrics.KernelVLANPackets, vlan.Totals[side].Packets, v.Name, id, name)
			w.Uint(metrics.KernelVLANBytes, vlan.Totals[side].Bytes, v.Name, id, name)
		}
	}
	for r, n := range v.Refused[0] {
		if n.Packets > 0 {
			w.Uint(metrics.KernelRefusedPackets, n.Packets, v.Name, bpf.Reason(r).String())
			w.Uint(metrics.KernelRefusedBytes, n.Bytes, v.Name, bpf.Reason(r).String())
		}
	}
	w.Uint(metrics.KernelLostPackets, v.TableLost[0].Packets, v.Name)
	w.Uint(metrics.KernelLostBytes, v.TableLost[0].Bytes, v.Name)
	packets, bytes := v.Unread()
	w.Int(metrics.KernelUnreadPackets, packets, v.Name)
	w.Int(metrics.KernelUnreadBytes, bytes, v.Name)
	w.Uint(metrics.KernelFlows, v.NewFlows, v.Name, "new")
	w.Uint(metrics.KernelFlows, v.EvictedFlows, v.Name, "evicted")
	w.Uint(metrics.KernelFlows, v.LostFlows, v.Name, "lost")
	for verdict, n := range v.Feed {
		w.Uint(metrics.KernelFeedPackets, n.Packets, v.Name, bpf.Verdict(verdict).String())
		w.Uint(metrics.KernelFeedBytes, n.Bytes, v.Name, bpf.Verdict(verdict).String())
	}
	w.Uint(metrics.KernelTornReads, v.TornReads, v.Name)
	attached := uint64(0)
	if v.Attached {
		attached = 1
	}
	w.Uint(metrics.KernelAttached, attached, v.Name, v.Hook.String())
}

// firstBurst and lastBurst are the buckets of bpf.Histogram that are shown apart:
// up to 1 kB (a trickle), and up to 128 MiB in a millisecond (a terabit a second).
const (
	firstBurst = 10
	lastBurst  = 27
)

// burstBounds are the most bytes of a millisecond in each bucket.
var burstBounds = func() (bounds []float64) {
	for i := firstBurst; i <= lastBurst; i++ {
		bounds = append(bounds, math.Exp2(float64(i))-1)
	}
	return bounds
}()

func burstBuckets(h *bpf.Histogram) []uint64 {
	buckets := make([]uint64, len(burstBounds)+1)
	for i, n := range h.Buckets {
		buckets[min(max(i-firstBurst, 0), len(burstBounds))] += n
	}
	return buckets
}
