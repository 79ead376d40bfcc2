package afpacket

import (
	"errors"
	"fmt"
	"sync"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"spanwatch/sensor/capture/link"
)

// fanout is the packet(7) fanout group of one interface, of which the rings of
// all workers are members. A group belongs to one interface for ever: an
// interface that is made anew, under whatever name, gets a new group.
type fanout struct {
	mu      sync.Mutex // held by workers that open or close rings
	current *group
}

type group struct {
	index   int // of the interface
	id      int
	members int
}

// member is a ring's membership.
type member struct {
	of *fanout
	in *group
}

// fanoutTypes are the arguments of PACKET_FANOUT.
var fanoutTypes = [fanoutCount]int{
	FanoutFlow:    unix.PACKET_FANOUT_HASH | unix.PACKET_FANOUT_FLAG_DEFRAG,
	FanoutHosts:   unix.PACKET_FANOUT_CBPF,
	FanoutQueue:   unix.PACKET_FANOUT_QM,
	FanoutProgram: unix.PACKET_FANOUT_EBPF,
}

// join makes the bound socket a member, of a new group if it is the first.
func (f *fanout) join(fd int, l *link.Info, o *Options, headerLen uint32) (*member, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	kind := fanoutTypes[o.Fanout]
	if o.IgnoreOutgoing || l.Kind == unix.ARPHRD_LOOPBACK {
		kind |= unix.PACKET_FANOUT_FLAG_IGNORE_OUTGOING
	}
	g := f.current
	if g != nil && g.index == l.Index && g.members > 0 {
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT, kind<<16|g.id); err != nil {
			return nil, err
		}
		g.members++
		return &member{f, g}, nil
	}
	// The kernel chooses a number that no other process has.
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT, (kind|unix.PACKET_FANOUT_FLAG_UNIQUEID)<<16); err != nil {
		return nil, err
	}
	id, err := unix.GetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
	if err != nil {
		return nil, err
	}
	switch o.Fanout {
	case FanoutHosts:
		err = setFanoutHosts(fd, headerLen)
	case FanoutProgram:
		err = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT_DATA, o.FanoutProgram)
	}
	if err != nil {
		return nil, fmt.Errorf("program: %w", err)
	}
	f.current = &group{index: l.Index, id: id & 0xffff, members: 1}
	return &member{f, f.current}, nil
}

// leave ends the membership; the socket must be closed.
func (m *member) leave() {
	m.of.mu.Lock()
	defer m.of.mu.Unlock()
	m.in.members--
}

