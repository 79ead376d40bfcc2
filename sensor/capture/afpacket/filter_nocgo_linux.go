//go:build !cgo

package afpacket

import (
	"golang.org/x/net/bpf"

	"spanwatch/sensor/capture"
)

// check is compile without an interface.
func check(string) error { return capture.ErrNoLibpcap }

// compile has no libpcap to turn to.
func compile(string, string) ([]bpf.RawInstruction, error) { return nil, capture.ErrNoLibpcap }
