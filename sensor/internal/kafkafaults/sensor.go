package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// sample is one series of a scrape.
type sample struct {
	name   string
	labels map[string]string
	value  float64
}

// scrape is what the metrics endpoint showed at one time.
type scrape []sample

// sum adds the series of name up whose labels have the given values, in pairs.
func (s scrape) sum(name string, labels ...string) (total float64) {
	for _, x := range s {
		if x.name != "spanwatch_"+name {
			continue
		}
		fits := true
		for i := 0; i+1 < len(labels); i += 2 {
			fits = fits && x.labels[labels[i]] == labels[i+1]
		}
		if fits {
			total += x.value
		}
	}
	return total
}

var (
	line  = regexp.MustCompile(`^([a-z_]+)(?:\{(.*)\})? (\S+)$`)
	label = regexp.MustCompile(`([a-z_]+)="([^"]*)"`)
)

func parseScrape(r io.Reader) (s scrape) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		m := line.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		v, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			continue
		}
		x := sample{name: m[1], labels: map[string]string{}, value: v}
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			x.labels[l[1]] = l[2]
		}
		s = append(s, x)
	}
	return s
}

// sensor is the program at work. Its accounts are scraped all the time.
type sensor struct {
	cmd    *exec.Cmd
	url    string
	served chan struct{} // closed when the run has ended and only metrics are served
	exited chan struct{}
	stop   chan struct{}
	texts  sync.WaitGroup

	mu      sync.Mutex
	errors  bytes.Buffer // its standard error
	last    scrape
	scrapes int
	wrong   []string // what a scrape showed that must not be
	peak    float64  // resident memory, bytes
}

var errFaults = errors.New("faults that were not borne")

// startSensor replays the load in real time, with the file in one folder and
// the spool in another. Extra arguments come last.
func startSensor(ctx context.Context, b *bench, out, spool string, args ...string) (*sensor, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &sensor{url: fmt.Sprintf("http://127.0.0.1:%d/metrics", port), served: make(chan struct{}), exited: make(chan struct{}), stop: make(chan struct{})}
	all := append([]string{
		"replay", b.load, "-r", b.rules, "-o", out, "--speed", "1x", "--workers", "1",
		"--listen", fmt.Sprintf("127.0.0.1:%d", port), "--stay", "--set", "sensor.name=probe-1",
		"--set", "flow.max-flows=20000", "--set", "flow.talker-hosts=1000", "--set", "flow.udp.new=1s", "--set", "flow.udp.established=1s",
		"--set", "output.spool.dir=" + spool, "--set", "output.kafka.dial-timeout=1s",
		"--set", "output.kafka.request-timeout=3s", "--set", "output.kafka.max-backoff=1s", "--set", "output.kafka.spool-after=500ms",
		"--set", "output.flush-timeout=30s", "--set", "output.kafka.delivery-timeout=2s",
	}, args...)
	s.cmd = exec.CommandContext(ctx, b.program, all...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	s.texts.Go(func() { s.read(stderr) })
	go func() {
		s.texts.Wait()
		_ = s.cmd.Wait() // its end is judged by what it said
		close(s.exited)
	}()
	go s.watch()
	return s, nil
}

// read keeps what the sensor says and notices the end of its run.
func (s *sensor) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		s.mu.Lock()
		s.errors.WriteString(lines.Text() + "\n")
		s.mu.Unlock()
		if strings.Contains(lines.Text(), "until interrupted") {
			close(s.served)
		}
	}
}

// watch scrapes until the end.
func (s *sensor) watch() {
	const every = 100 * time.Millisecond
	for {
		select {
		case <-s.stop:
			return
		case <-s.exited:
			return
		case <-time.After(every):
			s.look()
		}
	}
}

// look takes one scrape and checks what must hold in each.
func (s *sensor) look() scrape {
	answer, err := http.Get(s.url)
	if err != nil {
		return nil // not yet up, or gone
	}
	defer answer.Body.Close()
	now := parseScrape(answer.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = now
	s.scrapes++
	for _, x := range now {
		switch x.name {
		case "spanwatch_accounting_balance":
			// What the pipeline counts between two batches may be on its way.
			exact := strings.HasPrefix(x.labels["equation"], "export_") || x.labels["equation"] == "spool"
			if exact && x.value != 0 && len(s.wrong) < 5 {
				s.wrong = append(s.wrong, fmt.Sprintf("scrape %d: equation %s is off by %v", s.scrapes, x.labels["equation"], x.value))
			}
		case "spanwatch_export_spool_events":
			if x.value > 1e12 && len(s.wrong) < 5 {
				s.wrong = append(s.wrong, fmt.Sprintf("scrape %d: less than no %s events in the spool", s.scrapes, x.labels["type"]))
			}
		case "process_resident_memory_bytes":
			s.peak = max(s.peak, x.value)
		}
	}
	return now
}

// until waits for a scrape that ok likes.
func (s *sensor) until(ctx context.Context, what string, ok func(scrape) bool) error {
	const patience = time.Minute
	for end := time.Now().Add(patience); ; {
		if now := s.look(); now != nil && ok(now) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.exited:
			return fmt.Errorf("%w: the sensor ended before %s: %s", errFaults, what, s.said())
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(end) {
			return fmt.Errorf("%w: no %s within %v: %s", errFaults, what, patience, s.said())
		}
	}
}

func (s *sensor) said() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.errors.String()
}

// finish waits for the end of the run, takes the final scrape and ends the
// sensor.
func (s *sensor) finish(ctx context.Context) (scrape, error) {
	const patience = 2 * time.Minute
	defer close(s.stop)
	select {
	case <-s.served:
	case <-s.exited:
		return nil, fmt.Errorf("%w: the sensor ended: %s", errFaults, s.said())
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		return nil, fmt.Errorf("%w: the run did not end within %v: %s", errFaults, patience, s.said())
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	final := s.look()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return nil, err
	}
	<-s.exited
	if final == nil {
		return nil, fmt.Errorf("%w: the last scrape failed", errFaults)
	}
	return final, nil
}

// kill ends the sensor by SIGKILL and returns a scrape of scrapeAhead before.
func (s *sensor) kill() (scrape, error) {
	defer close(s.stop)
	last := s.look()
	time.Sleep(scrapeAhead)
	if err := s.cmd.Process.Kill(); err != nil {
		return nil, err
	}
	<-s.exited
	return last, nil
}
