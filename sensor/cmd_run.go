package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"spanwatch/sensor/accounting"
	"spanwatch/sensor/config"
	"spanwatch/sensor/output"
)

const runUsage = `usage: spanwatch run -i INTERFACE [options]

Captures from interfaces, commonly the span port of a switch, and writes what it
finds as EVE JSON lines to DIR/eve.json until it is interrupted.

  spanwatch run -i eth1 -r /etc/spanwatch/rules/*.rules -o /var/log/spanwatch
  spanwatch run -i eth1 -i eth2 --workers 4 --listen 127.0.0.1:9750

SIGHUP loads the rules anew, and rules.watch does so when a rule file changes;
what cannot be loaded leaves the rules in use as they are. Flows and what rules
know of them go on.

Needs CAP_NET_RAW; and CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN for the kernel to
count packets, without which captured frames alone are counted. --dry-run says
what is missing. Once at work it gives up what it does not need any more.

options:
`

// runOptions are the command line of run.
type runOptions struct {
	config     configFlags
	interfaces list
	rules      list
	geoip      list
	kafka      list
	out        string
	workers    int
	filter     string
	listen     string
	quiet      bool
	dryRun     bool

	fixOffloads bool
}

func (o *runOptions) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("run", flag.ContinueOnError)
	fs.Usage = func() {
		fmt.Print(runUsage)
		fs.PrintDefaults()
	}
	o.config.register(fs)
	fs.Var(&o.interfaces, "i", "`INTERFACE` to capture from; may be repeated")
	fs.Var(&o.rules, "r", "rule `FILE` or pattern; may be repeated")
	fs.Var(&o.geoip, "geoip", "GeoIP database `FILE` in MaxMind format; may be repeated")
	fs.Var(&o.kafka, "kafka", "send events to Kafka too, by way of this broker (`HOST:PORT`; may be repeated): topics spanwatch.*")
	fs.StringVar(&o.out, "o", ".", "output `DIR`ectory, made if missing")
	fs.IntVar(&o.workers, "workers", -1, "workers, 0 is one per CPU (default: the configuration's)")
	fs.StringVar(&o.filter, "filter", "", "BPF `EXPRESSION`, as of tcpdump; run by the kernel")
	fs.StringVar(&o.listen, "listen", "", "serve /metrics on this `ADDRESS`, such as 127.0.0.1:9750")
	fs.BoolVar(&o.fixOffloads, "fix-offloads", false, "switch off offloads that merge received frames, until the end")
	fs.BoolVar(&o.dryRun, "dry-run", false, "print how packets of each interface would be counted, and why, and attach nothing")
	fs.BoolVar(&o.quiet, "quiet", false, "print nothing but faults")
	return fs
}

func (o *runOptions) configuration() (*config.Config, error) {
	cfg, err := o.config.load()
	if err != nil {
		return nil, err
	}
	cfg.Capture.Interfaces = append(cfg.Capture.Interfaces, o.interfaces...)
	cfg.Rules.Files = append(cfg.Rules.Files, o.rules...)
	cfg.Enrich.GeoIP = append(cfg.Enrich.GeoIP, o.geoip...)
	cfg.Output.Kafka.Brokers = append(cfg.Output.Kafka.Brokers, o.kafka...)
	if faults := output.Check(cfg); len(o.kafka) > 0 && len(faults) > 0 {
		return nil, faults[0]
	}
	if o.filter != "" {
		cfg.Capture.Filter = o.filter
	}
	cfg.Capture.FixOffloads = cfg.Capture.FixOffloads || o.fixOffloads
	if o.listen != "" {
		cfg.Metrics.Listen = o.listen
	}
	if o.workers >= 0 {
		cfg.Workers = o.workers
	}
	if cfg.Workers == 0 {
		cfg.Workers = runtime.NumCPU()
	}
	if cfg.Sensor.Name == "" {
		if cfg.Sensor.Name, err = os.Hostname(); err != nil {
			return nil, fmt.Errorf("sensor.name is not set and the host has none: %w", err)
		}
	}
	return cfg, nil
}

// runRun is the command run.
func runRun(ctx context.Context, args []string) (int, error) {
	var o runOptions
	words, err := parseMixed(o.flags(), args)
	if err != nil {
		return flagStatus(err)
	}
	if len(words) > 0 {
		return exitUsage, fmt.Errorf("%w: %q is no option; interfaces are named with -i", errUsage, words[0])
	}
	cfg, err := o.configuration()
	if err != nil {
		return exitUsage, err
	}
	if o.dryRun {
		return dryRun(cfg)
	}
	// From now on, so that a signal while rules are loaded does not end the
	// process: they are loaded once more then.
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	if err := require(cfg); err != nil {
		return exitFailure, err
	}
	undo, err := fixOffloads(cfg, o.quiet, os.Stderr)
	if err != nil {
		return exitFailure, err
	}
	defer func() {
		if err := undo(); err != nil {
			fmt.Fprintln(os.Stderr, "spanwatch:", err)
		}
	}()
	// Before capture, so that it counts all that is captured.
	counting := accountingOptions(cfg)
	counting.Fault = func(what string, err error) {
		if err == nil {
			fmt.Fprintf(os.Stderr, "spanwatch: %s goes on\n", what)
			return
		}
		fmt.Fprintf(os.Stderr, "spanwatch: %s: %v\n", what, err)
	}
	kernel, err := accounting.Open(counting)
	if err != nil {
		return exitFailure, err
	}
	defer func() {
		if err := kernel.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "spanwatch:", err)
		}
	}()
	if !o.quiet {
		writeChoices(os.Stderr, kernel.Choices())
	}
	live, err := openSources(cfg, kernel)
	if err != nil {
		return exitFailure, err
	}
	defer live.close()
	if !o.quiet {
		fmt.Fprintln(os.Stderr, live.how)
	}
	s, err := newSession(cfg, sessionOptions{
		sources: live.sources, shunt: live.shunt, kernel: kernel, interfaces: cfg.Capture.Interfaces, out: o.out, run: rand.Text(), quiet: o.quiet, messages: os.Stderr, hangup: hangup,
	})
	if err != nil {
		return exitFailure, err
	}
	defer s.close()
	if err := s.serve(ctx); err != nil {
		return exitFailure, err
	}
	messages := io.Writer(os.Stderr)
	if o.quiet {
		messages = io.Discard
	}
	if err := confine(cfg, o.out, o.config.path, messages); err != nil {
		return exitFailure, err
	}
	if !o.quiet {
		fmt.Fprintf(os.Stderr, "capturing from %v with %d workers; events go to %s\n", cfg.Capture.Interfaces, cfg.Workers, s.outputs.Where())
	}
	if err := s.run(ctx); err != nil {
		return exitFailure, err
	}
	if !o.quiet {
		s.summary(os.Stderr)
	}
	return exitOK, nil
}

// dryRun prints how packets would be counted and what is missing.
func dryRun(cfg *config.Config) (int, error) {
	choices, err := accounting.Describe(accountingOptions(cfg))
	writeChoices(os.Stdout, choices)
	if err == nil {
		var chosen captureMethod
		if chosen, err = chooseMethod(cfg, uncounted(choices)); err == nil {
			fmt.Fprintln(os.Stdout, chosen)
		}
	}
	if err := errors.Join(err, require(cfg)); err != nil {
		return exitFailure, err
	}
	return exitOK, nil
}