func setFanoutHosts(fd int, headerLen uint32) error {
	program, err := fanoutHosts(headerLen)
	if err != nil {
		return err
	}
	filter := sockFilter(program)
	return unix.SetsockoptSockFprog(fd, unix.SOL_PACKET, unix.PACKET_FANOUT_DATA,
		&unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
}

// sockFilter converts to the kernel's type.
func sockFilter(program []bpf.RawInstruction) []unix.SockFilter {
	filter := make([]unix.SockFilter, len(program))
	for i, in := range program {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return filter
}

// EtherTypes that fanoutHosts knows.
const (
	typeIPv4    = 0x0800
	typeIPv6    = 0x86dd
	typeService = 0x88a8 // IEEE 802.1ad
	typeOldQinQ = 0x9100
)

// maxFanoutTags is how many VLAN tags in the frame fanoutHosts looks behind,
// beside the outermost, which the kernel has taken out.
const maxFanoutTags = 2

// errJump tells of a jump too long for an instruction: eight bits.
var errJump = errors.New("BPF program has a jump of more than 255 instructions")

// assembly is a BPF program that is being written, with jumps to places not
// written yet.
type assembly struct {
	code  []bpf.Instruction
	jumps []jump
	marks map[string]int
}

type jump struct {
	at     int
	target string
}

func (a *assembly) add(in ...bpf.Instruction) { a.code = append(a.code, in...) }

// when jumps to the mark if the accumulator is value.
func (a *assembly) when(value uint32, target string) {
	a.jumps = append(a.jumps, jump{len(a.code), target})
	a.add(bpf.JumpIf{Cond: bpf.JumpEqual, Val: value})
}

func (a *assembly) to(target string) {
	a.jumps = append(a.jumps, jump{len(a.code), target})
	a.add(bpf.Jump{})
}

func (a *assembly) mark(name string) { a.marks[name] = len(a.code) }

func (a *assembly) assemble() ([]bpf.RawInstruction, error) {
	for _, j := range a.jumps {
		skip := a.marks[j.target] - j.at - 1
		switch in := a.code[j.at].(type) {
		case bpf.JumpIf:
			if skip > 0xff {
				return nil, errJump
			}
			in.SkipTrue = uint8(skip)
			a.code[j.at] = in
		case bpf.Jump:
			a.code[j.at] = bpf.Jump{Skip: uint32(skip)}
		}
	}
	return bpf.Assemble(a.code)
}

// fanoutHosts returns the program of FanoutHosts: a hash of the sum of the two
// addresses, which is the same both ways; of anything but IP, of the sum of the
// two MAC addresses' ends. The kernel takes it modulo the number of workers.
//
// The packet begins at its network header, but one sent by this host at its link
// header, of headerLen bytes. X is where the network header is.
func fanoutHosts(headerLen uint32) ([]bpf.RawInstruction, error) {
	const (
		outgoing  = 4                  // PACKET_OUTGOING of linux/if_packet.h
		linkStart = 1<<32 - 0x20_00_00 // SKF_LL_OFF of linux/filter.h: from the link header on
		sum       = 0                  // scratch words
		place     = 1
	)
	a := &assembly{marks: map[string]int{}}
	a.add(bpf.LoadConstant{Dst: bpf.RegX, Val: 0}, bpf.LoadExtension{Num: bpf.ExtType},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: outgoing, SkipFalse: 1},
		bpf.LoadConstant{Dst: bpf.RegX, Val: headerLen},
		bpf.LoadExtension{Num: bpf.ExtProto})
	for tags := 0; ; tags++ {
		a.when(typeIPv4, "ipv4")
		a.when(typeIPv6, "ipv6")
		if tags == maxFanoutTags {
			break
		}
		tag := fmt.Sprintf("tag %d", tags)
		for _, tpid := range []uint32{tagTPID, typeService, typeOldQinQ} {
			a.when(tpid, tag)
		}
		a.to("other")
		a.mark(tag)
		a.add(bpf.TXA{}, bpf.ALUOpConstant{Op: bpf.ALUOpAdd, Val: tagBytes}, bpf.TAX{},
			bpf.StoreScratch{Src: bpf.RegX, N: place},
			bpf.ALUOpConstant{Op: bpf.ALUOpSub, Val: 2}, bpf.TAX{}, bpf.LoadIndirect{Off: 0, Size: 2},
			bpf.LoadScratch{Dst: bpf.RegX, N: place})
	}
	a.mark("other")
	if headerLen == 0 {
		a.add(bpf.RetConstant{Val: 0})
	} else {
		a.add(bpf.LoadAbsolute{Off: linkStart + 2, Size: 4}, bpf.StoreScratch{Src: bpf.RegA, N: sum},
			bpf.LoadAbsolute{Off: linkStart + 8, Size: 4})
		a.to("add")
	}
	a.mark("ipv6")
	a.add(bpf.StoreScratch{Src: bpf.RegX, N: place}, bpf.LoadIndirect{Off: 8, Size: 4}, bpf.StoreScratch{Src: bpf.RegA, N: sum})
	for off := uint32(12); off < 36; off += 4 {
		a.add(bpf.LoadIndirect{Off: off, Size: 4}, bpf.LoadScratch{Dst: bpf.RegX, N: sum}, bpf.ALUOpX{Op: bpf.ALUOpAdd},
			bpf.StoreScratch{Src: bpf.RegA, N: sum}, bpf.LoadScratch{Dst: bpf.RegX, N: place})
	}
	a.add(bpf.LoadIndirect{Off: 36, Size: 4})
	a.to("add")
	a.mark("ipv4")
	a.add(bpf.LoadIndirect{Off: 12, Size: 4}, bpf.StoreScratch{Src: bpf.RegA, N: sum}, bpf.LoadIndirect{Off: 16, Size: 4})
	a.mark("add")
	a.add(bpf.LoadScratch{Dst: bpf.RegX, N: sum}, bpf.ALUOpX{Op: bpf.ALUOpAdd},
		bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: hostsMultiplier}, bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: hostsShift},
		bpf.RetA{})
	return a.assemble()
}
