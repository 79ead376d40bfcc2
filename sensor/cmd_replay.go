package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/term"

	"spanwatch/sensor/capture"
	"spanwatch/sensor/config"
	"spanwatch/sensor/internal/progress"
	"spanwatch/sensor/output"
)

const replayUsage = `usage: spanwatch replay FILE… [options]

Reads capture files (pcap and pcapng, plain or packed with gzip, zstd or lz4),
merged in time order, and writes what it finds as EVE JSON lines to DIR/eve.json.
FILE may be a pattern, a directory, or - for standard input.

  spanwatch replay office.pcapng -r demo.rules -o out
  zcat big.pcap.gz | spanwatch replay - -o out --workers 2
  spanwatch replay a.pcap --kafka 127.0.0.1:9092
  spanwatch replay a.pcap --listen 127.0.0.1:9750 --stay

Exit status: 0 done; 1 failed; 2 wrong usage; 3 done, but a capture file was
faulty and what lies behind the fault is missing.

options:
`

// replayOptions are the command line of replay.
type replayOptions struct {
	config   configFlags
	rules    list
	geoip    list
	kafka    list
	out      string
	workers  int
	filter   string
	speed    string
	frames   uint64
	bytes    uint64
	duration time.Duration
	from, to string
	listen   string
	stay     bool
	summary  bool
	quiet    bool
	run      string
}

func (o *replayOptions) flags() *flag.FlagSet {
	fs := flag.NewFlagSet("replay", flag.ContinueOnError)
	fs.Usage = func() {
		fmt.Print(replayUsage)
		fs.PrintDefaults()
	}
	o.config.register(fs)
	fs.Var(&o.rules, "r", "rule `FILE` or pattern; may be repeated")
	fs.StringVar(&o.out, "o", ".", "output `DIR`ectory, made if missing")
	fs.IntVar(&o.workers, "workers", -1, "workers, 0 is one per CPU (default: the configuration's)")
	fs.StringVar(&o.filter, "filter", "", "BPF `EXPRESSION`, as of tcpdump")
	fs.Var(&o.kafka, "kafka", "send events to Kafka too, by way of this broker (`HOST:PORT`; may be repeated): topics spanwatch-replay.*")
	fs.StringVar(&o.speed, "speed", "max", "max, or a multiple of real time such as 1x or 10x")
	fs.Uint64Var(&o.frames, "max-frames", 0, "stop after `N` frames")
	fs.Uint64Var(&o.bytes, "max-bytes", 0, "stop after `N` bytes on the wire")
	fs.DurationVar(&o.duration, "max-duration", 0, "stop after this much time in the capture")
	fs.StringVar(&o.from, "from", "", "skip frames before this `TIME` (RFC 3339)")
	fs.StringVar(&o.to, "to", "", "stop at this `TIME` (RFC 3339)")
	fs.Var(&o.geoip, "geoip", "GeoIP database `FILE` in MaxMind format; may be repeated")
	fs.StringVar(&o.listen, "listen", "", "serve /metrics on this `ADDRESS`, such as 127.0.0.1:9750")
	fs.BoolVar(&o.stay, "stay", false, "keep serving /metrics after the end, until interrupted")
	fs.BoolVar(&o.summary, "summary", false, "print a summary even when standard output is no terminal")
	fs.BoolVar(&o.quiet, "quiet", false, "print nothing but faults")
	fs.StringVar(&o.run, "run", "", "`ID` of this run in event ids (default: made from the input files)")
	return fs
}

// runReplay is the command replay.
func runReplay(ctx context.Context, args []string) (int, error) {
	var o replayOptions
	paths, err := parseMixed(o.flags(), args)
	if err != nil {
		return flagStatus(err)
	}
	cfg, err := o.configuration()
	if err != nil {
		return exitUsage, err
	}
	source, err := o.open(paths, cfg)
	if err != nil {
		return exitFailure, err
	}
	defer source.Close()
	return o.replay(ctx, cfg, source, paths)
}

