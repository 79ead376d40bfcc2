package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// printed is the file in a tool's folder with what it wrote to standard output
// and standard error.
const printed = "printed.txt"

// pollInterval is how often a running child is looked at: fine enough for the
// wall time of runs of a second, rare enough not to be work itself.
const pollInterval = 5 * time.Millisecond

// patience ends a run that does not end.
const patience = 20 * time.Minute

// sample is one run.
type sample struct {
	cpu    time.Duration // user + system, of the process and its children
	wall   time.Duration
	rss    int64 // peak, bytes
	events counts

	// Of a tool whose threads are watched, else 0:
	work     time.Duration // processor time of workThreads
	workWall time.Duration // from when the first of them was seen to the end
}

// measure runs a tool once, in an empty folder.
func measure(t tool, j job) (sample, error) {
	if err := errors.Join(os.RemoveAll(j.dir), os.MkdirAll(j.dir, 0o755)); err != nil {
		return sample{}, err
	}
	argv, err := t.command(j)
	if err != nil {
		return sample{}, err
	}
	sink, err := net.ListenPacket("udp", "127.0.0.1:"+sinkPort)
	if err != nil {
		return sample{}, err
	}
	defer sink.Close()
	if err := warm(j.capture); err != nil {
		return sample{}, err
	}
	got, err := timed(argv, filepath.Join(j.dir, printed), t.threads)
	if err != nil {
		return sample{}, err
	}
	if got.events, err = t.count(j.dir); err != nil {
		return sample{}, err
	}
	return got, os.RemoveAll(j.dir)
}

// warm reads a file, so that no run pays for the disk.
func warm(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, 1<<20)
	for {
		if n, err := f.Read(buf); n == 0 {
			if err == nil || errors.Is(err, os.ErrClosed) {
				continue
			}
			return nil
		}
	}
}

// timed runs argv and reads its resource usage from the kernel when it ends.
func timed(argv []string, output string, threads bool) (sample, error) {
	out, err := os.Create(output)
	if err != nil {
		return sample{}, err
	}
	defer out.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return sample{}, err
	}
	var (
		pid    = cmd.Process.Pid
		status unix.WaitStatus
		usage  unix.Rusage
		busy   = make(map[string]time.Duration) // by thread
		began  time.Time                        // the first of them was seen
	)
	for {
		if threads {
			readThreads(pid, busy)
			if began.IsZero() && len(busy) > 0 {
				began = time.Now()
			}
		}
		done, err := unix.Wait4(pid, &status, unix.WNOHANG, &usage)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return sample{}, err
		}
		if done == pid {
			break
		}
		if time.Since(start) > patience {
			_ = cmd.Process.Kill() // reported as the error below
			return sample{}, fmt.Errorf("%s does not end within %v", argv[0], patience)
		}
		time.Sleep(pollInterval)
	}
	wall := time.Since(start)
	if status.ExitStatus() != 0 {
		text, _ := os.ReadFile(output)
		return sample{}, fmt.Errorf("%s: exit status %d\n%s", strings.Join(argv, " "), status.ExitStatus(), text[max(0, len(text)-1500):])
	}
	s := sample{
		cpu:  time.Duration(usage.Utime.Nano() + usage.Stime.Nano()),
		wall: wall,
		rss:  usage.Maxrss * 1024, // Linux counts in kilobytes
	}
	for _, d := range busy {
		s.work += d
	}
	if !began.IsZero() {
		s.workWall = time.Since(began)
	}
	return s, nil
}

// workThreads begin the names of those threads of Suricata that do what a sensor
// does with packets: reader, workers, flow manager and flow recycler, which
// writes the records of flows that timed out.
var workThreads = []string{"RX#", "W#", "FM#", "FR#"}

// readThreads notes the processor time of workThreads. A thread that ends
// between two readings keeps its last one: at most pollInterval is missed.
func readThreads(pid int, busy map[string]time.Duration) {
	dir := fmt.Sprintf("/proc/%d/task", pid)
	tasks, err := os.ReadDir(dir)
	if err != nil {
		return // it has ended
	}
	for _, task := range tasks {
		name, err := os.ReadFile(filepath.Join(dir, task.Name(), "comm"))
		if err != nil || !slices.ContainsFunc(workThreads, func(w string) bool { return strings.HasPrefix(string(name), w) }) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, task.Name(), "schedstat"))
		if err != nil {
			continue
		}
		first, _, _ := strings.Cut(string(text), " ") // nanoseconds on a processor
		if n, err := strconv.ParseInt(first, 10, 64); err == nil {
			busy[task.Name()] = time.Duration(n)
		}
	}
}
