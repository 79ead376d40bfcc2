//go:build linux && (amd64 || arm64)

package bpf

import (
	"fmt"
	"time"

	"github.com/cilium/ebpf"
)

// RunXDP gives a frame to the XDP program repeat times, as if it had come in,
// and returns the kernel's time for one. Frames are at least 14 bytes.
func (p *Programs) RunXDP(frame []byte, repeat int) (time.Duration, error) {
	return p.run(p.cfg.program(HookXDPNative), frame, nil, repeat)
}

// Segments describes a packet that the stack merged or has yet to cut.
type Segments struct {
	Count uint32 // gso_segs; 0 if not known
	Size  uint32 // gso_size: payload bytes of each but the last
}

// RunTCX gives a packet to the TCX program of a side once.
func (p *Programs) RunTCX(side Side, frame []byte, segments Segments) error {
	name := accountProgSwTcIn
	if side == Egress {
		name = accountProgSwTcOut
	}
	ctx := skbContext{GSOSegs: segments.Count, GSOSize: segments.Size}
	_, err := p.run(name, frame, &ctx, 1)
	return err
}

// RunFeed gives a frame to the feed program and reports whether it was handed up.
func (p *Programs) RunFeed(frame []byte) (handed bool, err error) {
	// The kernel takes an Ethernet header off before it runs a socket filter
	// this way, where a socket of type raw sees the frame with it.
	const taken = 14
	verdict, err := p.FeedProgram().Run(&ebpf.RunOptions{Data: append(make([]byte, taken, taken+len(frame)), frame...)})
	if err != nil {
		return false, fmt.Errorf("run feed: %w", err)
	}
	return verdict != 0, nil
}

func (p *Programs) run(name string, frame []byte, ctx any, repeat int) (time.Duration, error) {
	program := p.collection.Programs[name]
	if program == nil {
		return 0, &NotSupportedError{Feature: name}
	}
	if ctx == nil {
		_, d, err := program.Benchmark(frame, repeat, nil)
		if err != nil {
			return 0, fmt.Errorf("run %s: %w", name, err)
		}
		return d, nil
	}
	if _, err := program.Run(&ebpf.RunOptions{Data: frame, Context: ctx}); err != nil {
		return 0, fmt.Errorf("run %s: %w", name, err)
	}
	return 0, nil
}

// skbContext is struct __sk_buff of linux/bpf.h up to gso_size.
type skbContext struct {
	_       [41]uint32
	GSOSegs uint32
	_       [2]uint32
	GSOSize uint32
	_       [3]uint32
}
