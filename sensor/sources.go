package main

import (
	"errors"
	"fmt"

	"spanwatch/sensor/accounting"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/capture/afpacket"
	"spanwatch/sensor/capture/pcaplive"
	"spanwatch/sensor/config"
)

// liveSources are what frames come from: a Source for each worker, or one for all.
type liveSources struct {
	sources []capture.Source
	close   func() error
}

// openSources starts the capture that cfg.Capture names.
func openSources(cfg *config.Config, kernel *accounting.Kernel) (liveSources, error) {
	c := &cfg.Capture
	if c.Method != "pcap" {
		o := afpacketOptions(cfg)
		if c.Method == "ebpf" || c.Kernel.DuplicateWindow > 0 {
			feeds, err := kernel.Feeds()
			if err != nil {
				return liveSources{}, fmt.Errorf("frames are held back by the kernel: %w", err)
			}
			if err := kernel.Sample(c.Sample); err != nil {
				return liveSources{}, err
			}
			o.FilterPrograms = feeds
		}
		live, err := afpacket.Open(o)
		if err == nil {
			l := liveSources{close: live.Close}
			for _, source := range live.Sources() {
				l.sources = append(l.sources, source)
			}
			return l, nil
		}
		if c.Method != "auto" || c.Kernel.DuplicateWindow > 0 || !errors.Is(err, afpacket.ErrNotSupported) {
			return liveSources{}, err
		}
	}
	source, err := pcaplive.OpenAll(c.Interfaces, pcaplive.Options{
		Filter: c.Filter, Promiscuous: c.Promiscuous, BufferBytes: int(min(c.RingSize, pcaplive.MaxBufferBytes)),
	})
	if err != nil {
		return liveSources{}, fmt.Errorf("capture.method %s: %w", c.Method, err)
	}
	return liveSources{[]capture.Source{source}, source.Close}, nil
}

// checkCapture is a config.Check of settings that need each other.
func checkCapture(cfg *config.Config) (faults []config.Fault) {
	c := &cfg.Capture
	if c.Method == "ebpf" && c.Filter != "" {
		faults = append(faults, config.Fault{Path: "capture.filter", What: "method ebpf takes no filter: its place in the kernel is taken"})
	}
	if c.Method == "ebpf" && c.Accounting == "off" {
		faults = append(faults, config.Fault{Path: "capture.accounting", What: "method ebpf needs the kernel's count of what it holds back"})
	}
	if c.Sample > 1 && c.Method != "ebpf" {
		faults = append(faults, config.Fault{Path: "capture.sample", What: "only method ebpf samples"})
	}
	if c.Kernel.Drop && c.Method != "ebpf" {
		faults = append(faults, config.Fault{Path: "capture.kernel.drop", What: "only method ebpf knows what inspection does without"})
	}
	if c.Kernel.Drop && (c.Accounting == "tcx" || c.Accounting == "xdp-generic") {
		faults = append(faults, config.Fault{Path: "capture.kernel.drop", What: "only native XDP drops frames before sockets see them as they were on the wire: accounting must be auto or xdp"})
	}
	if c.Kernel.DuplicateWindow > 0 {
		const path, needs = "capture.kernel.duplicate-window", "copies are found by the kernel's programs: "
		switch {
		case c.Method == "pcap":
			faults = append(faults, config.Fault{Path: path, What: needs + "method pcap does not pass frames through them"})
		case c.Accounting == "off":
			faults = append(faults, config.Fault{Path: path, What: needs + "accounting must not be off"})
		case c.Filter != "":
			faults = append(faults, config.Fault{Path: path, What: needs + "their place at the socket is taken by capture.filter"})
		}
	}
	o := &cfg.Overload
	if o.StopFill >= o.StartFill {
		faults = append(faults, config.Fault{Path: "overload.stop-fill", What: "must be less than start-fill"})
	}
	if o.StopLag >= o.StartLag {
		faults = append(faults, config.Fault{Path: "overload.stop-lag", What: "must be less than start-lag"})
	}
	if o.FloorBytes > o.ElephantBytes {
		faults = append(faults, config.Fault{Path: "overload.floor-bytes", What: "must not exceed elephant-bytes"})
	}
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
