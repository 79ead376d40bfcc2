//go:build linux && (amd64 || arm64)

package bpf

import (
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"
	"github.com/cilium/ebpf/link"
)

// attachXDP holds the program on the device for as long as the link is open,
// which is at most as long as the process lives.
func attachXDP(program *ebpf.Program, ifindex int, mode link.XDPAttachFlags) (link.Link, error) {
	return link.AttachXDP(link.XDPOptions{Program: program, Interface: ifindex, Flags: mode})
}

// haveFrags tells whether XDP programs may see frames that span several buffers.
func haveFrags() error {
	if err := features.HaveProgramHelper(ebpf.XDP, asm.FnXdpGetBuffLen); err != nil {
		return &NotSupportedError{Feature: "XDP of several buffers", MinVersion: "5.18", Err: err}
	}
	return nil
}
