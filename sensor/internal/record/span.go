package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// noDrops is in the last words of tcpdump, or dumpcap, when the kernel could
// hand it every frame.
var noDrops = regexp.MustCompile(`(?m)^0 packets dropped by kernel|: [0-9]+/0 \(`)

// span is a running capture of one interface.
type span struct {
	tool *exec.Cmd
	log  string
	raw  string // what the tool writes
	out  string // where the capture goes when all went well
}

// startCapture captures interface ifc of h into the file out, in pcapng when
// it is named so and in pcap with nanoseconds otherwise. It returns when the
// capture runs: no frame after it is missed. More arguments go to tcpdump.
func startCapture(h *host, ifc, out string, more ...string) (*span, error) {
	s := &span{
		log: filepath.Join(h.lab.dir, filepath.Base(out)+".capture.log"),
		raw: filepath.Join(h.lab.dir, filepath.Base(out)),
		out: out,
	}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	argv := []string{"tcpdump", "-i", ifc, "-Z", "root", "-U", "--immediate-mode", "-B", "65536", "-s", "65535", "--time-stamp-precision=nano", "-w", s.raw}
	if strings.HasSuffix(out, ".pcapng") {
		argv = []string{"dumpcap", "-i", ifc, "-w", s.raw}
	}
	// Not in the host's process namespace: nsenter would stay between us and
	// the tool, and the tool must get our signals.
	args := append([]string{"--target", h.pid(), "--mount", "--net", "--"}, append(argv, more...)...)
	s.tool = exec.Command("nsenter", args...)
	s.tool.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.tool.Stdout, s.tool.Stderr = log, log
	if err := s.tool.Start(); err != nil {
		return nil, err
	}
	// Both tools say where they listen once the socket is bound.
	ready := func() bool {
		text, _ := os.ReadFile(s.log)
		_, err := os.Stat(s.raw)
		return err == nil && (strings.Contains(string(text), "listening on") || strings.Contains(string(text), "Capturing on"))
	}
	if err := h.lab.waitFor(10*time.Second, ready); err != nil {
		return nil, fmt.Errorf("capture %s %s: %w: %s", h.name, ifc, err, tail(s.log, 1000))
	}
	time.Sleep(100 * time.Millisecond) // dumpcap opens the socket just after it says so
	return s, nil
}

// finish lets the last frames arrive (dumpcap reads its ring four times a
// second), ends the capture and puts its file in place, sorted by time: frames of two processors may have changed places.
func (s *span) finish() error {
	time.Sleep(time.Second)
	if err := s.tool.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	if err := s.tool.Wait(); err != nil {
		return fmt.Errorf("capture tool: %w: %s", err, tail(s.log, 1000))
	}
	if report := tail(s.log, 1000); !noDrops.MatchString(report) {
		return fmt.Errorf("capture tool lost frames: %s", report)
	}
	if strings.HasSuffix(s.out, ".pcapng") {
		return command("reordercap", s.raw, s.out)
	}
	data, err := os.ReadFile(s.raw)
	if err != nil {
		return err
	}
	return os.WriteFile(s.out, data, 0o644)
}
