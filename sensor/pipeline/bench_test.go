package pipeline

import (
	"context"
	"io"
	"os"
	"testing"

	"spanwatch/exporter"
	"spanwatch/exporter/jsonl"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/config"
	"spanwatch/signatures"
)

// BenchmarkReplay runs the whole sensor over one capture with one worker:
// the office capture, or the file that SPANWATCH_BENCH_PCAP names.
func BenchmarkReplay(b *testing.B) {
	path := "../../testdata/pcap/office.pcapng"
	if other := os.Getenv("SPANWATCH_BENCH_PCAP"); other != "" {
		path = other
	}
	for name, types := range map[string][]string{"flows": {"flow"}, "everything": {"alert", "anomaly", "dns", "flow", "stats"}} {
		b.Run(name, func(b *testing.B) {
			ruleset, report := signatures.Load(nil, signatures.Options{})
			var packets uint64
			b.ReportAllocs()
			for b.Loop() {
				source, err := capture.OpenFiles(capture.Options{Paths: []string{path}})
				if err != nil {
					b.Fatal(err)
				}
				cfg := config.Default()
				cfg.Events.Types = types
				p, err := New(Options{
					Config: cfg, Sources: []capture.Source{source}, Ruleset: ruleset, Rules: report, Replay: true,
					Outlets: []*exporter.Outlet{exporter.NewOutlet(jsonl.NewStream("nowhere", io.Discard), exporter.Config{Block: true})},
				})
				if err != nil {
					b.Fatal(err)
				}
				if err := p.Run(context.Background()); err != nil {
					b.Fatal(err)
				}
				packets += p.State.View().Front.Frames
				source.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(packets), "ns/packet")
		})
	}
}
