//go:build cgo

package afpacket

import (
	"fmt"

	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcap"
	"golang.org/x/net/bpf"
)

// check finds faults of an expression without the interface.
func check(expression string) error {
	_, err := pcap.CompileBPFFilter(layers.LinkTypeEthernet, maxSnapLen, expression)
	return err
}

// maxSnapLen is the largest capture length of libpcap.
const maxSnapLen = 262144

// compile has libpcap compile a filter expression for an interface. A live
// handle of that interface and not one for its link type alone: only so libpcap
// knows that the outermost VLAN tag is not in the frame, and has the program look
// for it where the kernel keeps it.
func compile(name, expression string) ([]bpf.RawInstruction, error) {
	inactive, err := pcap.NewInactiveHandle(name)
	if err != nil {
		return nil, fmt.Errorf("libpcap: %w", err)
	}
	defer inactive.CleanUp()
	h, err := inactive.Activate()
	if err != nil {
		return nil, fmt.Errorf("libpcap: %w", err)
	}
	defer h.Close()
	code, err := h.CompileBPFFilter(expression)
	if err != nil {
		return nil, err
	}
	program := make([]bpf.RawInstruction, len(code))
	for i, in := range code {
		program[i] = bpf.RawInstruction{Op: in.Code, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return program, nil
}
