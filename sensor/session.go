package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"spanwatch/exporter/metrics"
	"spanwatch/sensor/accounting"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/config"
	"spanwatch/sensor/enrich"
	"spanwatch/sensor/filestore"
	"spanwatch/sensor/output"
	"spanwatch/sensor/pipeline"
	"spanwatch/signatures"
)

// session is one pipeline with everything around it: rules, databases, sinks
// and the metrics endpoint. newSession opens, serve starts the endpoint, the
// caller runs the pipeline, close ends what still lives.
type session struct {
	files    *filestore.Store // nil keeps no files
	cfg      *config.Config
	rules    *ruleLoader
	ruleset  *signatures.Ruleset // of the start
	geo      *enrich.Cache       // of the summary
	pipeline *pipeline.Pipeline
	kernel   *accounting.Kernel // live only
	replay   bool
	out      string           // folder of output files
	messages io.Writer        // standard error, or what shares it with a progress bar
	hangup   <-chan os.Signal // live only
	outputs  *output.Set

	addr    net.Addr // of the metrics endpoint
	stop    context.CancelFunc
	serving sync.WaitGroup
	faulty  atomic.Bool
	running atomic.Bool // the pipeline
}

// sessionOptions are what differs between replay and live capture.
type sessionOptions struct {
	sources    []capture.Source
	interfaces []string // names, live only
	kernel     *accounting.Kernel
	shunt      bool   // have the kernel hold back what is not inspected
	out        string // folder of output files
	run        string // see event.Options
	replay     bool
	quiet      bool
	messages   io.Writer
	hangup     <-chan os.Signal    // each loads the rules anew; live only
	batch      func(now time.Time) // see pipeline.Options
}

// newSession opens what cfg names. Faults that leave something to do are
// printed; the error is for those that do not.
func newSession(cfg *config.Config, o sessionOptions) (*session, error) {
	s := &session{cfg: cfg, kernel: o.kernel, messages: o.messages, replay: o.replay, out: o.out, hangup: o.hangup}
	geo, err := enrich.Open(enrich.Config{Databases: cfg.Enrich.GeoIP, Sites: cfg.Enrich.Sites})
	if err != nil {
		fmt.Fprintln(s.messages, "spanwatch:", err) // events without countries are better than none
	}
	s.geo = geo.NewCache()
	s.rules = &ruleLoader{cfg: &cfg.Rules, geo: geo, keepText: cfg.Events.AlertRule, fileStore: cfg.FileStore.Enabled}
	ruleset, report, err := s.rules.load()
	if err != nil {
		return nil, err
	}
	if err := s.rules.acceptable(report); err != nil {
		return nil, err
	}
	s.ruleset = ruleset
	s.rules.accept(ruleset)
	if report.Failed > 0 && !o.quiet {
		fmt.Fprintf(s.messages, "%d of %d rules do not load; spanwatch rules check says why\n", report.Failed, report.Total)
	}
	for _, w := range report.Warnings {
		if !w.Warning { // a line of a side file that was left out
			fmt.Fprintln(s.messages, "spanwatch:", w)
		}
	}
	s.outputs, err = output.Open(cfg, output.Run{Folder: o.out, ID: o.run, Replay: o.replay, Report: s.fault})
	if err != nil {
		return nil, err
	}
	if err := s.openFiles(); err != nil {
		return nil, errors.Join(err, s.outputs.Close())
	}
	var shunt pipeline.Shunter
	if o.shunt {
		shunt = o.kernel
	}
	s.pipeline, err = pipeline.New(pipeline.Options{
		Shunt:  shunt,
		Files:  s.files,
		Config: cfg, Sources: o.sources, Kernel: o.kernel, Interfaces: o.interfaces, Ruleset: ruleset, Rules: report,
		Outlets: s.outputs.Outlets, Geo: geo,
		Replay: o.replay, Run: o.run, Fault: s.fault, Batch: o.batch,
	})
	if err != nil {
		return nil, errors.Join(err, s.outputs.Close())
	}
	return s, nil
}