// configuration is the file's with the command line's words on top.
func (o *replayOptions) configuration() (*config.Config, error) {
	cfg, err := o.config.load()
	if err != nil {
		return nil, err
	}
	cfg.Rules.Files = append(cfg.Rules.Files, o.rules...)
	cfg.Enrich.GeoIP = append(cfg.Enrich.GeoIP, o.geoip...)
	cfg.Output.Kafka.Brokers = append(cfg.Output.Kafka.Brokers, o.kafka...)
	if faults := output.Check(cfg); len(o.kafka) > 0 && len(faults) > 0 {
		return nil, faults[0]
	}
	if o.filter != "" {
		cfg.Capture.Filter = o.filter
	}
	if o.listen != "" {
		cfg.Metrics.Listen = o.listen
	}
	if o.workers >= 0 {
		cfg.Workers = o.workers
	}
	if cfg.Workers == 0 {
		cfg.Workers = runtime.NumCPU()
	}
	if o.stay && cfg.Metrics.Listen == "" {
		return nil, fmt.Errorf("%w: --stay needs --listen", errUsage)
	}
	return cfg, nil
}

func (o *replayOptions) open(paths []string, cfg *config.Config) (*capture.Files, error) {
	speed, err := capture.ParseSpeed(o.speed)
	if err != nil {
		return nil, err
	}
	c := capture.Options{
		Paths: paths, Filter: cfg.Capture.Filter, Speed: speed,
		MaxDuration: o.duration, MaxFrames: o.frames, MaxBytes: o.bytes,
	}
	for _, bound := range []struct {
		name, text string
		to         *time.Time
	}{{"--from", o.from, &c.From}, {"--to", o.to, &c.To}} {
		if bound.text == "" {
			continue
		}
		if *bound.to, err = time.Parse(time.RFC3339Nano, bound.text); err != nil {
			return nil, fmt.Errorf("%w: %s: %q is not a time such as 2026-01-02T15:04:05Z", errUsage, bound.name, bound.text)
		}
	}
	return capture.OpenFiles(c)
}

// replay runs the pipeline over an open source.
func (o *replayOptions) replay(ctx context.Context, cfg *config.Config, source *capture.Files, paths []string) (int, error) {
	run := o.run
	if run == "" {
		var err error
		if run, err = runID(paths); err != nil {
			return exitFailure, err
		}
	}
	bar := progress.New(os.Stderr, time.Now())
	sample := func() progress.Sample {
		stats := source.Stats()
		done, total := source.Progress()
		return progress.Sample{Packets: stats.Frames, Bytes: stats.Bytes, Done: done, Total: total, File: source.Current()}
	}
	s, err := newSession(cfg, sessionOptions{
		sources: []capture.Source{source}, out: o.out, run: run, replay: true, quiet: o.quiet, messages: bar,
		batch: func(now time.Time) {
			if !o.quiet {
				bar.Update(now, sample())
			}
		},
	})
	if err != nil {
		return exitFailure, err
	}
	defer s.close()
	if err := s.serve(ctx); err != nil {
		return exitFailure, err
	}
	err = s.run(ctx)
	if !o.quiet {
		bar.Finish(time.Now(), sample())
	}
	if err != nil {
		return exitFailure, err
	}
	if o.summary || !o.quiet && term.IsTerminal(int(os.Stdout.Fd())) {
		s.summary(os.Stdout)
	}
	if o.stay && ctx.Err() == nil {
		fmt.Fprintf(os.Stderr, "serving http://%s/metrics until interrupted\n", s.addr)
		<-ctx.Done()
	}
	if s.faulty.Load() {
		return exitFaulty, nil
	}
	return exitOK, nil
}

// runID names a replay by its input, so that replaying the same files makes the
// same event ids. Of each file its size and its first and last 64 KiB count:
// reading a large capture twice would double the cost of a replay. Standard
// input can not be read twice; its runs are told apart by chance.
func runID(paths []string) (string, error) {
	const sample = 64 << 10
	h := sha256.New()
	for _, path := range paths {
		if path == "-" {
			return rand.Text(), nil
		}
		names, err := filepath.Glob(path)
		if err != nil || len(names) == 0 {
			names = []string{path}
		}
		for _, name := range names {
			if err := hashEnds(h, name, sample); err != nil {
				return "", err
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

func hashEnds(h io.Writer, name string, sample int64) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() { // a directory or pipe: its name must do
		_, err := fmt.Fprintln(h, name)
		return err
	}
	fmt.Fprintln(h, info.Size())
	if _, err := io.CopyN(h, f, sample); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if _, err := f.Seek(max(info.Size()-sample, 0), io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(h, f)
	return err
}
