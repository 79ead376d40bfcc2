package main

import (
	"errors"
	"fmt"
	"strings"

	"spanwatch/bpf"
	"spanwatch/sensor/accounting"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/capture/afpacket"
	"spanwatch/sensor/capture/afxdp"
	"spanwatch/sensor/capture/pcaplive"
	"spanwatch/sensor/config"
)

// Ways of capture, as in capture.method.
const (
	methodAuto     = "auto"
	methodAFPacket = "afpacket"
	methodPcap     = "pcap"
	methodEBPF     = "ebpf"
	methodAFXDP    = "afxdp"
)

// captureMethod is a way of capture, and why it.
type captureMethod struct {
	name string
	why  string // of auto
}

// shunts reports whether the kernel holds back what needs no inspection.
func (m captureMethod) shunts() bool { return m.name == methodEBPF || m.name == methodAFXDP }

func (m captureMethod) String() string {
	text := "frames are captured by method " + m.name
	if m.shunts() {
		text += ": the kernel holds back those of flows that are not inspected any more, and counts them"
	}
	if m.why != "" {
		text += " (" + m.why + ")"
	}
	return text
}

// chooseMethod returns what capture.method says, and for auto the best there is:
// not afxdp, since that takes the frames from the host, and is refused where the host
// may need them. without are the interfaces
// whose packets the kernel does not count.
func chooseMethod(cfg *config.Config, without []string) (captureMethod, error) {
	c := &cfg.Capture
	if (c.Method == methodEBPF || c.Method == methodAFXDP) && len(without) > 0 {
		return captureMethod{}, fmt.Errorf("capture.method %s: %w: %s", c.Method, accounting.ErrNoFeed, strings.Join(without, ", "))
	}
	if c.Method == methodAFXDP && !c.AFXDP.Force {
		for _, name := range c.Interfaces {
			if err := bpf.InUse(name); err != nil {
				return captureMethod{}, fmt.Errorf("capture.method %s: %w (capture.afxdp.force takes its frames from this host all the same)", c.Method, err)
			}
		}
	}
	switch {
	case c.Method != methodAuto:
		return captureMethod{name: c.Method}, nil
	case c.Filter != "":
		return captureMethod{methodAFPacket, "capture.filter has the place of the program that would hold frames back"}, nil
	case len(without) > 0:
		return captureMethod{methodAFPacket, "nothing is held back, since the kernel does not count the packets of " + strings.Join(without, ", ")}, nil
	}
	return captureMethod{name: methodEBPF}, nil
}

// uncounted returns the interfaces whose packets the kernel does not count.
func uncounted(choices []accounting.Choice) (names []string) {
	for i := range choices {
		if choices[i].Hook == bpf.HookNone {
			names = append(names, choices[i].Interface)
		}
	}
	return names
}

// liveSources are what frames come from: a Source for each worker, or one for all.
type liveSources struct {
	sources []capture.Source
	close   func() error
	shunt   bool // the kernel can hold frames back
	how     captureMethod
}

// openSources starts the capture that cfg.Capture names.
func openSources(cfg *config.Config, kernel *accounting.Kernel) (l liveSources, err error) {
	if l.how, err = chooseMethod(cfg, uncounted(kernel.Choices())); err != nil {
		return l, err
	}
	l.shunt = l.how.shunts()
	switch l.how.name {
	case methodAFXDP:
		err = l.openAFXDP(cfg, kernel)
	case methodEBPF, methodAFPacket:
		if err = l.openAFPacket(cfg, kernel); cfg.Capture.Method == methodAuto && cfg.Capture.Kernel.DuplicateWindow == 0 && errors.Is(err, afpacket.ErrNotSupported) {
			l.how, l.shunt = captureMethod{methodPcap, err.Error()}, false
			err = l.openPcap(cfg)
		}
	case methodPcap:
		err = l.openPcap(cfg)
	}
	if err != nil {
		return l, fmt.Errorf("capture.method %s: %w", cfg.Capture.Method, err)
	}
	return l, nil
}

func (l *liveSources) openAFPacket(cfg *config.Config, kernel *accounting.Kernel) error {
	o := afpacketOptions(cfg)
	if l.shunt || cfg.Capture.Kernel.DuplicateWindow > 0 {
		feeds, err := kernel.Feeds()
		if err != nil {
			return err
		}
		if err := kernel.Sample(cfg.Capture.Sample); err != nil {
			return err
		}
		o.FilterPrograms = feeds
	}
	live, err := afpacket.Open(o)
	if err != nil {
		return err
	}
	l.close = live.Close
	for _, source := range live.Sources() {
		l.sources = append(l.sources, source)
	}
	return nil
}

