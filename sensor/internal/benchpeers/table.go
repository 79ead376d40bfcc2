package main

import (
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

// over returns the spread of what is left of f over all samples when d, the
// start-up, is taken off; never below zero.
func over(samples []sample, d float64, f func(sample) float64) spread {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = max(0, f(s)-d)
	}
	return spreadOf(values)
}

func cpuSeconds(s sample) float64    { return s.cpu.Seconds() }
func workerSeconds(s sample) float64 { return s.worker.Seconds() }
func wallSeconds(s sample) float64   { return s.wall.Seconds() }
func megabytes(s sample) float64     { return float64(s.rss) / 1e6 }

// print writes the table: a line a tool, and under a tool whose worker thread
// was watched, a line for that. Ratios are to the first line.
func print(out io.Writer, results []result, in input) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "tool\tversion\tcpu s, start-up off\tratio\tns/frame\tstart-up cpu s\twall s\tpeak MB\tflows")
	var base float64
	line := func(name, version string, cpu spread, rest string) {
		if base == 0 {
			base = cpu.median
		}
		ratio := "-"
		if base > 0 {
			ratio = fmt.Sprintf("%.2f", cpu.median/base)
		}
		fmt.Fprintf(w, "%s\t%s\t%v\t%s\t%.0f\t%s\n", name, version, cpu, ratio, cpu.median*float64(time.Second)/float64(max(1, in.frames)), rest)
	}
	for _, r := range results {
		startUp := over(r.startUps, 0, cpuSeconds)
		line(r.tool.name, r.version, over(r.runs, startUp.median, cpuSeconds), fmt.Sprintf("%.2f\t%v\t%.0f\t%d",
			startUp.median, over(r.runs, 0, wallSeconds), over(r.runs, 0, megabytes).median, r.runs[0].flows))
		if r.tool.threads {
			line("  its worker thread", "", over(r.runs, over(r.startUps, 0, workerSeconds).median, workerSeconds), "\t\t\t")
		}
	}
	return w.Flush()
}
