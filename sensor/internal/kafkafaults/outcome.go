package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/kafka"
)

const (
	// maxPeak bounds the resident memory of a sensor. Without any fault it has
	// some 100 MB.
	maxPeak = 256 << 20
	heading = "fault\tmade\tdelivered\tby the spool\tnext run\tdropped\talerts\tcopies\tdisorder\tarrived though dropped\tunaccounted\tpeak MB\tscrapes\tresult"
)

// outcome is what became of one fault.
type outcome struct {
	made, delivered, replayed, next float64 // by the metrics; next: delivered by the second run
	dropped                         map[string]float64
	alerts, alertsArrived           float64
	copies, disorder                uint64
	unaccounted                     float64
	doubtful                        float64 // called dropped, and arrived nevertheless
	peak                            float64
	scrapes                         int
	wrong                           []string
}

func (o *outcome) fail(format string, args ...any) {
	o.wrong = append(o.wrong, fmt.Sprintf(format, args...))
}

// row is a line of the table.
func (o *outcome) row(f *fault) string {
	var drops []string
	for why, n := range o.dropped {
		drops = append(drops, fmt.Sprintf("%s %.0f", why, n))
	}
	slices.Sort(drops)
	if len(drops) == 0 {
		drops = []string{"0"}
	}
	result := "held"
	if len(o.wrong) > 0 {
		result = "FAILED"
	}
	return fmt.Sprintf("%s\t%.0f\t%.0f\t%.0f\t%.0f\t%s\t%.0f of %.0f\t%d\t%d\t%.0f\t%.0f\t%.0f\t%d\t%s", f.name, o.made, o.delivered, o.replayed, o.next,
		strings.Join(drops, ", "), o.alertsArrived, o.alerts, o.copies, o.disorder, o.doubtful, o.unaccounted, o.peak/1e6, o.scrapes, result)
}

// try lets one fault happen and judges what became of it.
func (b *bench) try(ctx context.Context, f *fault) (o outcome) {
	o.dropped = map[string]float64{}
	prefix := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, f.name)
	sc := &scene{b: b, prefix: prefix, dir: filepath.Join(b.dir, prefix)}
	if err := errors.Join(os.Mkdir(sc.dir, 0o755), sc.play(ctx, f, &o)); err != nil {
		o.fail("%v", err)
	}
	return o
}

// play runs the sensor, and a second time where something is left.
func (sc *scene) play(ctx context.Context, f *fault, o *outcome) (err error) {
	if sc.cluster, err = sc.b.cluster(ctx, max(f.nodes, 1)); err != nil {
		return err
	}
	if !f.noTopics {
		if err := sc.createTopics(ctx); err != nil {
			return err
		}
	}
	if f.lossy {
		unmount, err := smallDisk(sc.spool())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, unmount()) }()
	}
	addr := sc.broker().Addr()
	if f.addr != nil {
		addr = f.addr(sc.broker())
	}
	common := append([]string{"--kafka", addr}, set("output.kafka.replay-prefix="+sc.prefix)...)
	args := common
	if f.args != nil {
		args = append(slices.Clone(common), f.args(sc)...)
	}
	if f.late || f.again != nil { // waiting leads to nothing
		args = append(args, set("output.flush-timeout=1s")...)
	}
	first, err := sc.first(ctx, f, args, o)
	if err != nil {
		return err
	}
	finals := []scrape{first}
	if left := first.sum("export_spool_events", "sink", "kafka"); left > 0 || f.kills {
		again := f.args
		if f.again != nil {
			again = f.again
		}
		args = common
		if again != nil {
			args = append(slices.Clone(common), again(sc)...)
		}
		// The same input, so that it is the same run, of which no frame is taken.
		second, err := startSensor(ctx, sc.b, filepath.Join(sc.dir, "second"), sc.spool(), append(args, "--filter", "ether proto 0x9999")...)
		if err != nil {
			return err
		}
		final, err := second.finish(ctx)
		if err != nil {
			return err
		}
		if n := final.sum("export_recovered_events_total", "sink", "kafka"); !f.kills && n != left {
			o.fail("%v events were left, the next run found %v", left, n)
		}
		o.next = final.sum("export_delivered_events_total", "sink", "kafka")
		o.note(second)
		finals = append(finals, final)
	}
	ids := arrivals{}
	v, err := kafka.Verify(ctx, kafka.VerifyConfig{Config: sc.config(), Each: ids.add})
	if err != nil {
		return err
	}
	sc.judge(f, finals, &v, o)
	if f.kills {
		return sc.judgeKilled(ctx, first, &v, ids[sc.prefix+"."+event.TypeAlert.String()], o)
	}
	return nil
}

// first is the run that the fault strikes.
func (sc *scene) first(ctx context.Context, f *fault, args []string, o *outcome) (final scrape, err error) {
	if sc.sensor, err = startSensor(ctx, sc.b, sc.dir, sc.spool(), args...); err != nil {
		return nil, err
	}
	healed := f.heal == nil
	heal := func() error {
		if healed {
			return nil
		}
		healed = true
		return f.heal(ctx, sc)
	}
	defer func() { err = errors.Join(err, heal()) }()
	if !f.blind {
		err := sc.sensor.until(ctx, "delivery", func(s scrape) bool { return s.sum("export_delivered_events_total", "sink", "kafka") > 0 })
		if err != nil {
			return nil, err
		}
	}
	if err := f.strike(ctx, sc); err != nil {
		return nil, err
	}
	if !f.late {
		if err := heal(); err != nil {
			return nil, err
		}
	}
	if f.kills {
		o.note(sc.sensor)
		return sc.last, nil
	}
	final, err = sc.sensor.finish(ctx)
	o.note(sc.sensor)
	if f.says != "" && !strings.Contains(strings.ToLower(sc.sensor.said()), strings.ToLower(f.says)) {
		o.fail("people were not told of %q: %s", f.says, sc.sensor.said())
	}
	return final, err
}

