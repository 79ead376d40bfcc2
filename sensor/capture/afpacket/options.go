package afpacket

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/net/bpf"
)

// Fanout says how the frames of an interface are dealt to the workers. With one
// worker it does nothing.
type Fanout uint8

// Ways to deal. All give both directions of a flow to the same worker.
const (
	// FanoutFlow deals by a symmetric hash of the five-tuple. The kernel first
	// rebuilds IPv4 datagrams from their fragments (PACKET_FANOUT_FLAG_DEFRAG), so
	// that they come to the worker of their flow, as one frame: fragments are then
	// not seen one by one, nor at all if some are missing. IPv6 fragments come as
	// they are, to the worker of their pair of hosts.
	FanoutFlow Fanout = iota
	// FanoutHosts deals by a symmetric hash of the two addresses, computed by a
	// BPF program that looks behind up to three VLAN tags. Fragments stay what they
	// are and come to the worker of their flow; but all flows between two hosts
	// load one worker.
	FanoutHosts
	// FanoutQueue deals by the receive queue of the device, which must deal
	// symmetrically itself (its RSS key).
	FanoutQueue
	// FanoutProgram has the eBPF program Options.FanoutProgram choose: it returns
	// the number of the worker.
	FanoutProgram

	fanoutCount
)

// String returns the name as in the configuration.
func (f Fanout) String() string {
	switch f {
	case FanoutFlow:
		return "flow"
	case FanoutHosts:
		return "hosts"
	case FanoutQueue:
		return "queue"
	case FanoutProgram:
		return "program"
	}
	return "invalid"
}

// Defaults and bounds of Options.
const (
	DefaultRingBytes    = 64 << 20
	DefaultBlockBytes   = 1 << 20
	DefaultBlockTimeout = 50 * time.Millisecond

	// minBlockBytes has room for the largest frame that can be: 64 KiB, as GRO
	// merges them, and headers.
	minBlockBytes = 128 << 10
	maxBlockBytes = 64 << 20
	minBlocks     = 4
	maxRingBytes  = 4<<30 - 1
	maxTimeout    = 10 * time.Second
	maxWorkers    = 256 // members of a fanout group; packet(7)
)

// Options are what Open can be told. The zero value of a field is its default.
type Options struct {
	// Interfaces are the names of the interfaces, at least one, none twice.
	// Frame.Interface is the index into it.
	Interfaces []string
	// Workers is how many Sources share the frames; 0 is one.
	Workers int
	// Fanout says how they share.
	Fanout Fanout
	// FanoutProgram is the descriptor of the eBPF program (BPF_PROG_TYPE_SOCKET_FILTER)
	// of Fanout FanoutProgram. It may be closed after Open unless Interfaces may vanish
	// and return.
	FanoutProgram int

	// Promiscuous asks the interfaces for frames to other stations too.
	Promiscuous bool
	// IgnoreOutgoing leaves out what this host sends. It always holds for the
	// loopback interface, which receives what it sends.
	IgnoreOutgoing bool
	// HardwareTime asks the device for time stamps. Where it has none, or there
	// is no right to ask (CAP_NET_ADMIN), the kernel's are delivered and counted in
	// InterfaceStats.SoftwareTimes. The clock of a device must be kept to UTC by
	// others (phc2sys).
	HardwareTime bool

	// Filter is an expression of pcap-filter(7), compiled by libpcap for each
	// interface and run by the kernel. What it refuses is not counted. The kernel
	// has taken the outermost VLAN tag out of the frame: "udp" accepts frames with
	// and without it, "vlan and udp" those with, "udp and not vlan" those without
	// (what follows the word vlan is looked for behind a tag).
	Filter string
	// Program is a compiled filter, as of `tcpdump -ddd`, instead of Filter.
	Program []bpf.RawInstruction
	// FilterProgram is the descriptor of an eBPF program
	// (BPF_PROG_TYPE_SOCKET_FILTER) instead of a filter, to which the sockets are
	// attached (SO_ATTACH_BPF); 0 is none. It returns how many bytes of the frame
	// to deliver, 0 for none. It must stay open as long as the capture.
	FilterProgram int
	// FilterPrograms are the same, one for each of Interfaces, instead of one for
	// all.
	FilterPrograms []int

	// RingBytes is the size of each ring: one for each worker and interface.
	// Kernel memory that is never swapped.
	RingBytes int
	// BlockBytes is the size of a block, a power of two.
	BlockBytes int
	// BlockTimeout is how long the kernel may keep a block that is not full, and
	// so the longest delay of a frame on a quiet link; whole milliseconds.
	BlockTimeout time.Duration
}

