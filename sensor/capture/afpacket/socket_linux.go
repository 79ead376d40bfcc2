package afpacket

import (
	"fmt"
	"math/bits"
	"os"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/link"
)

// refuseAll is the filter of a socket that is being set up, so that it neither
// takes frames that its fanout group deals to others nor keeps frames that the
// real filter would refuse.
var refuseAll = []bpf.RawInstruction{{Op: 0x06}} // return 0

// linkTypes are the kinds of interface (linux/if_arp.h) whose frames are decoded,
// with the length of the link header.
var linkTypes = map[uint16]struct {
	link      decoders.LinkType
	headerLen uint32
}{
	unix.ARPHRD_ETHER:    {decoders.LinkEthernet, 14},
	unix.ARPHRD_LOOPBACK: {decoders.LinkEthernet, 14},
	unix.ARPHRD_NONE:     {decoders.LinkRaw, 0},
	unix.ARPHRD_RAWIP:    {decoders.LinkRaw, 0},
	unix.ARPHRD_TUNNEL:   {decoders.LinkRaw, 0},
	unix.ARPHRD_TUNNEL6:  {decoders.LinkRaw, 0},
	unix.ARPHRD_SIT:      {decoders.LinkRaw, 0},
	unix.ARPHRD_IPGRE:    {decoders.LinkRaw, 0},
}

// openRing sets up a ring on the interface, which must be up. Nothing comes
// before start. filter is the compiled filter of the options, if any.
func openRing(o *Options, name string, l *link.Info, f *fanout) (*ring, error) {
	kind, ok := linkTypes[l.Kind]
	if !ok {
		return nil, &link.OpenError{Interface: name, Step: fmt.Sprintf("kind %d of interface", l.Kind), Err: link.ErrKind}
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, &link.OpenError{Interface: name, Step: "open a packet socket", Err: err}
	}
	r := &ring{fd: fd, size: o.BlockBytes, link: kind.link, header: kind.headerLen}
	r.fit(l)
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"refuse frames for now", func() error { return attach(fd, refuseAll) }},
		{"ask for TPACKET_V3", func() error {
			return unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3)
		}},
		{"set time stamps", func() error { return r.setTime(o, name) }},
		{fmt.Sprintf("make a ring of %d bytes", o.RingBytes), func() error { return r.makeRing(o) }},
		{"leave out what this host sends", func() error {
			if !o.IgnoreOutgoing && l.Kind != unix.ARPHRD_LOOPBACK {
				return nil
			}
			return unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
		}},
		{"bind", func() error {
			return unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: bits.ReverseBytes16(unix.ETH_P_ALL), Ifindex: l.Index})
		}},
		{"make promiscuous", func() error {
			if !o.Promiscuous {
				return nil
			}
			return unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP,
				&unix.PacketMreq{Ifindex: int32(l.Index), Type: unix.PACKET_MR_PROMISC})
		}},
		{fmt.Sprintf("join the fanout group by %s", o.Fanout), func() (err error) {
			if o.Workers > 1 {
				r.member, err = f.join(fd, l, o, kind.headerLen)
			}
			return err
		}},
	} {
		if err := step.do(); err != nil {
			r.close()
			return nil, &link.OpenError{Interface: name, Step: step.what, Err: err}
		}
	}
	return r, nil
}

// makeRing has the kernel make the ring, and maps it.
func (r *ring) makeRing(o *Options) error {
	count := o.RingBytes / o.BlockBytes
	// Frame_size and Frame_nr mean nothing for TPACKET_V3 but must fit the blocks.
	err := unix.SetsockoptTpacketReq3(r.fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &unix.TpacketReq3{
		Block_size:     uint32(o.BlockBytes),
		Block_nr:       uint32(count),
		Frame_size:     uint32(os.Getpagesize()),
		Frame_nr:       uint32(count * (o.BlockBytes / os.Getpagesize())),
		Retire_blk_tov: uint32(o.BlockTimeout.Milliseconds()),
	})
	if err != nil {
		return err
	}
	r.memory, err = unix.Mmap(r.fd, 0, count*o.BlockBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	r.blocks = make([]block, count)
	return err
}

// setTime asks the device for time stamps. That it has none is no error: the
// kernel's come instead, and are counted.
func (r *ring) setTime(o *Options, name string) error {
	if !o.HardwareTime {
		return nil
	}
	r.hardware = true
	// What the device does already is left alone if it cannot be changed.
	_ = unix.IoctlSetHwTstamp(r.fd, name, &unix.HwTstampConfig{Tx_type: unix.HWTSTAMP_TX_OFF, Rx_filter: unix.HWTSTAMP_FILTER_ALL})
	return unix.SetsockoptInt(r.fd, unix.SOL_PACKET, unix.PACKET_TIMESTAMP, unix.SOF_TIMESTAMPING_RAW_HARDWARE)
}

// start lets frames in.
func (r *ring) start(o *Options, filter []bpf.RawInstruction) error {
	switch {
	case len(o.FilterPrograms) > 0:
		return unix.SetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_ATTACH_BPF, o.FilterPrograms[r.number])
	case o.FilterProgram > 0:
		return unix.SetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_ATTACH_BPF, o.FilterProgram)
	case len(filter) > 0:
		return attach(r.fd, filter)
	}
	return unix.SetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0)
}

func attach(fd int, program []bpf.RawInstruction) error {
	filter := sockFilter(program)
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
}

// retire ends the capture of a ring. Its memory, and with it the socket in the
// kernel, stays as long as bytes are leased.
func (r *ring) retire() {
	r.retired = true
	if r.leases > 0 {
		// Errors could only be of an interface that is gone, which is as well.
		_ = attach(r.fd, refuseAll)
		return
	}
	r.close()
}

// close unmaps the memory and closes the socket.
func (r *ring) close() {
	if r.memory != nil {
		_ = unix.Munmap(r.memory) // of our own mapping: cannot fail
		r.memory = nil
	}
	unix.Close(r.fd)
	if r.member != nil {
		r.member.leave()
		r.member = nil
	}
}