// note takes over what was seen in the course of a run.
func (o *outcome) note(s *sensor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.wrong = append(o.wrong, s.wrong...)
	o.peak = max(o.peak, s.peak)
	o.scrapes += s.scrapes
}

// judge compares the accounts.
func (sc *scene) judge(f *fault, finals []scrape, v *kafka.Verdict, o *outcome) {
	sum := func(name string, labels ...string) (n float64) {
		for _, s := range finals {
			n += s.sum(name, append(labels, "sink", "kafka")...)
		}
		return n
	}
	last := finals[len(finals)-1]
	for _, s := range finals {
		if ours, its := s.sum("export_spool_events", "sink", "kafka"), s.sum("spool_records"); ours != its && !f.kills {
			o.fail("%v events are spooled by the outlet's accounts, %v by the spool's own", ours, its)
		}
	}
	left := last.sum("export_spool_events", "sink", "kafka")
	o.made, o.delivered, o.replayed = sum("export_made_events_total"), sum("export_delivered_events_total"), sum("export_replayed_events_total")
	o.alerts = sum("export_made_events_total", "type", "alert")
	for why := exporter.DropNone + 1; why < exporter.NumDropReasons; why++ {
		if n := sum("export_dropped_events_total", "reason", why.String()); n > 0 {
			o.dropped[why.String()] = n
		}
	}
	for _, x := range v.Runs {
		o.copies += x.Duplicates
		if x.Conflicts > 0 {
			o.fail("%d seq have two different event_id", x.Conflicts)
		}
	}
	o.disorder = v.Unordered
	o.alertsArrived = arrived(v, sc.prefix+".alert")
	if !f.kills {
		sc.judgeEnded(f, sum, v, o)
	}
	if n := sum("export_dropped_events_total", "type", "alert"); n > 0 {
		o.fail("%v alerts were dropped", n)
	}
	if len(o.dropped) > 0 && !f.lossy {
		o.fail("events were dropped: %v", o.dropped)
	}
	if len(o.dropped) == 0 && f.lossy {
		o.fail("nothing was dropped: the disk was never full")
	}
	if left > 0 {
		o.fail("%v events are still in the spool", left)
	}
	if sum("export_spooled_events_total") == 0 && !f.unused {
		o.fail("nothing was spooled: the fault did not happen")
	}
	if o.disorder > 0 {
		o.fail("%d events are out of order: %+v", o.disorder, v.Examples)
	}
	if v.Foreign > 0 {
		o.fail("%d records are no events", v.Foreign)
	}
	if o.peak > maxPeak {
		o.fail("%.0f MB resident, the bound is %d", o.peak/1e6, maxPeak/1_000_000)
	}
	if o.made == 0 || o.scrapes == 0 {
		o.fail("made %v events, %d scrapes: the run did not happen", o.made, o.scrapes)
	}
}

// arrived is how many different events are in a topic.
func arrived(v *kafka.Verdict, topic string) float64 {
	for _, t := range v.Topics {
		if t.Topic == topic {
			return float64(t.Records - t.Duplicates)
		}
	}
	return 0
}

// judgeEnded compares the metrics with the file and with each topic.
func (sc *scene) judgeEnded(f *fault, sum func(string, ...string) float64, v *kafka.Verdict, o *outcome) {
	lines, alerts, err := countLines(filepath.Join(sc.dir, "eve.json"))
	if err != nil {
		o.fail("%v", err)
	}
	if lines != o.made || alerts != o.alerts {
		o.fail("the file has %v events with %v alerts, Kafka was given %v with %v", lines, alerts, o.made, o.alerts)
	}
	if o.alertsArrived != o.alerts {
		o.fail("%v alerts arrived of %v", o.alertsArrived, o.alerts)
	}
	for _, t := range event.Types() {
		made, delivered := sum("export_made_events_total", "type", t.String()), sum("export_delivered_events_total", "type", t.String())
		dropped, got := sum("export_dropped_events_total", "type", t.String()), arrived(v, sc.prefix+"."+t.String())
		if t.String() == f.deleted {
			if got == 0 || got >= delivered {
				o.fail("%s: %v arrived of %v, want some to be gone with the topic", t, got, delivered)
			}
			continue
		}
		o.unaccounted += max(made-dropped-got, 0)
		// What was sent and had no answer when there was no room left to keep it
		// may have arrived all the same.
		if beyond := min(got-delivered, dropped); f.lossy && beyond > 0 {
			o.doubtful += beyond
			got -= beyond
		}
		if got != delivered {
			o.fail("%s: %v arrived, %v were called delivered", t, got, delivered)
		}
	}
	if o.unaccounted != 0 {
		o.fail("%v events are not accounted for", o.unaccounted)
	}
}

// countLines counts the events of a file, and the alerts among them.
func countLines(path string) (all, alerts float64, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, err
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		all++
		if bytes.Contains(lines.Bytes(), []byte(`"event_type":"alert"`)) {
			alerts++
		}
	}
	return all, alerts, lines.Err()
}
