//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// The part live: sensors capture from an interface, one at a time.
//
//	a network namespace of its own
//	sender ─► veth tx ══ veth rx ─► sensor, with its rules, one worker
//
// A sensor is started once for a round. Then the sender sends the same frames at
// each rate for the same time, while nothing else is done, and after each the
// sensor's own counters are read from its stats events: what the kernel gave it,
// what it lost, and from the kernel the processor time that it took.

// liveSettings are the flags of the part.
type liveSettings struct {
	rates   string
	seconds int
	set     string
}

// inNamespace is set for the process that works inside the namespace.
const inNamespace = "SPANWATCH_BENCH_NAMESPACE"

// measureLive runs the part: in a process of its own, inside a namespace of its own,
// which ends with it.
func (b *bench) measureLive(c input) error {
	if os.Getenv(inNamespace) == "" {
		cmd := exec.Command("/proc/self/exe", append(os.Args[1:], "-parts", "live")...)
		cmd.Env = append(os.Environ(), inNamespace+"=1")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
		return cmd.Run()
	}
	rates, err := parseRates(b.live.rates)
	if err != nil {
		return err
	}
	tools, err := chosen(b.tools, true)
	if err != nil {
		return err
	}
	if err := provide(tools, b.install); err != nil {
		return err
	}
	var sensors []sensor
	for _, t := range tools {
		if x := sensorOf(t); x.command != nil {
			sensors = append(sensors, x)
		}
	}
	rules, err := b.provideRules()
	if err != nil {
		return err
	}
	for _, argv := range [][]string{
		{"ip", "link", "set", "lo", "up"},
		{"ip", "link", "add", "name", "tx", "type", "veth", "peer", "name", "rx"},
		{"ip", "link", "set", "dev", "tx", "addrgenmode", "none", "mtu", "9000", "arp", "off", "multicast", "off", "up"},
		{"ip", "link", "set", "dev", "rx", "addrgenmode", "none", "mtu", "9000", "arp", "off", "multicast", "off", "up"},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, out)
		}
	}
	send, err := newLoop("tx", c.path)
	if err != nil {
		return err
	}
	defer send.close()
	workers, err := strconv.Atoi(list(b.workers)[0])
	if err != nil {
		return fmt.Errorf("-workers: %w", err)
	}
	w := liveWork{rules: rules, workers: workers, set: strings.Fields(b.live.set)}
	fmt.Printf("\nlive: %s, %d frames of %d bytes on average, again and again; %d s at each rate; %d worker(s); %s\n\n",
		c.name, len(send.frames), send.average(), b.live.seconds, workers, rules)
	steps := map[string][][]step{} // by sensor, by rate
	for _, x := range sensors {
		steps[x.name] = make([][]step, len(rates))
	}
	for round := range b.rounds {
		for _, x := range sensors {
			dir, err := filepath.Abs(filepath.Join(b.cache, "live-"+x.name))
			if err != nil {
				return err
			}
			if err := x.round(w, send, rates, time.Duration(b.live.seconds)*time.Second, dir, steps[x.name]); err != nil {
				return fmt.Errorf("%s, round %d: %w", x.name, round+1, err)
			}
		}
	}
	return printLive(sensors, rates, steps)
}

// parseRates reads rates in thousands of frames a second; 0 is as fast as can be.
func parseRates(text string) (rates []int, err error) {
	for _, word := range strings.Split(text, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("-rates: %q is no number of thousands of frames a second", word)
		}
		rates = append(rates, n*1000)
	}
	return rates, nil
}

// warmRate is in frames a second.
const warmRate = 30_000

// liveWork is what every sensor is to do.
type liveWork struct {
	rules   string
	workers int
	set     []string // settings of spanwatch
}

// idleTime is for how long a sensor is watched doing nothing.
const idleTime = 3 * time.Second

