//go:build linux

package main

import (
	"errors"
	"fmt"
	"math"
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
// A sensor is started once for a round, and is sent the whole capture once, so that
// what is made at first use is made. Then the sender sends the same frames at each
// rate, whole rounds of the capture, while nothing else is done, and after each the
// sensor's own counters are read from its stats events: what the kernel gave it, what
// it lost, and from the kernel the processor time that it took. Then the rate is
// searched up to which nothing is lost, halving the interval between one that was
// and one that was not; a rate at which something was lost is tried again once, for
// all sensors alike, since the machine may have done something else.
//
// Frames that a sensor decoded and then, for lack of memory, neither kept in a flow nor
// in a stream, are told as not inspected: Suricata as packaged stays fast by them, and
// the way +memory has the memory for all.
//
// Lost is what the interface received and the sensor neither decoded nor, being told
// that it need not be, counted in the kernel (shunted, sampled out, duplicates).
//
// Nobody sheds inspection by overload. Ways of capture with +bypass leave TLS behind
// its handshake and streams beyond their depth to the kernel, or, of Suricata, to its
// flow table.
//
// All sensors have the same memory for frames, of which that of Suricata is read from
// its mappings: it makes its ring for frames of the interface's MTU, so that with an
// MTU of 9000 the same ring-size is six times as much memory.

// liveSettings are the flags of the part.
type liveSettings struct {
	rates   string
	seconds int
	methods string
	search  bool
	set     string
	events  string
}

// Choices of liveSettings.events.
const (
	eventsAll    = "all"    // what Suricata's package logs
	eventsAlerts = "alerts" // flows and alerts
)

// inNamespace is set for the process that works inside the namespace.
const inNamespace = "SPANWATCH_BENCH_NAMESPACE"

// measureLive runs the part: in a process of its own, inside a namespace of its own,
// which ends with it.
func (b *bench) measureLive(c input) error {
	if os.Getenv(inNamespace) == "" {
		cmd := exec.Command("/proc/self/exe", append(os.Args[1:], "-parts", "live")...)
		cmd.Env = append(os.Environ(), inNamespace+"=1")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL, Setsid: true}
		return cmd.Run()
	}
	carryNice()
	if e := b.live.events; e != eventsAll && e != eventsAlerts {
		return fmt.Errorf("-events: %q is neither %s nor %s", e, eventsAll, eventsAlerts)
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
		sensors = append(sensors, sensorsOf(t, list(b.live.methods))...)
	}
	rules, err := b.provideRules()
	if err != nil {
		return err
	}
	frames, err := readFrames(c.path)
	if err != nil {
		return err
	}
	mtu := strconv.Itoa(mtuOf(frames))
	for _, argv := range [][]string{
		{"ip", "link", "set", "lo", "up"},
		{"ip", "link", "add", "name", "tx", "type", "veth", "peer", "name", "rx"},
		{"ip", "link", "set", "dev", "tx", "addrgenmode", "none", "mtu", mtu, "arp", "off", "multicast", "off", "up"},
		{"ip", "link", "set", "dev", "rx", "addrgenmode", "none", "mtu", mtu, "arp", "off", "multicast", "off", "up"},
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, out)
		}
	}
	for _, name := range []string{"tx", "rx"} {
		// A router's advertisement among the frames would give the port an address.
		if err := os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	send, err := newLoop("tx", frames)
	if err != nil {
		return err
	}
	defer send.close()
	workers, err := strconv.Atoi(list(b.workers)[0])
	if err != nil {
		return fmt.Errorf("-workers: %w", err)
	}
	w := liveWork{rules: rules, workers: workers, mtu: mtuOf(frames), set: strings.Fields(b.live.set), events: b.live.events}
	fmt.Printf("\nlive: %s, %d frames of %d bytes on average, again and again; MTU %s; whole rounds, at least %d s at each rate; %d worker(s); rings of %d MiB; events: %s; %s\n\n",
		c.name, len(send.frames), send.average(), mtu, b.live.seconds, workers, liveRingBytes>>20, w.events, rules)
	steps := map[string]*liveSteps{} // by sensor
	for _, x := range sensors {
		steps[x.label] = &liveSteps{at: make([][]step, len(rates))}
	}
	for round := range b.rounds {
		for _, x := range sensors {
			dir, err := filepath.Abs(filepath.Join(b.cache, "live-"+strings.ReplaceAll(x.label, " ", "-")))
			if err != nil {
				return err
			}
			if err := x.round(w, send, rates, &b.live, dir, steps[x.label]); err != nil {
				return fmt.Errorf("%s, round %d: %w", x.label, round+1, err)
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
const warmRate = 60_000

// carryNice makes the nice value of this process hold against those of other
// sessions, where the kernel groups processes by session (sched(7), autogroup):
// there it holds within the session alone.
func carryNice() {
	if nice, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0); err == nil {
		// The system call returns 20 less the value. Without autogroups there is no file.
		_ = os.WriteFile("/proc/self/autogroup", []byte(strconv.Itoa(20-nice)), 0)
	}
}

// liveWork is what every sensor is to do.
type liveWork struct {
	rules   string
	workers int
	mtu     int
	set     []string // settings of spanwatch
	events  string   // eventsAll or eventsAlerts
}

// liveSteps are what became of a sensor: at each rate and round, and what was the
// highest rate without loss of each round's search.
type liveSteps struct {
	at       [][]step
	lossless []float64
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
	sending  time.Duration // of the sender and of what the kernel does in its name: all until the socket has the frame
}

// sensorCounts are a sensor's own. Seen is the kernel's count for its sockets, which
// holds what it dropped.
type sensorCounts struct {
	seen, dropped, decoded uint64
	counted                uint64 // in the kernel alone, since inspection does without
	uninspected            uint64 // decoded, and left out of flow or stream for lack of memory
	balance                int64  // of its equations, where it has any
}

func (a sensorCounts) since(b sensorCounts) sensorCounts {
	return sensorCounts{a.seen - b.seen, a.dropped - b.dropped, a.decoded - b.decoded, a.counted - b.counted, a.uninspected - b.uninspected, a.balance}
}

// round starts the sensor, goes through the rates, searches, and ends it.
func (x sensor) round(work liveWork, send *loop, rates []int, s *liveSettings, dir string, into *liveSteps) error {
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
	if x.check != nil {
		if err := x.check(work, cmd.Process.Pid); err != nil {
			return errors.Join(err, stop())
		}
	}
	send.begin()
	warmed, err := send.run(warmRate, 0)
	if err != nil {
		return errors.Join(err, stop())
	}
	stats := statsTail{path: filepath.Join(dir, "eve.json")}
	before, err := x.settled(&stats, sensorCounts{}, warmed)
	if err := errors.Join(err, stats.empty()); err != nil {
		return errors.Join(err, stop())
	}
	// What it takes when nothing comes is taken off: it depends on how long the
	// counters take to settle.
	idle := processTime(cmd.Process.Pid)
	time.Sleep(idleTime)
	idle = processTime(cmd.Process.Pid) - idle
	probe := func(rate int) (one step) {
		if err != nil {
			return one
		}
		cpu, own, received := processTime(cmd.Process.Pid), processTime(os.Getpid()), receivedFrames("rx")
		start := time.Now()
		if one.sent, err = send.run(rate, time.Duration(s.seconds)*time.Second); err != nil {
			return one
		}
		one.wall, one.sending = time.Since(start), processTime(os.Getpid())-own
		var after sensorCounts
		if after, err = x.settled(&stats, before, one.sent); err != nil {
			return one
		}
		one.cpu = processTime(cmd.Process.Pid) - cpu
		one.cpu = max(one.cpu-time.Duration(float64(idle)*float64(time.Since(start))/float64(idleTime)), 0)
		one.received = receivedFrames("rx") - received
		one.sensorCounts = after.since(before)
		before = after
		if err = stats.empty(); err != nil {
			return one
		}
		fmt.Fprintf(os.Stderr, "%-20s %8.0f/s sent, %d lost, %d counted only, %d not inspected, %.2f us a frame, sending %.2f\n",
			x.label, one.rate(), one.lost(), one.counted, one.uninspected, one.perFrame(one.cpu), one.perFrame(one.sending))
		return one
	}
	for i, rate := range rates {
		if one := probe(rate); err == nil {
			into.at[i] = append(into.at[i], one)
		}
	}
	if s.search && err == nil {
		into.lossless = append(into.lossless, search(func(rate int) step {
			one := probe(rate)
			if one.lost() > 0 {
				one = probe(rate)
			}
			return one
		}))
	}
	return errors.Join(err, stop())
}

// Bounds of search, in frames a second: where it begins, what it gives up below, and
// how close it comes.
const (
	searchFrom  = 160_000
	searchLeast = 10_000
	searchClose = 1.04
)

// search returns the highest rate that was sent, and of which nothing was lost.
func search(probe func(rate int) step) (best float64) {
	good, bad := 0.0, 0.0
	rate := float64(searchFrom)
	for rate >= searchLeast && (bad == 0 || bad/max(good, 1) > searchClose) {
		one := probe(int(rate))
		if one.sent == 0 {
			return best
		}
		// A sender that does not come up to the rate is the limit.
		slow := one.rate() < 0.97*rate
		if one.lost() == 0 {
			best = max(best, one.rate())
		}
		switch {
		case one.lost() > 0:
			bad = min(rate, max(one.rate(), good*searchClose))
		case slow:
			return best
		default:
			good = rate
		}
		switch {
		case bad == 0:
			rate *= 1.5
		case good == 0:
			rate /= 1.5
		default:
			rate = math.Sqrt(good * bad)
		}
	}
	return best
}

// rate is in frames a second, as sent.
func (s step) rate() float64 { return float64(s.sent) / s.wall.Seconds() }

// perFrame is in microseconds for each frame that the sensor accounts for.
func (s step) perFrame(d time.Duration) float64 {
	return float64(d.Microseconds()) / float64(max(s.decoded+s.counted, 1))
}

// lost is what the interface received and the sensor neither decoded nor counted.
func (s step) lost() uint64 { return s.received - min(s.decoded+s.counted, s.received) }

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

func printLive(sensors []sensor, rates []int, steps map[string]*liveSteps) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "sensor\tversion\trate asked\tsent/s\tlost by the interface\tlost by capture\tring full\tcounted only\tnot inspected\tcpu us/frame\tframes/s of one cpu\tsending us/frame")
	for _, x := range sensors {
		lossless := 0.0
		for i, rate := range rates {
			all := steps[x.label].at[i]
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
			share := func(f func(step) uint64) spread {
				return of(func(s step) float64 { return 100 * float64(f(s)) / float64(s.sent) })
			}
			sent := of(step.rate)
			wire := share(func(s step) uint64 { return s.sent - min(s.received, s.sent) })
			lost, kernel := share(step.lost), share(func(s step) uint64 { return s.dropped })
			counted := share(func(s step) uint64 { return s.counted })
			uninspected := share(func(s step) uint64 { return s.uninspected })
			cpu := of(func(s step) float64 { return s.perFrame(s.cpu) })
			sending := of(func(s step) float64 { return s.perFrame(s.sending) })
			asked := "most"
			if rate > 0 {
				asked = strconv.Itoa(rate)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%.0f\t%.3f %%\t%.3f %%\t%.3f %%\t%.1f %%\t%.1f %%\t%v\t%.0f\t%v\n", x.label, x.version(), asked,
				sent.median, wire.median, lost.median, kernel.median, counted.median, uninspected.median, cpu, 1e6/cpu.median, sending)
			if lost.max == 0 {
				lossless = max(lossless, sent.median)
			}
		}
		if found := steps[x.label].lossless; len(found) > 0 {
			fmt.Fprintf(w, "%s\t\tmost without loss\t%.0f\t(search, median of %d: %.0f..%.0f)\n", x.label, spreadOf(found).median, len(found), spreadOf(found).min, spreadOf(found).max)
			continue
		}
		fmt.Fprintf(w, "%s\t\tmost without loss\t%.0f\n", x.label, lossless)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return checkBalances(sensors, steps)
}

// checkBalances fails if a sensor that has equations does not balance them, at
// whatever load.
func checkBalances(sensors []sensor, steps map[string]*liveSteps) error {
	for _, x := range sensors {
		for _, all := range steps[x.label].at {
			for _, s := range all {
				if s.balance != 0 || x.name == "spanwatch" && s.seen != s.decoded+s.dropped {
					return fmt.Errorf("%s does not account for every frame: the kernel saw %d, dropped %d, %d were decoded; balance %d",
						x.label, s.seen, s.dropped, s.decoded, s.balance)
				}
			}
		}
	}
	fmt.Println("\nspanwatch accounts for every frame at every rate")
	return nil
}