func (l *liveSources) openAFXDP(cfg *config.Config, kernel *accounting.Kernel) error {
	c := &cfg.Capture
	o := afxdp.Options{
		Interfaces: c.Interfaces, Memory: int(c.RingSize), Promiscuous: c.Promiscuous, Force: c.AFXDP.Force, Coalesce: c.AFXDP.Coalesce,
	}
	if o.Coalesce == 0 {
		o.Coalesce = -1
	}
	switch c.AFXDP.Mode {
	case "copy":
		o.Mode = afxdp.ModeCopy
	case "zerocopy":
		o.Mode = afxdp.ModeZeroCopy
	}
	if c.Fanout == "queue" {
		o.Workers = cfg.Workers
	}
	for i := range c.Interfaces {
		o.Programs = append(o.Programs, kernel.Programs(i))
	}
	if err := kernel.Sample(c.Sample); err != nil {
		return err
	}
	live, err := afxdp.Open(o)
	if err != nil {
		return err
	}
	l.close = live.Close
	for _, source := range live.Sources() {
		l.sources = append(l.sources, source)
	}
	return nil
}

func (l *liveSources) openPcap(cfg *config.Config) error {
	c := &cfg.Capture
	source, err := pcaplive.OpenAll(c.Interfaces, pcaplive.Options{
		Filter: c.Filter, Promiscuous: c.Promiscuous, BufferBytes: int(min(c.RingSize, pcaplive.MaxBufferBytes)),
	})
	if err != nil {
		return err
	}
	l.sources, l.close = []capture.Source{source}, source.Close
	return nil
}

// checkCapture is a config.Check of settings that need each other.
func checkCapture(cfg *config.Config) (faults []config.Fault) {
	c := &cfg.Capture
	fault := func(bad bool, path, what string) {
		if bad {
			faults = append(faults, config.Fault{Path: path, What: what})
		}
	}
	shunts := captureMethod{name: c.Method}.shunts()
	fault(c.Method == methodEBPF && c.Filter != "", "capture.filter", "method ebpf takes no filter: its place in the kernel is taken")
	fault(c.Method == methodAFXDP && c.Filter != "", "capture.filter", "method afxdp takes no filter: no filter program sees its frames")
	fault(shunts && c.Accounting == "off", "capture.accounting", "method "+c.Method+" needs the kernel's count of what it holds back")
	fault(c.Method == methodAFXDP && c.Accounting == "tcx", "capture.accounting", "method afxdp needs XDP, not TCX")
	fault(c.Sample > 1 && !shunts, "capture.sample", "only methods ebpf and afxdp sample")
	fault(c.Kernel.Drop && c.Method != methodEBPF, "capture.kernel.drop", "only method ebpf knows what inspection does without and leaves the rest to the stack")
	fault(c.Kernel.Drop && (c.Accounting == "tcx" || c.Accounting == "xdp-generic"), "capture.kernel.drop",
		"only native XDP drops frames before sockets see them as they were on the wire: accounting must be auto or xdp")
	if c.Kernel.DuplicateWindow > 0 {
		const path, needs = "capture.kernel.duplicate-window", "copies are found by the kernel's programs: "
		fault(c.Method == methodPcap, path, needs+"method pcap does not pass frames through them")
		fault(c.Accounting == "off", path, needs+"accounting must not be off")
		fault(c.Filter != "" && c.Method != methodPcap, path, needs+"their place at the socket is taken by capture.filter")
	}
	o := &cfg.Overload
	fault(o.StopFill >= o.StartFill, "overload.stop-fill", "must be less than start-fill")
	fault(o.StopLag >= o.StartLag, "overload.stop-lag", "must be less than start-lag")
	fault(o.FloorBytes > o.ElephantBytes, "overload.floor-bytes", "must not exceed elephant-bytes")
	return faults
}

func afpacketOptions(cfg *config.Config) afpacket.Options {
	c := &cfg.Capture
	o := afpacket.Options{
		Interfaces: c.Interfaces, Workers: cfg.Workers, Promiscuous: c.Promiscuous, Filter: c.Filter, RingBytes: int(c.RingSize),
	}
	switch c.Fanout {
	case "flow":
		o.Fanout = afpacket.FanoutFlow
	case "hosts":
		o.Fanout = afpacket.FanoutHosts
	case "queue":
		o.Fanout = afpacket.FanoutQueue
	}
	return o
}