// step is what became of one rate.
type step struct {
	sensorCounts
	sent     uint64
	received uint64        // by the interface: what it has no room for is lost before any capture
	wall     time.Duration // of sending
	cpu      time.Duration // of the sensor, without what it takes when idle
}

// sensorCounts are a sensor's own. Seen is the kernel's count for its sockets, which
// holds what it dropped.
type sensorCounts struct {
	seen, dropped, decoded uint64
	balance                int64 // of its equations, where it has any
}

func (a sensorCounts) since(b sensorCounts) sensorCounts {
	return sensorCounts{a.seen - b.seen, a.dropped - b.dropped, a.decoded - b.decoded, a.balance}
}

// round starts the sensor, goes through the rates and ends it.
func (x sensor) round(work liveWork, send *loop, rates []int, each time.Duration, dir string, into [][]step) error {
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return err
	}
	argv, err := x.command(work, dir)
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(dir, printed))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop := func() error {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			return err
		}
		select {
		case err := <-ended:
			return err
		case <-time.After(patience):
			_ = cmd.Process.Kill() // reported as the error below
			return errors.New("it does not end")
		}
	}
	for start := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		text, _ := os.ReadFile(log.Name())
		if strings.Contains(string(text), x.ready) {
			break
		}
		select {
		case err := <-ended:
			return fmt.Errorf("it ended at once: %v\n%s", err, text)
		default:
		}
		if time.Since(start) > patience {
			return errors.Join(fmt.Errorf("it does not say %q\n%s", x.ready, text), stop())
		}
	}
	// All of it once, so that what is made at first use is made.
	send.rewind()
	warmed, err := send.run(warmRate, time.Duration(len(send.frames))*time.Second/warmRate)
	if err != nil {
		return errors.Join(err, stop())
	}
	before, err := x.settled(dir, sensorCounts{}, warmed)
	// What it takes when nothing comes is taken off: it depends on how long the
	// counters take to settle.
	idle := processTime(cmd.Process.Pid)
	time.Sleep(idleTime)
	idle = processTime(cmd.Process.Pid) - idle
	for i, rate := range rates {
		if err != nil {
			break
		}
		var one step
		cpu, received := processTime(cmd.Process.Pid), receivedFrames("rx")
		start := time.Now()
		if one.sent, err = send.run(rate, each); err != nil {
			break
		}
		one.wall = time.Since(start)
		var after sensorCounts
		if after, err = x.settled(dir, before, one.sent); err != nil {
			break
		}
		one.cpu = processTime(cmd.Process.Pid) - cpu
		one.cpu = max(one.cpu-time.Duration(float64(idle)*float64(time.Since(start))/float64(idleTime)), 0)
		one.received = receivedFrames("rx") - received
		one.sensorCounts = after.since(before)
		before = after
		into[i] = append(into[i], one)
		fmt.Fprintf(os.Stderr, "%-10s %8.0f/s sent, %d lost, %.2f us a frame\n",
			x.name, float64(one.sent)/one.wall.Seconds(), one.lost(), float64(one.cpu.Microseconds())/float64(max(one.decoded, 1)))
	}
	return errors.Join(err, stop())
}

// lost is what the interface received and the sensor did not decode.
func (s step) lost() uint64 { return s.received - min(s.decoded, s.received) }

// receivedFrames is the interface's own counter, from /proc/net/dev; 0 for none.
func receivedFrames(name string) uint64 {
	text, err := os.ReadFile("/proc/self/net/dev")
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(text), "\n") {
		if device, numbers, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(device) == name {
			// Bytes come first.
			n, _ := strconv.ParseUint(strings.Fields(numbers)[1], 10, 64)
			return n
		}
	}
	return 0
}

// quiet is for how many stats events, one a second, a sensor's counters must not
// have changed to be believed although frames are missing. Suricata's come late.
const quiet = 5