// Faults of Options.
var (
	ErrNoInterface = errors.New("no interface named")
	ErrTwoFilters  = errors.New("a socket takes one of filter expression, program and eBPF program")
	ErrOption      = errors.New("option out of bounds")
	// ErrNotSupported is returned by Open on systems without AF_PACKET.
	ErrNotSupported = errors.New("AF_PACKET is of Linux only")
)

// withDefaults returns the options with defaults filled in, and all their faults.
func (o Options) withDefaults() (Options, error) {
	var faults []error
	bound := func(name string, value, low, high any, ok bool) {
		if !ok {
			faults = append(faults, fmt.Errorf("%w: %s %v is not from %v to %v", ErrOption, name, value, low, high))
		}
	}
	if o.Workers == 0 {
		o.Workers = 1
	}
	if o.RingBytes == 0 {
		o.RingBytes = DefaultRingBytes
	}
	if o.BlockBytes == 0 {
		o.BlockBytes = DefaultBlockBytes
	}
	if o.BlockTimeout == 0 {
		o.BlockTimeout = DefaultBlockTimeout
	}
	if len(o.Interfaces) == 0 {
		faults = append(faults, ErrNoInterface)
	}
	for i, name := range o.Interfaces {
		for _, other := range o.Interfaces[:i] {
			if name == other {
				faults = append(faults, fmt.Errorf("%w: interface %s is named twice", ErrOption, name))
			}
		}
	}
	bound("number of interfaces", len(o.Interfaces), 1, 1<<16-1, len(o.Interfaces) < 1<<16)
	bound("workers", o.Workers, 1, maxWorkers, o.Workers >= 1 && o.Workers <= maxWorkers)
	bound("fanout", o.Fanout, FanoutFlow, fanoutCount-1, o.Fanout < fanoutCount)
	bound("block timeout", o.BlockTimeout, time.Millisecond, maxTimeout, o.BlockTimeout >= time.Millisecond && o.BlockTimeout <= maxTimeout)
	bound("block bytes", o.BlockBytes, minBlockBytes, maxBlockBytes, o.BlockBytes >= minBlockBytes && o.BlockBytes <= maxBlockBytes)
	if o.BlockBytes&(o.BlockBytes-1) != 0 {
		faults = append(faults, fmt.Errorf("%w: block bytes %d is not a power of two", ErrOption, o.BlockBytes))
	}
	bound("ring bytes", o.RingBytes, minBlocks*o.BlockBytes, maxRingBytes, o.RingBytes/minBlocks >= o.BlockBytes && o.RingBytes <= maxRingBytes)
	if o.Fanout == FanoutProgram && o.Workers > 1 && o.FanoutProgram <= 0 {
		faults = append(faults, fmt.Errorf("%w: fanout by program, but none is given", ErrOption))
	}
	if n := len(o.FilterPrograms); n > 0 && n != len(o.Interfaces) {
		faults = append(faults, fmt.Errorf("%w: %d eBPF programs for %d interfaces", ErrOption, n, len(o.Interfaces)))
	}
	filters := 0
	for _, given := range []bool{o.Filter != "", len(o.Program) > 0, o.FilterProgram > 0, len(o.FilterPrograms) > 0} {
		if given {
			filters++
		}
	}
	if filters > 1 {
		faults = append(faults, ErrTwoFilters)
	}
	return o, errors.Join(faults...)
}

// HostsWorker returns which of the workers gets packets between two hosts by
// FanoutHosts, as far as that program looks into them.
func HostsWorker(a, b [16]byte, version uint8, workers int) int {
	bytes := 4
	if version == 6 {
		bytes = 16
	}
	var sum uint32
	for i := 0; i < bytes; i += 4 {
		sum += binary.BigEndian.Uint32(a[i:]) + binary.BigEndian.Uint32(b[i:])
	}
	return int(sum*hostsMultiplier>>hostsShift) % max(workers, 1)
}

// The golden ratio (Knuth, The Art of Computer Programming 6.4): neighbouring
// addresses spread over the upper bits.
const (
	hostsMultiplier = 0x9e3779b1
	hostsShift      = 16
)
