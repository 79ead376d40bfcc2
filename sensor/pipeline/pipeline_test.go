package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spanwatch/exporter"
	"spanwatch/exporter/event/eventtest"
	"spanwatch/exporter/jsonl"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/config"
	"spanwatch/sensor/overload"
	"spanwatch/signatures"
	"spanwatch/signatures/ruleconf"
)

// replayed is what one replay made.
type replayed struct {
	text   []byte
	view   *View
	faults []error
}

func (r *replayed) lines() []string {
	return strings.Split(strings.TrimSuffix(string(r.text), "\n"), "\n")
}

func replay(t *testing.T, rules string, edit func(*config.Config), paths ...string) *replayed {
	t.Helper()
	return replayShedding(t, nil, rules, edit, paths...)
}

// replayShedding is replay that sheds what policy says, as no replay does by
// itself.
func replayShedding(t *testing.T, policy func(overload.Signal) overload.Shed, rules string, edit func(*config.Config), paths ...string) *replayed {
	t.Helper()
	return replayWith(t, policy, rules, signatures.Options{}, edit, paths...)
}

// replayThresholds is replay with the settings of a threshold file.
func replayThresholds(t *testing.T, rules string, conf *ruleconf.Thresholds, paths ...string) *replayed {
	t.Helper()
	return replayWith(t, nil, rules, signatures.Options{Thresholds: conf}, nil, paths...)
}

func replayWith(t *testing.T, policy func(overload.Signal) overload.Shed, rules string, options signatures.Options, edit func(*config.Config), paths ...string) *replayed {
	t.Helper()
	cfg := config.Default()
	if edit != nil {
		edit(cfg)
	}
	source, err := capture.OpenFiles(capture.Options{Paths: paths})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	ruleset, report := signatures.Load([]signatures.Source{{Name: "test.rules", Text: []byte(rules)}}, options)
	for _, f := range report.Failures {
		t.Fatal(f)
	}
	var out bytes.Buffer
	r := &replayed{}
	p, err := New(Options{
		Config: cfg, Sources: []capture.Source{source}, Ruleset: ruleset, Rules: report, Replay: true, Run: "test", Overload: policy,
		Outlets: []*exporter.Outlet{exporter.NewOutlet(jsonl.NewStream("test", &out), exporter.Config{Block: true})},
		Fault:   func(what string, err error) { r.faults = append(r.faults, fmt.Errorf("%s: %w", what, err)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.text, r.view = out.Bytes(), p.State.View()
	return r
}

func bundled(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../testdata/pcap/*.pcap*")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no bundled captures found (%v)", err)
	}
	return paths
}

// TestEveryByteIsAccountedFor: bytes of the capture = Σ flows + refused, for
// every bundled capture and number of workers, and the events are the same to
// the byte, in the same order.
func TestEveryByteIsAccountedFor(t *testing.T) {
	validator, err := eventtest.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range bundled(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			var first *replayed
			for _, workers := range []int{1, 2, 4} {
				r := replay(t, "", func(c *config.Config) { c.Workers = workers }, path)
				if len(r.faults) > 0 {
					t.Fatal(errors.Join(r.faults...))
				}
				if packets, bytes := r.view.Balance(); packets != 0 || bytes != 0 {
					t.Errorf("%d workers: %d packets and %d bytes are unexplained", workers, packets, bytes)
				}
				if total := r.view.Traffic.Total; total.Bytes != r.view.Front.Bytes || total.Packets != r.view.Front.Frames {
					t.Errorf("%d workers: the account has %+v, the capture %d frames of %d bytes", workers, total, r.view.Front.Frames, r.view.Front.Bytes)
				}
				if first == nil {
					first = r
					for _, line := range r.lines() {
						if err := validator.Validate([]byte(line)); err != nil {
							t.Errorf("%v\n%s", err, line)
						}
					}
					continue
				}
				if !bytes.Equal(r.text, first.text) {
					diffLines(t, workers, first.lines(), r.lines())
				}
			}
		})
	}
}

func diffLines(t *testing.T, workers int, want, got []string) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%d workers: %d events, with one %d", workers, len(got), len(want))
	}
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			t.Errorf("%d workers: event %d differs\ngot  %s\nwant %s", workers, i, got[i], want[i])
			break
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Errorf("%d workers: the sorted events differ too", workers)
	}
}

func TestAnomaliesThatAreLeftOutDoNotDependOnWorkers(t *testing.T) {
	var first *replayed
	for _, workers := range []int{1, 2, 4} {
		r := replay(t, "", func(c *config.Config) {
			c.Workers, c.Events.AnomaliesPerType = workers, 2
		}, "../../testdata/pcap/tcp-loss.pcap", "../../testdata/pcap/tcp-oddities.pcap", "../../testdata/pcap/office.pcapng")
		if first == nil {
			first = r
			if n := r.view.Work.Muted + r.view.Merge.Muted; n == 0 {
				t.Error("no anomaly was left out")
			}
			continue
		}
		if !bytes.Equal(r.text, first.text) {
			diffLines(t, workers, first.lines(), r.lines())
		}
	}
}
