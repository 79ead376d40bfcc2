package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// result is everything measured of one tool.
type result struct {
	tool     tool
	version  string
	startUps []sample // with one frame
	runs     []sample
}

// spread is the middle and the ends of some values.
type spread struct{ median, min, max float64 }

func spreadOf(values []float64) spread {
	s := slices.Clone(values)
	slices.Sort(s)
	mid := s[len(s)/2]
	if len(s)%2 == 0 {
		mid = (s[len(s)/2-1] + mid) / 2
	}
	return spread{mid, s[0], s[len(s)-1]}
}

func (s spread) String() string { return fmt.Sprintf("%.2f (%.2f..%.2f)", s.median, s.min, s.max) }

// over returns the spread of f over samples.
func over(samples []sample, f func(sample) float64) spread {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = f(s)
	}
	return spreadOf(values)
}

// less takes d off, but never goes below zero.
func (s spread) less(d float64) spread {
	return spread{max(0, s.median-d), max(0, s.min-d), max(0, s.max-d)}
}

func cpuSeconds(s sample) float64  { return s.cpu.Seconds() }
func workSeconds(s sample) float64 { return s.work.Seconds() }
func wallSeconds(s sample) float64 { return s.wall.Seconds() }
func workWall(s sample) float64    { return s.workWall.Seconds() }
func megabytes(s sample) float64   { return float64(s.rss) / 1e6 }

// startUp is the median of f over runs with one frame, 0 without any.
func (r *result) startUp(f func(sample) float64) float64 {
	if len(r.startUps) == 0 {
		return 0
	}
	return over(r.startUps, f).median
}

// work is the processor time and the wall time of the capture alone.
func (r *result) work() (cpu, wall spread) {
	if r.tool.threads {
		return over(r.runs, workSeconds), over(r.runs, workWall)
	}
	return over(r.runs, cpuSeconds).less(r.startUp(cpuSeconds)), over(r.runs, wallSeconds).less(r.startUp(wallSeconds))
}

// printFlows writes the table of flow records. Ratios are to Suricata, if it is
// there.
func printFlows(out io.Writer, results []result, in input) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "tool\tversion\tcpu s\tratio\tns/frame\tall cpu s\tratio\tpeak MB\tratio\tflows")
	var cpu, all, mb base
	for _, r := range baseFirst(results) {
		c, _ := r.work()
		cpu.set(c)
		all.set(over(r.runs, cpuSeconds))
		mb.set(over(r.runs, megabytes))
	}
	for _, r := range results {
		c, _ := r.work()
		fmt.Fprintf(w, "%s\t%s\t%v\t%s\t%.0f\t%.2f\t%s\t%.0f\t%s\t%d\n", r.tool.name, r.version, c, cpu.ratio(c), perFrame(c, in),
			over(r.runs, cpuSeconds).median, all.ratio(over(r.runs, cpuSeconds)),
			over(r.runs, megabytes).median, mb.ratio(over(r.runs, megabytes)), r.runs[0].events.flows)
	}
	return w.Flush()
}

// printDetection writes the table of one capture with rules.
func printDetection(out io.Writer, results []result, in input) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "tool\tversion\tcpu s\tratio\tns/frame\twall s\tratio\tpeak MB\tratio\tstart-up cpu s\tflows\talerts\tevents\tscanned B/frame")
	var cpu, wall, mb base
	for _, r := range baseFirst(results) {
		c, t := r.work()
		cpu.set(c)
		wall.set(t)
		mb.set(over(r.runs, megabytes))
	}
	for _, r := range results {
		c, t := r.work()
		start := r.startUp(cpuSeconds)
		if r.tool.threads {
			start = over(r.runs, func(s sample) float64 { return s.cpu.Seconds() - s.work.Seconds() }).median
		}
		e, scanned := r.runs[0].events, "-"
		if e.scanned > 0 {
			scanned = fmt.Sprintf("%.0f", float64(e.scanned)/float64(max(1, in.frames)))
		}
		m := over(r.runs, megabytes)
		fmt.Fprintf(w, "%s\t%s\t%v\t%s\t%.0f\t%v\t%s\t%.0f\t%s\t%.2f\t%d\t%d\t%d\t%s\n", r.tool.name, r.version, c, cpu.ratio(c), perFrame(c, in),
			t, wall.ratio(t), m.median, mb.ratio(m), start, e.flows, e.alerts, e.events, scanned)
	}
	return w.Flush()
}

func perFrame(s spread, in input) float64 {
	return s.median * float64(time.Second) / float64(max(1, in.frames))
}

// base is what ratios are to: the first value that was set.
type base struct{ value float64 }

func (b *base) set(s spread) {
	if b.value == 0 {
		b.value = s.median
	}
}

func (b *base) ratio(s spread) string {
	if b.value == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", s.median/b.value)
}

// baseFirst puts Suricata first, whose figures ratios are to.
func baseFirst(results []result) []result {
	out := slices.Clone(results)
	slices.SortStableFunc(out, func(a, b result) int {
		return cmp.Compare(rankOf(a.tool.name), rankOf(b.tool.name))
	})
	return out
}

func rankOf(tool string) int {
	if tool == "suricata" {
		return 0
	}
	return 1
}