// run runs the pipeline to its end and says what it leaves behind. Meanwhile
// SIGHUP makes it open its files again, as logrotate wants.
func (s *session) run(ctx context.Context) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-hangup:
				s.outputs.Reopen()
			case <-ended:
				return
			}
		}
	}()
	stop := func() {}
	if !s.replay {
		r := reloader{loader: s.rules, pipeline: s.pipeline, messages: s.messages, watch: s.cfg.Rules.Watch, hangup: s.hangup}
		stop = r.start(ctx, s.ruleset)
	}
	s.ruleset = nil // another may take its place
	s.running.Store(true)
	err := s.pipeline.Run(ctx)
	stop()
	s.closeFiles()
	signal.Stop(hangup)
	close(ended)
	if c := &s.cfg.Rules; c.Profile && c.ProfileReport != "" {
		path := c.ProfileReport
		if !filepath.IsAbs(path) {
			path = filepath.Join(s.out, path)
		}
		if err := writeProfile(path, s.pipeline.State.View().Costs); err != nil {
			s.fault("rules", err)
		}
	}
	if err := saveDatasets(s.rules.datasets, s.cfg.Rules.DataDir); err != nil {
		s.fault("rules", err)
	}
	for _, line := range s.outputs.Left() {
		fmt.Fprintln(s.messages, "spanwatch:", line)
	}
	return err
}

// openFiles opens the file store, if there is to be one.
func (s *session) openFiles() (err error) {
	c := &s.cfg.FileStore
	if !c.Enabled {
		return nil
	}
	dir := cmp.Or(c.Dir, "filestore")
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(s.out, dir)
	}
	s.files, err = filestore.Open(filestore.Config{
		Dir: dir, MaxFile: uint64(c.MaxFile), MaxFiles: uint64(c.MaxFiles), MaxBytes: uint64(c.MaxSize), Wait: s.replay,
	}, func(err error) { s.fault("file store", err) })
	return err
}

// closeFiles writes what waits, and says what was not kept.
func (s *session) closeFiles() {
	if s.files == nil {
		return
	}
	s.files.Close()
	if st := s.files.Stats(); st.Full+st.Large+st.Failed > 0 {
		fmt.Fprintf(s.messages, "spanwatch: file store: %d files were not kept for want of room, %d were too large, %d failed\n", st.Full, st.Large, st.Failed)
	}
}

// ready says why the sensor is not of use at present; nil when it captures, its
// rules are loaded and its sinks work.
func (s *session) ready() error {
	var faults []error
	v := s.pipeline.State.View()
	switch {
	case v.Final:
		faults = append(faults, errCaptureEnded)
	case !s.running.Load():
		faults = append(faults, errNotStarted)
	default:
		for _, i := range v.Interfaces {
			if !i.Up {
				faults = append(faults, fmt.Errorf("%w from %s", errNoCapture, i.Name))
			}
		}
	}
	if len(s.cfg.Rules.Files) > 0 && v.Rules.Report.Loaded == 0 {
		faults = append(faults, errNoRules)
	}
	return errors.Join(append(faults, s.outputs.Fault())...)
}

// Why a sensor is not ready.
var (
	errNotStarted   = errors.New("capture has not started")
	errNoCapture    = errors.New("nothing is captured")
	errCaptureEnded = errors.New("capture has ended")
	errNoRules      = errors.New("rule files are named, and no rule is loaded")
)

func (s *session) fault(what string, err error) {
	if err == nil {
		fmt.Fprintf(s.messages, "spanwatch: %s works again\n", what)
		return
	}
	s.faulty.Store(true)
	fmt.Fprintf(s.messages, "spanwatch: %s: %s\n", what, strings.ReplaceAll(err.Error(), "\n", "; "))
}

// serve starts the metrics endpoint, if one is configured.
func (s *session) serve(ctx context.Context) error {
	if s.cfg.Metrics.Listen == "" {
		return nil
	}
	registry := metrics.NewRegistry(version)
	registry.Add(s.pipeline.MetricsSource())
	if s.kernel != nil {
		registry.Add(s.kernel.MetricsSource())
	}
	registry.Add(s.outputs.MetricsSource())
	c := &s.cfg.Metrics
	auth := metrics.Auth{User: c.Auth.User, PasswordFile: c.Auth.PasswordFile, TokenFile: c.Auth.TokenFile}
	if err := auth.Validate(); err != nil {
		return err
	}
	server, err := metrics.Listen(c.Listen, metrics.TLS{CertFile: c.TLS.CertFile, KeyFile: c.TLS.KeyFile, ClientCAFile: c.TLS.ClientCAFile},
		metrics.Handler(registry, metrics.Options{Ready: s.ready, Auth: auth, PProf: c.PProf}))
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
