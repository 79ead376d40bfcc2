//go:build !linux || !(amd64 || arm64)

package bpf

import (
	"time"

	"github.com/cilium/ebpf"
)

// Programs is never made on this platform.
type Programs struct{}

var errPlatform = &NotSupportedError{Feature: "accounting outside Linux on amd64 and arm64"}

// Load always fails here.
func Load(Config) (*Programs, error) { return nil, errPlatform }

// LoadDetached always fails here.
func LoadDetached(Config) (*Programs, error) { return nil, errPlatform }

// Probe always fails here.
func Probe(Config) (*Plan, error) { return nil, errPlatform }

// The methods exist so that callers compile.

func (*Programs) Plan() Plan                                               { return Plan{} }
func (*Programs) Attached() error                                          { return ErrClosed }
func (*Programs) Reattach() error                                          { return ErrClosed }
func (*Programs) Detach() error                                            { return nil }
func (*Programs) Close() error                                             { return nil }
func (*Programs) ReadFlows(func(*FlowRecord)) error                        { return ErrClosed }
func (*Programs) Evictions(int, func(*FlowRecord)) (int, error)            { return 0, ErrClosed }
func (*Programs) Stats() (Stats, error)                                    { return Stats{}, ErrClosed }
func (*Programs) VLANs(func(uint16, [2]Count)) error                       { return ErrClosed }
func (*Programs) Milliseconds(int64, []Millisecond) ([]Millisecond, error) { return nil, ErrClosed }
func (*Programs) FeedProgram() *ebpf.Program                               { return nil }
func (*Programs) Shunt(*FlowKey) error                                     { return ErrClosed }
func (*Programs) Unshunt(*FlowKey) (Count, bool, error)                    { return Count{}, false, ErrClosed }
func (*Programs) Held(*FlowKey) (Count, bool, error)                       { return Count{}, false, ErrClosed }
func (*Programs) GuardDrop() error                                         { return ErrClosed }
func (*Programs) Sample(uint32) error                                      { return ErrClosed }
func (*Programs) BindQueue(int, int) error                                 { return ErrClosed }
func (*Programs) UnbindQueue(int) error                                    { return ErrClosed }
func (*Programs) QueueCount(int) (Count, error)                            { return Count{}, ErrClosed }
func (*Programs) RunXDP([]byte, int) (time.Duration, error)                { return 0, ErrClosed }