// settled returns the sensor's counters when they account for so many frames since
// before, or do not change any more.
func (x sensor) settled(dir string, before sensorCounts, frames uint64) (last sensorCounts, err error) {
	same, seen := 0, -1
	for start := time.Now(); time.Since(start) < time.Minute; time.Sleep(200 * time.Millisecond) {
		all, err := statsEvents(filepath.Join(dir, "eve.json"))
		if err != nil {
			return last, err
		}
		if len(all) == seen || len(all) == 0 {
			continue
		}
		seen = len(all)
		now := x.counts(all[seen-1])
		if now.decoded == last.decoded && now.seen == last.seen {
			same++
		} else {
			same = 0
		}
		last = now
		if have := now.since(before); have.decoded+have.dropped >= frames && have.seen >= frames || same == quiet {
			return last, nil
		}
	}
	return last, errors.New("its counters do not settle")
}

// statsEvents returns the stats objects in an event file, whole lines only.
func statsEvents(path string) (all []map[string]any, err error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	lines := strings.Split(string(text), "\n")
	for _, line := range lines[:len(lines)-1] {
		if !strings.Contains(line, `"event_type":"stats"`) {
			continue
		}
		var e struct {
			Stats map[string]any `json:"stats"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, e.Stats)
	}
	return all, nil
}

// processTime is the processor time of a process, from /proc/PID/stat: fields 14
// and 15, in ticks of 10 ms (proc(5)).
func processTime(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name, which may hold blanks, ends with the last parenthesis.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	const user, system, tick = 11, 12, 10 * time.Millisecond
	u, _ := strconv.Atoi(fields[user])
	k, _ := strconv.Atoi(fields[system])
	return time.Duration(u+k) * tick
}

func printLive(sensors []sensor, rates []int, steps map[string][][]step) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "sensor\tversion\trate asked\tsent/s\tlost by the interface\tlost by capture\tring full\tcpu us/frame\tframes/s of one cpu")
	for _, x := range sensors {
		lossless := 0.0
		for i, rate := range rates {
			all := steps[x.name][i]
			if len(all) == 0 {
				continue
			}
			of := func(f func(step) float64) spread {
				values := make([]float64, len(all))
				for i, s := range all {
					values[i] = f(s)
				}
				return spreadOf(values)
			}
			sent := of(func(s step) float64 { return float64(s.sent) / s.wall.Seconds() })
			wire := of(func(s step) float64 { return 100 * float64(s.sent-min(s.received, s.sent)) / float64(s.sent) })
			lost := of(func(s step) float64 { return 100 * float64(s.lost()) / float64(s.sent) })
			kernel := of(func(s step) float64 { return 100 * float64(s.dropped) / float64(s.sent) })
			cpu := of(func(s step) float64 { return float64(s.cpu.Microseconds()) / float64(max(s.decoded, 1)) })
			asked := "most"
			if rate > 0 {
				asked = strconv.Itoa(rate)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%.0f\t%.3f %%\t%.3f %%\t%.3f %%\t%v\t%.0f\n", x.name, x.version(), asked, sent.median, wire.median, lost.median, kernel.median, cpu, 1e6/cpu.median)
			if lost.max == 0 {
				lossless = max(lossless, sent.median)
			}
		}
		fmt.Fprintf(w, "%s\t\tmost without loss\t%.0f\n", x.name, lossless)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return checkBalances(sensors, steps)
}

// checkBalances fails if a sensor that has equations does not balance them, at
// whatever load.
func checkBalances(sensors []sensor, steps map[string][][]step) error {
	for _, x := range sensors {
		for _, all := range steps[x.name] {
			for _, s := range all {
				if s.balance != 0 || x.name == "spanwatch" && s.seen != s.decoded+s.dropped {
					return fmt.Errorf("%s does not account for every frame: the kernel saw %d, dropped %d, %d were decoded; balance %d",
						x.name, s.seen, s.dropped, s.decoded, s.balance)
				}
			}
		}
	}
	fmt.Println("\nspanwatch accounts for every frame at every rate")
	return nil
}
