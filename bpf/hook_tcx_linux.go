//go:build linux && (amd64 || arm64)

package bpf

import (
	"errors"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// attachTCX puts the program before others, so that it sees what they drop.
func attachTCX(program *ebpf.Program, ifindex int, at ebpf.AttachType) (link.Link, error) {
	return link.AttachTCX(link.TCXOptions{Program: program, Interface: ifindex, Attach: at, Anchor: link.Head()})
}

// haveTCX tells whether the kernel has TCX, by attaching to an interface that
// cannot exist: only a kernel that knows the attach type looks for it.
func haveTCX() error {
	unsupported := &NotSupportedError{Feature: "TCX", MinVersion: "6.6"}
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "sw_probe_tcx", Type: ebpf.SchedCLS, AttachType: ebpf.AttachTCXIngress, License: "Dual BSD/GPL",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
	if err != nil {
		unsupported.Err = err
		return unsupported
	}
	defer program.Close()
	l, err := attachTCX(program, 1<<30, ebpf.AttachTCXIngress)
	switch {
	case err == nil:
		return l.Close()
	case errors.Is(err, unix.ENODEV):
		return nil
	}
	unsupported.Err = err
	return unsupported
}
