package afxdp

import (
	"errors"
	"fmt"
	"time"

	"spanwatch/bpf"
)

// Mode says how frames come into our memory.
type Mode uint8

// Modes.
const (
	ModeAuto     Mode = iota // without a copy where the driver can, else with one
	ModeCopy                 // the kernel copies
	ModeZeroCopy             // the device writes there, or Open fails
)

var modeNames = [...]string{"auto", "copy", "zerocopy"}

// String returns the name as in the configuration.
func (m Mode) String() string {
	if int(m) >= len(modeNames) {
		return "invalid"
	}
	return modeNames[m]
}

// Defaults and bounds of Options.
const (
	DefaultMemory   = 64 << 20
	DefaultCoalesce = time.Millisecond

	minMemory   = 1 << 20
	maxMemory   = 1 << 32
	maxCoalesce = 100 * time.Millisecond
	maxWorkers  = 256
)

// Options are what Open can be told. The zero value of a field is its default.
type Options struct {
	// Interfaces are the names of the interfaces, at least one, none twice.
	// Frame.Interface is the index into it.
	Interfaces []string
	// Programs are those that count and redirect the frames of each interface, loaded
	// with bpf.Config.Redirect. They must stay open as long as the capture.
	Programs []*bpf.Programs
	// Workers is how many Sources share the queues of each interface: queue i is
	// number i modulo Workers'. 0 is one. A device deals both directions of a flow to
	// one queue only if its hash is symmetric (ethtool -X … symmetric-xor), so that
	// one Source for all queues is the safe choice.
	Workers int
	// Memory is how many bytes of frames each Source holds of each interface; a
	// frame takes 2 KiB of it, or 4 KiB on devices with larger frames.
	Memory int
	// Promiscuous asks the interfaces for frames to other stations too.
	Promiscuous bool
	// Mode says whether the kernel may copy.
	Mode Mode
	// Coalesce is for how long a Source sleeps when it finds no frame, before it
	// waits to be woken; less than zero does not sleep.
	Coalesce time.Duration
	// Force takes interfaces that this host uses itself (bpf.InUse), which then gets
	// nothing from them.
	Force bool
}

// Faults of Options and of Open.
var (
	ErrNoInterface = errors.New("no interface named")
	ErrOption      = errors.New("option out of bounds")
	// ErrFrameSize is returned for an interface whose frames are longer than a chunk,
	// where the kernel gives them in one piece only.
	ErrFrameSize = errors.New("frames are longer than a chunk of memory, and the kernel does not cut them (needs Linux 6.6)")
	// ErrLocked is returned when the memory exceeds what the process may lock.
	ErrLocked = errors.New("memory exceeds the limit of locked memory (LimitMEMLOCK of the service, ulimit -l)")
	// ErrNotSupported is returned on systems without AF_XDP.
	ErrNotSupported = errors.New("AF_XDP is not supported")
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
	if o.Memory == 0 {
		o.Memory = DefaultMemory
	}
	if o.Coalesce == 0 {
		o.Coalesce = DefaultCoalesce
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
	if len(o.Programs) != len(o.Interfaces) {
		faults = append(faults, fmt.Errorf("%w: programs of %d interfaces, not of %d", ErrOption, len(o.Programs), len(o.Interfaces)))
	}
	bound("number of interfaces", len(o.Interfaces), 1, 1<<16-1, len(o.Interfaces) < 1<<16)
	bound("workers", o.Workers, 1, maxWorkers, o.Workers >= 1 && o.Workers <= maxWorkers)
	bound("memory", o.Memory, minMemory, maxMemory, o.Memory >= minMemory && o.Memory <= maxMemory)
	bound("coalesce", o.Coalesce, 0, maxCoalesce, o.Coalesce <= maxCoalesce)
	bound("mode", o.Mode, ModeAuto, ModeZeroCopy, o.Mode <= ModeZeroCopy)
	return o, errors.Join(faults...)
}

// Chunks. The kernel takes powers of two from 2 KiB to a page, and keeps
// XDP_PACKET_HEADROOM of each in front of the frame (linux/bpf.h).
const (
	smallChunk = 2 << 10
	largeChunk = 4 << 10
	headroom   = 256
)

// chunkFor returns the size of chunks for an MTU, and whether a frame may be longer:
// with its link header and two VLAN tags.
func chunkFor(mtu int) (size int, pieces bool) {
	const link = 14 + 2*4
	for _, size := range []int{smallChunk, largeChunk} {
		if mtu+link <= size-headroom {
			return size, false
		}
	}
	return largeChunk, true
}
