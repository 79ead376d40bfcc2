package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/jsonl"
	"spanwatch/exporter/metrics"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/config"
	"spanwatch/sensor/enrich"
	"spanwatch/sensor/internal/progress"
	"spanwatch/sensor/pipeline"
	"spanwatch/signatures"
)

// session is one pipeline with everything around it: rules, databases, sinks
// and the metrics endpoint. newSession opens, serve starts the endpoint, the
// caller runs the pipeline, close ends what still lives.
type session struct {
	cfg      *config.Config
	report   *signatures.Report
	geo      *enrich.Cache // of the summary
	pipeline *pipeline.Pipeline
	source   *capture.Files
	bar      *progress.Bar // passes messages on to standard error
	quiet    bool
	eve      string // path of the event file; empty when there is none

	addr    net.Addr // of the metrics endpoint
	stop    context.CancelFunc
	serving sync.WaitGroup
	faulty  atomic.Bool
}

// newSession opens what cfg names. Faults that leave something to do are
// printed; the error is for those that do not.
func newSession(cfg *config.Config, source *capture.Files, out, run string, quiet bool) (*session, error) {
	if cfg.Workers == 0 {
		cfg.Workers = runtime.NumCPU()
	}
	s := &session{cfg: cfg, source: source, quiet: quiet, bar: progress.New(os.Stderr, time.Now())}
	ruleset, report, err := loadRules(cfg)
	if err != nil {
		return nil, err
	}
	s.report = report
	if report.Failed > 0 {
		if cfg.Rules.Strict {
			return nil, fmt.Errorf("rules.strict: %d rules do not load, the first: %w", report.Failed, report.Failures[0])
		}
		if !quiet {
			fmt.Fprintf(s.bar, "%d of %d rules do not load; spanwatch rules check says why\n", report.Failed, report.Total)
		}
	}
	geo, err := enrich.Open(enrich.Config{Databases: cfg.Enrich.GeoIP, Sites: cfg.Enrich.Sites})
	if err != nil {
		fmt.Fprintln(s.bar, "spanwatch:", err) // events without countries are better than none
	}
	s.geo = geo.NewCache()
	sinks, err := s.sinks(out)
	if err != nil {
		return nil, err
	}
	s.pipeline, err = pipeline.New(pipeline.Options{
		Config: cfg, Sources: []capture.Source{source}, Ruleset: ruleset, Rules: report, Sinks: sinks, Geo: geo, Replay: true, Run: run,
		Fault: s.fault, Batch: s.progress,
	})
	return s, err
}

func (s *session) fault(what string, err error) {
	if err == nil {
		fmt.Fprintf(s.bar, "spanwatch: %s works again\n", what)
		return
	}
	s.faulty.Store(true)
	fmt.Fprintf(s.bar, "spanwatch: %s: %v\n", what, err)
}

// progress is called by the pipeline after each batch.
func (s *session) progress(now time.Time) {
	if !s.quiet {
		s.bar.Update(now, s.sample())
	}
}

func (s *session) sample() progress.Sample {
	stats := s.source.Stats()
	done, total := s.source.Progress()
	return progress.Sample{Packets: stats.Frames, Bytes: stats.Bytes, Done: done, Total: total, File: s.source.Current()}
}

// sinks opens the destinations of events.
func (s *session) sinks(out string) ([]exporter.Sink, error) {
	eve := s.cfg.Output.Eve
	if eve.Path == "" {
		return nil, nil
	}
	if eve.Path != "-" {
		if !filepath.IsAbs(eve.Path) {
			eve.Path = filepath.Join(out, eve.Path)
		}
		s.eve = eve.Path
	}
	if eve.Path == "-" {
		return []exporter.Sink{jsonl.NewStream("stdout", os.Stdout)}, nil
	}
	sink, err := jsonl.Open(eve.Path, !eve.Append)
	if err != nil {
		return nil, err
	}
	return []exporter.Sink{sink}, nil
}

// serve starts the metrics endpoint, if one is configured.
func (s *session) serve(ctx context.Context) error {
	if s.cfg.Metrics.Listen == "" {
		return nil
	}
	registry := metrics.NewRegistry(version)
	registry.Add(s.pipeline.MetricsSource())
	registry.Add(metrics.ExportSource(s.pipeline.Outlets()))
	server, err := metrics.Listen(s.cfg.Metrics.Listen, metrics.Handler(registry, nil))
	if err != nil {
		return err
	}
	s.addr = server.Addr()
	ctx, s.stop = context.WithCancel(ctx)
	s.serving.Add(1)
	go func() {
		defer s.serving.Done()
		if err := server.Serve(ctx); err != nil && !errors.Is(err, context.Canceled) {
			s.fault("metrics", err)
		}
	}()
	return nil
}

func (s *session) close() {
	if s.stop != nil {
		s.stop()
		s.serving.Wait()
	}
}
