package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/defrag"
	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/sensor/pipeline"
)

// summaryRows bounds every list of the summary.
const summaryRows = 10

// summary prints what a replay found, for a person.
func (s *session) summary(w io.Writer) {
	v := s.pipeline.State.View()
	span := time.Duration(v.Merge.EndTime - v.Merge.StartTime)
	fmt.Fprintf(w, "\n%s packets, %s in %s of traffic from %s\n", count(v.Front.Frames), size(v.Front.Bytes),
		span.Round(time.Millisecond), time.Unix(0, v.Merge.StartTime).UTC().Format("2006-01-02 15:04:05 MST"))
	f := &v.Work.Flow
	fmt.Fprintf(w, "%s flows; %s packets inside tunnels; %s datagrams rebuilt from %s fragments\n", count(f.Started),
		count(v.Front.Inner), count(v.Front.Defrag.Rebuilt), count(v.Front.Defrag.RebuiltFragments))

	s.talkers(w, v)
	s.protocols(w, v)
	s.alerts(w, v)
	refused(w, v)
	s.accounts(w, v)
}

func (s *session) talkers(w io.Writer, v *pipeline.View) {
	fmt.Fprintln(w, "\nTop talkers by bytes")
	rows := v.Traffic.HostsByBytes.Rows
	for _, h := range rows[:min(len(rows), summaryRows)] {
		fmt.Fprintf(w, "  %-40s %-3s %10s sent %10s received\n", h.Addr.Netip(h.IPVersion), s.geo.Lookup(h.Addr.Netip(h.IPVersion)).Country,
			size(h.Out.Bytes), size(h.In.Bytes))
	}
	fmt.Fprintln(w, "\nTop services by bytes")
	services := v.Traffic.Services.Rows
	for _, x := range services[:min(len(services), summaryRows)] {
		name := event.ProtoName(x.Proto)
		if x.Port != 0 {
			name = fmt.Sprintf("%s/%d", name, x.Port)
		}
		fmt.Fprintf(w, "  %-44s %10s to server %10s to client\n", name, size(x.Out.Bytes), size(x.In.Bytes))
	}
}

func (s *session) protocols(w io.Writer, v *pipeline.View) {
	fmt.Fprintln(w, "\nProtocols")
	for _, p := range v.Traffic.Protocols {
		fmt.Fprintf(w, "  %-44s %10s %14s packets\n", event.ProtoName(p.Proto), size(p.Out.Bytes+p.In.Bytes), count(p.Out.Packets+p.In.Packets))
	}
	for proto := range v.Work.Apps {
		if a := &v.Work.Apps[proto]; a.Flows > 0 {
			fmt.Fprintf(w, "  %-44s %10s flows %8s transactions\n", app.Proto(proto), count(a.Flows), count(a.Tx))
		}
	}
}

func (s *session) alerts(w io.Writer, v *pipeline.View) {
	fmt.Fprintf(w, "\nAlerts (%s rules loaded, %s failed)\n", count(uint64(v.Rules.Report.Loaded)), count(uint64(v.Rules.Report.Failed)))
	alerts := slices.Clone(v.Alerts)
	slices.SortFunc(alerts, func(a, b pipeline.SignatureAlerts) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), -cmp.Compare(a.Count, b.Count), cmp.Compare(a.SID, b.SID))
	})
	if len(alerts) == 0 {
		fmt.Fprintln(w, "  none")
	}
	for i, a := range alerts {
		if i == 2*summaryRows {
			fmt.Fprintf(w, "  … and %d more signatures\n", len(alerts)-i)
			break
		}
		fmt.Fprintf(w, "  %6s × severity %d  [%d:%d] %s\n", count(a.Count), a.Severity, a.GID, a.SID, strings.ToValidUTF8(a.Msg, "?"))
	}
}

// refused lists the frames that belong to no flow.
func refused(w io.Writer, v *pipeline.View) {
	type row struct {
		why           string
		frames, bytes uint64
	}
	var rows []row
	for r, n := range v.Front.Refused {
		if n > 0 {
			rows = append(rows, row{decoders.Reason(r).String(), n, v.Front.RefusedBytes[r]})
		}
	}
	for r, n := range v.Front.LostFragments {
		if n > 0 {
			rows = append(rows, row{"fragment_" + defrag.Reason(r).String(), n, v.Front.LostFragmentBytes[r]})
		}
	}
	if len(rows) == 0 {
		return
	}
	slices.SortFunc(rows, func(a, b row) int { return -cmp.Compare(a.frames, b.frames) })
	fmt.Fprintln(w, "\nFrames that belong to no flow, and why")
	for _, x := range rows {
		fmt.Fprintf(w, "  %-44s %10s frames %9s\n", x.why, count(x.frames), size(x.bytes))
	}
}

// accounts shows the equations.
func (s *session) accounts(w io.Writer, v *pipeline.View) {
	packets, bytes := v.HeldInFlows()
	outside := v.Front.Outside()
	leftPackets, leftBytes := v.Balance()
	fmt.Fprintf(w, "\nAccounts\n  %s packets = %s in flows + %s in none, %d unexplained\n", count(v.Front.Frames),
		count(packets), count(outside.Packets), leftPackets)
	fmt.Fprintf(w, "  %s bytes = %s in flows + %s in none, %d unexplained\n", count(v.Front.Bytes), count(bytes), count(outside.Bytes), leftBytes)
	for _, sink := range v.Sinks {
		t := sink.Counts.Total()
		var dropped uint64
		for _, n := range t.Dropped {
			dropped += n
		}
		before := ""
		if t.Recovered > 0 {
			before = fmt.Sprintf(" + %s of earlier runs", count(t.Recovered))
		}
		fmt.Fprintf(w, "  %s events%s = %s delivered to %s", count(t.Made), before, count(t.Delivered), sink.Name)
		if t.Stored+t.Recovered > 0 {
			fmt.Fprintf(w, " (%s by the spool) + %s in the spool", count(t.Replayed), count(t.Spooled))
		}
		var filtered uint64
		for _, n := range t.Filtered {
			filtered += n
		}
		if filtered > 0 {
			fmt.Fprintf(w, " + %s filtered", count(filtered))
		}
		fmt.Fprintf(w, " + %s dropped%s", count(dropped), reasons(&t))
		var kinds []string
		for _, et := range event.Types() {
			if n := sink.Counts[et].Made; n > 0 {
				kinds = append(kinds, fmt.Sprintf("%s %s", count(n), et))
			}
		}
		fmt.Fprintf(w, " (%s)\n", strings.Join(kinds, ", "))
	}
	if len(s.outputs.Outlets) > 0 {
		fmt.Fprintf(w, "\nEvents went to %s\n", s.outputs.Where())
	}
}

// reasons lists why events were dropped, in brackets.
func reasons(t *exporter.TypeCounts) string {
	var list []string
	for why, n := range t.Dropped {
		if n > 0 {
			list = append(list, fmt.Sprintf("%s %s", count(n), exporter.DropReason(why)))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " [" + strings.Join(list, ", ") + "]"
}

// count groups the digits of n by thousands.
func count(n uint64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// size prints bytes in the largest fitting unit of 1000.
func size(n uint64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value := float64(n)
	for _, unit := range []string{"kB", "MB", "GB", "TB"} {
		if value /= 1000; value < 1000 {
			return fmt.Sprintf("%.1f %s", value, unit)
		}
	}
	return fmt.Sprintf("%.1f PB", value/1000)
}
