package pipeline

import (
	"fmt"

	"spanwatch/bpf"
	"spanwatch/exporter/event"
	"spanwatch/exporter/metrics"
	"spanwatch/sensor/accounting"
	"spanwatch/sensor/capture"
)

// captured adds up what all sources say of each interface, in the order of the
// first that names it. It is empty for files.
func captured(sources []capture.Source) (all []capture.InterfaceStats) {
	at := map[string]int{}
	for _, source := range sources {
		for _, i := range source.Stats().Interfaces {
			k, known := at[i.Name]
			if !known {
				at[i.Name] = len(all)
				all = append(all, i)
				continue
			}
			sum := &all[k]
			sum.Up = sum.Up && i.Up
			sum.Changes = max(sum.Changes, i.Changes) // of one link, as each source has seen it
			sum.Reopens = max(sum.Reopens, i.Reopens)
			sum.Frames += i.Frames
			sum.Bytes += i.Bytes
			sum.Seen += i.Seen
			sum.Waiting += i.Waiting
			for reason, n := range i.Dropped {
				sum.Dropped[reason] += n
			}
		}
	}
	return all
}

// fillCapture writes what the kernel says of live capture: Suricata's names for
// the sums, and the terms of the equation for each interface.
func fillCapture(t *event.Tree, all []capture.InterfaceStats) {
	if len(all) == 0 {
		return
	}
	var seen, full, other uint64
	for k, i := range all {
		seen += i.Seen
		full += i.Dropped[capture.DropRingFull] + i.Dropped[capture.DropFillEmpty]
		other += i.Dropped[capture.DropMissed] + i.Dropped[capture.DropOverrun] + i.Dropped[capture.DropInterface]
		path := fmt.Sprintf("accounting.interfaces[%d].", k)
		t.SetText(path+"name", i.Name)
		t.Set(path+"seen", i.Seen)
		t.Set(path+"delivered", i.Frames)
		t.Set(path+"waiting", i.Waiting)
		for _, reason := range dropReasons {
			t.Set(path+"dropped."+reason, i.Dropped[reason])
		}
		t.Set(path+"link_changes", i.Changes)
	}
	t.Set("capture.kernel_packets", seen)
	t.Set("capture.kernel_drops", full)
	t.Set("capture.kernel_ifdrops", other)
}

// fillFeed writes what the kernel counted and did not hand up, by decision.
func fillFeed(t *event.Tree, v *accounting.View) {
	var shunted, dropped, sampled, duplicates bpf.Count
	for i := range v.Interfaces {
		shunted.Add(v.Interfaces[i].Feed[bpf.VerdictShedShunted])
		dropped.Add(v.Interfaces[i].Feed[bpf.VerdictDropped])
		sampled.Add(v.Interfaces[i].Feed[bpf.VerdictShedSampled])
		duplicates.Add(v.Interfaces[i].Feed[bpf.VerdictShedDuplicate])
	}
	shunted.Add(dropped)
	t.Set("flow_bypassed.local_capture_pkts", shunted.Packets)
	t.Set("flow_bypassed.local_capture_bytes", shunted.Bytes)
	t.Set("flow_bypassed.dropped_pkts", dropped.Packets) // of the ones before
	t.Set("flow_bypassed.dropped_bytes", dropped.Bytes)
	t.Set("capture.duplicate_pkts", duplicates.Packets)
	t.Set("capture.duplicate_bytes", duplicates.Bytes)
	t.Set("flow_bypassed.sampled_out_pkts", sampled.Packets)
	t.Set("flow_bypassed.sampled_out_bytes", sampled.Bytes)
}

var dropReasons = []string{capture.DropRingFull, capture.DropFillEmpty, capture.DropUnread, capture.DropMissed, capture.DropOverrun, capture.DropInterface}

func writeCapture(w *metrics.Writer, p *Pipeline, v *View) {
	if len(v.Interfaces) == 0 {
		const all = "all"
		var filtered uint64
		for _, source := range p.opt.Sources {
			filtered += source.Stats().Filtered
		}
		w.Uint(metrics.CaptureFrames, v.Front.Frames, all)
		w.Uint(metrics.CaptureBytes, v.Front.Bytes, all)
		w.Uint(metrics.CaptureFiltered, filtered, all)
		return
	}
	for _, i := range v.Interfaces {
		w.Uint(metrics.CaptureFrames, i.Frames, i.Name)
		w.Uint(metrics.CaptureBytes, i.Bytes, i.Name)
		w.Uint(metrics.CaptureSeen, i.Seen, i.Name)
		w.Uint(metrics.CaptureWaiting, i.Waiting, i.Name)
		for reason, n := range i.Dropped {
			w.Uint(metrics.CaptureDropped, n, i.Name, reason)
		}
		up := uint64(0)
		if i.Up {
			up = 1
		}
		w.Uint(metrics.CaptureUp, up, i.Name)
		w.Uint(metrics.CaptureLinkChanges, i.Changes, i.Name)
		w.Uint(metrics.CaptureReopens, i.Reopens, i.Name)
	}
}
