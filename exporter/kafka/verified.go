package kafka

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Verdict is what Verify found. Its JSON form is that of the command
// spanwatch kafka verify.
type Verdict struct {
	Topics    []TopicVerdict `json:"topics"`
	Runs      []RunVerdict   `json:"runs"`
	Records   uint64         `json:"records"`
	Bytes     uint64         `json:"bytes"`              // of values
	Unordered uint64         `json:"out_of_order"`       // records before an earlier one of the same key and partition
	Examples  []Disorder     `json:"examples,omitempty"` // the first of them
	Unchecked uint64         `json:"order_unchecked"`    // records whose order was not checked, for want of MaxKeys
	Foreign   uint64         `json:"foreign"`            // records without seq or event_id
}

// TopicVerdict is about one topic.
type TopicVerdict struct {
	Topic      string `json:"topic"`
	Absent     bool   `json:"absent,omitempty"`
	Partitions int    `json:"partitions"`
	Records    uint64 `json:"records"`
	Duplicates uint64 `json:"duplicates"` // of Records, further copies of events
	// Trimmed says that the broker has removed the oldest records, by retention
	// or by order of somebody: what is missing may have been among them.
	Trimmed bool `json:"trimmed,omitempty"`
}

// RunVerdict is about the events of one run of one sensor.
type RunVerdict struct {
	Sensor     string `json:"sensor"`
	Run        string `json:"run"`
	Records    uint64 `json:"events"` // different ones
	First      uint64 `json:"first_seq"`
	Last       uint64 `json:"last_seq"`
	Missing    uint64 `json:"missing"`        // seq from 1 to Last that are nowhere
	Gaps       []Gap  `json:"gaps,omitempty"` // the first of them
	Duplicates uint64 `json:"duplicates"`     // further copies, with the same event_id
	Conflicts  uint64 `json:"conflicts"`      // the same seq with different event_id: not of one run, or a defect
	Unordered  uint64 `json:"out_of_order"`
}

// Gap is a range of missing seq.
type Gap struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// Disorder is a record that stands behind a later one of the same key.
type Disorder struct {
	Sensor    string `json:"sensor"`
	Run       string `json:"run"`
	Topic     string `json:"topic"`
	Partition int    `json:"partition"`
	Offset    int64  `json:"offset"`
	Key       string `json:"key"`
	Seq       uint64 `json:"seq"`
	After     uint64 `json:"after_seq"`
}

// OK says whether nothing is missing or out of order. Duplicates are allowed.
func (v *Verdict) OK() bool {
	for i := range v.Runs {
		if v.Runs[i].Missing > 0 || v.Runs[i].Conflicts > 0 {
			return false
		}
	}
	return v.Unordered == 0
}

// Duplicates are the copies in all runs.
func (v *Verdict) Duplicates() (n uint64) {
	for i := range v.Runs {
		n += v.Runs[i].Duplicates
	}
	return n
}

// Table writes the verdict for people.
func (v *Verdict) Table(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "sensor\trun\tevents\tseq\tmissing\tduplicates\tconflicts\tout of order\t")
	for i := range v.Runs {
		r := &v.Runs[i]
		fmt.Fprintf(t, "%s\t%s\t%d\t%d…%d\t%d\t%d\t%d\t%d\t\n",
			named(r.Sensor), named(r.Run), r.Records, r.First, r.Last, r.Missing, r.Duplicates, r.Conflicts, r.Unordered)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for i := range v.Runs {
		for _, g := range v.Runs[i].Gaps {
			fmt.Fprintf(out, "missing: sensor %s run %s seq %d to %d\n", named(v.Runs[i].Sensor), named(v.Runs[i].Run), g.From, g.To)
		}
	}
	for _, d := range v.Examples {
		fmt.Fprintf(out, "out of order: topic %s partition %d offset %d key %s: seq %d of sensor %s run %s stands behind %d\n",
			d.Topic, d.Partition, d.Offset, d.Key, d.Seq, named(d.Sensor), named(d.Run), d.After)
	}
	for _, t := range v.Topics {
		switch {
		case t.Absent:
			fmt.Fprintf(out, "topic %s does not exist\n", t.Topic)
		case t.Trimmed:
			fmt.Fprintf(out, "topic %s has lost its oldest records, by retention or deletion: what is missing may have been among them\n", t.Topic)
		}
	}
	if v.Unchecked > 0 {
		fmt.Fprintf(out, "the order of %d records was not checked: too many keys\n", v.Unchecked)
	}
	_, err := fmt.Fprintf(out, "%d records, %d bytes, %d out of order, %d without seq or event_id\n", v.Records, v.Bytes, v.Unordered, v.Foreign)
	return err
}

// named shows that a name is empty.
func named(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (v *verifier) verdict() Verdict {
	out := v.sum
	out.Runs = []RunVerdict{}
	for k, r := range v.runs {
		one := RunVerdict{
			Sensor: k.sensor, Run: k.run, Records: r.records, First: r.first, Last: r.last,
			Duplicates: r.duplicates, Conflicts: r.conflicts, Unordered: r.unordered,
		}
		one.Missing, one.Gaps = r.missing()
		out.Runs = append(out.Runs, one)
	}
	slices.SortFunc(out.Runs, func(a, b RunVerdict) int {
		return strings.Compare(a.Sensor+"\x00"+a.Run, b.Sensor+"\x00"+b.Run)
	})
	return out
}
