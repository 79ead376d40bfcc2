package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/jsonl"
	"spanwatch/exporter/metrics"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/config"
	"spanwatch/sensor/enrich"
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
	messages io.Writer // standard error, or what shares it with a progress bar
	eve      string    // path of the event file; empty when there is none

	addr    net.Addr // of the metrics endpoint
	stop    context.CancelFunc
	serving sync.WaitGroup
	faulty  atomic.Bool
}

// sessionOptions are what differs between replay and live capture.
type sessionOptions struct {
	sources    []capture.Source
	interfaces []string // names, live only
	out        string   // folder of output files
	run        string   // see event.Options
	replay     bool
	quiet      bool
	messages   io.Writer
	batch      func(now time.Time) // see pipeline.Options
}

// newSession opens what cfg names. Faults that leave something to do are
// printed; the error is for those that do not.
func newSession(cfg *config.Config, o sessionOptions) (*session, error) {
	s := &session{cfg: cfg, messages: o.messages}
	ruleset, report, err := loadRules(cfg)
	if err != nil {
		return nil, err
	}
	s.report = report
	if report.Failed > 0 {
		if cfg.Rules.Strict {
			return nil, fmt.Errorf("rules.strict: %d rules do not load, the first: %w", report.Failed, report.Failures[0])
		}
		if !o.quiet {
			fmt.Fprintf(s.messages, "%d of %d rules do not load; spanwatch rules check says why\n", report.Failed, report.Total)
		}
	}
	for _, w := range report.Warnings {
		if !w.Warning { // a line of a side file that was left out
			fmt.Fprintln(s.messages, "spanwatch:", w)
		}
	}
	geo, err := enrich.Open(enrich.Config{Databases: cfg.Enrich.GeoIP, Sites: cfg.Enrich.Sites})
	if err != nil {
		fmt.Fprintln(s.messages, "spanwatch:", err) // events without countries are better than none
	}
	s.geo = geo.NewCache()
	sinks, err := s.sinks(o.out)
	if err != nil {
		return nil, err
	}
	s.pipeline, err = pipeline.New(pipeline.Options{
		Config: cfg, Sources: o.sources, Interfaces: o.interfaces, Ruleset: ruleset, Rules: report, Sinks: sinks, Geo: geo,
		Replay: o.replay, Run: o.run, Fault: s.fault, Batch: o.batch,
	})
	return s, err
}

func (s *session) fault(what string, err error) {
	if err == nil {
		fmt.Fprintf(s.messages, "spanwatch: %s works again\n", what)
		return
	}
	s.faulty.Store(true)
	fmt.Fprintf(s.messages, "spanwatch: %s: %v\n", what, err)
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

// destination names where events go, for people.
func (s *session) destination() string {
	switch {
	case s.eve != "":
		return s.eve
	case s.cfg.Output.Eve.Path == "-":
		return "standard output"
	}
	return "nowhere"
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
