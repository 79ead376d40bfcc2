package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"spanwatch/exporter/event"
	"spanwatch/exporter/kafka"
)

// This file judges what is left of a sensor that was killed. Three accounts say
// which alerts it had made: its last scrape, the file that it wrote beside
// Kafka, and another run over the same capture, whose event_ids are the same.

const (
	// scrapeAhead is how long before its end the last scrape of a killed sensor
	// is taken: longer than an alert takes from the queue to the disk.
	scrapeAhead = 20 * time.Millisecond
	// fileAhead is by how much, in packet time, the file may be ahead of the
	// topics: the sensor hands events to one sink after the other, all of an
	// interval at a time.
	fileAhead = 250 * time.Millisecond
)

// arrivals are the event_ids that were read from each topic.
type arrivals map[string]map[string]bool

func (a arrivals) add(topic, id string) {
	if a[topic] == nil {
		a[topic] = map[string]bool{}
	}
	a[topic][id] = true
}

// alertLine is what is read of an alert in an event file.
type alertLine struct {
	Time string `json:"timestamp"`
	Type string `json:"event_type"`
	ID   string `json:"event_id"`
	at   time.Time
}

// readAlerts returns the alerts of an event file in its order, and the time of
// the latest event. The end of a line that is missing is left alone: the
// writer was killed.
func readAlerts(path string) (alerts []alertLine, latest time.Time, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, latest, err
	}
	lines := bufio.NewScanner(bytes.NewReader(text[:bytes.LastIndexByte(text, '\n')+1]))
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var a alertLine
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return nil, latest, err
		}
		if a.at, err = time.Parse("2006-01-02T15:04:05.999999-0700", a.Time); err != nil {
			return nil, latest, err
		}
		if a.at.After(latest) {
			latest = a.at
		}
		if a.Type == event.TypeAlert.String() {
			alerts = append(alerts, a)
		}
	}
	return alerts, latest, lines.Err()
}

// reference is the alerts of the load, as a run makes them that nothing
// happens to.
func (b *bench) reference(ctx context.Context) ([]alertLine, error) {
	dir := filepath.Join(b.dir, "reference")
	if _, err := os.Stat(filepath.Join(dir, "eve.json")); err != nil {
		run := exec.CommandContext(ctx, b.program, "replay", b.load, "-r", b.rules, "-o", dir, "--workers", "1", "--set", "sensor.name=probe-1")
		if out, err := run.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("reference: %w: %s", err, out)
		}
	}
	alerts, _, err := readAlerts(filepath.Join(dir, "eve.json"))
	return alerts, err
}

// judgeKilled checks that every alert that the sensor had queued before its end
// is in the topic, none missing in between, and of the other events those that
// it had taken. What was in its memory of these is not.
func (sc *scene) judgeKilled(ctx context.Context, last scrape, v *kafka.Verdict, got map[string]bool, o *outcome) error {
	for _, t := range event.Types() {
		name := t.String()
		taken := last.sum("export_delivered_events_total", "sink", "kafka", "type", name) +
			last.sum("export_spool_events", "sink", "kafka", "type", name)
		if t == event.TypeAlert {
			taken = last.sum("export_made_events_total", "sink", "kafka", "type", name)
		}
		n := arrived(v, sc.prefix+"."+name)
		if missing := taken - n; missing > 0 {
			o.unaccounted += missing
			o.fail("%s: the sensor had taken %v, %v arrived", t, taken, n)
		}
	}
	file, latest, err := readAlerts(filepath.Join(sc.dir, "eve.json"))
	if err != nil {
		return err
	}
	o.alerts = max(o.alerts, float64(len(got)))
	for i, a := range file {
		if !got[a.ID] && latest.Sub(a.at) > fileAhead {
			o.alerts = max(o.alerts, float64(i+1))
			o.fail("alert %s of %s is in the file and did not arrive", a.ID, a.Time)
		}
	}
	all, err := sc.b.reference(ctx)
	if err != nil {
		return err
	}
	for i, a := range all[:min(len(got), len(all))] {
		if !got[a.ID] {
			o.fail("%d alerts arrived, and alert %d of the capture, %s, is not among them", len(got), i+1, a.ID)
		}
	}
	if len(got) == 0 || len(got) >= len(all) {
		o.fail("%d alerts arrived of %d in the capture: the sensor was not killed in the middle", len(got), len(all))
	}
	return nil
}
