package main

import (
	"errors"
	"fmt"

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
func openSources(cfg *config.Config) (liveSources, error) {
	c := &cfg.Capture
	if c.Method != "pcap" {
		live, err := afpacket.Open(afpacketOptions(cfg))
		if err == nil {
			l := liveSources{close: live.Close}
			for _, source := range live.Sources() {
				l.sources = append(l.sources, source)
			}
			return l, nil
		}
		if c.Method != "auto" || !errors.Is(err, afpacket.ErrNotSupported) {
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
