//go:build linux && (amd64 || arm64)

package afxdp

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The rings of linux/if_xdp.h (Documentation/networking/af_xdp.rst of the kernel),
// each with one producer and one consumer: of the rx ring the kernel is the
// producer, of the fill ring we are. Entries are a power of two; positions run on
// and wrap at 32 bits.

// descriptor is struct xdp_desc: one piece of a frame.
type descriptor struct {
	addr    uint64 // of its first byte, in the socket's memory
	len     uint32
	options uint32
}

// ringOffset is struct xdp_ring_offset: where things are in the mapping of a ring.
type ringOffset struct{ producer, consumer, desc, flags uint64 }

// ringOffsets is struct xdp_mmap_offsets.
type ringOffsets struct {
	rx   ringOffset
	_    ringOffset // of sending
	fill ringOffset
	_    ringOffset // of what was sent
}

// socketStats is struct xdp_statistics. A frame for which the fill ring was empty is
// in rxDropped.
type socketStats struct {
	rxDropped  uint64
	_          [2]uint64 // descriptors that were wrong, of receiving and sending
	rxRingFull uint64
	_          [2]uint64 // looks at an empty fill ring, and at an empty ring of sending
}

// mapping is the part that all rings have.
type mapping struct {
	memory             []byte
	producer, consumer *uint32
	flags              *uint32
	mask               uint32
}

func mapRing(fd int, at ringOffset, offset int64, entries, entrySize int) (m mapping, err error) {
	m.memory, err = unix.Mmap(fd, offset, int(at.desc)+entries*entrySize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return mapping{}, err
	}
	m.producer = (*uint32)(unsafe.Pointer(&m.memory[at.producer]))
	m.consumer = (*uint32)(unsafe.Pointer(&m.memory[at.consumer]))
	m.flags = (*uint32)(unsafe.Pointer(&m.memory[at.flags]))
	m.mask = uint32(entries - 1)
	return m, nil
}

func (m *mapping) unmap() {
	if m.memory != nil {
		_ = unix.Munmap(m.memory) // of our own mapping: cannot fail
		m.memory = nil
	}
}

// rxRing gives us frames.
type rxRing struct {
	mapping
	entries []descriptor
	next    uint32 // position that is read next
}

func mapRxRing(fd int, at ringOffset, entries int) (r rxRing, err error) {
	r.mapping, err = mapRing(fd, at, unix.XDP_PGOFF_RX_RING, entries, int(unsafe.Sizeof(descriptor{})))
	if err == nil {
		r.entries = unsafe.Slice((*descriptor)(unsafe.Pointer(&r.memory[at.desc])), entries)
	}
	return r, err
}

// waiting returns how many descriptors wait.
func (r *rxRing) waiting() int { return int(atomic.LoadUint32(r.producer) - r.next) }

// at returns the i-th descriptor that waits.
func (r *rxRing) at(i int) *descriptor { return &r.entries[(r.next+uint32(i))&r.mask] }

// took frees the places of n descriptors; the memory that they name is ours still.
func (r *rxRing) took(n int) {
	r.next += uint32(n)
	atomic.StoreUint32(r.consumer, r.next)
}

// fillRing gives the kernel chunks.
type fillRing struct {
	mapping
	entries []uint64
	next    uint32 // position that is written next
}

func mapFillRing(fd int, at ringOffset, entries int) (r fillRing, err error) {
	r.mapping, err = mapRing(fd, at, unix.XDP_UMEM_PGOFF_FILL_RING, entries, 8)
	if err == nil {
		r.entries = unsafe.Slice((*uint64)(unsafe.Pointer(&r.memory[at.desc])), entries)
	}
	return r, err
}

// give hands chunks over. There is always room: the ring has as many places as
// there are chunks.
func (r *fillRing) give(chunks []uint64) {
	for i, addr := range chunks {
		r.entries[(r.next+uint32(i))&r.mask] = addr
	}
	r.next += uint32(len(chunks))
	atomic.StoreUint32(r.producer, r.next)
}

// needsWakeup reports whether the driver waits to be told of new chunks.
func (r *fillRing) needsWakeup() bool {
	return atomic.LoadUint32(r.flags)&unix.XDP_RING_NEED_WAKEUP != 0
}

// option reads a socket option of any type.
func option[T any](fd, name int, value *T) error {
	size := uint32(unsafe.Sizeof(*value))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_XDP, uintptr(name),
		uintptr(unsafe.Pointer(value)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return errno
	}
	if size != uint32(unsafe.Sizeof(*value)) {
		return fmt.Errorf("%w: option %d has %d bytes", ErrNotSupported, name, size)
	}
	return nil
}

// setOption sets a socket option of any type.
func setOption[T any](fd, name int, value *T) error {
	_, _, errno := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(fd), unix.SOL_XDP, uintptr(name),
		uintptr(unsafe.Pointer(value)), unsafe.Sizeof(*value), 0)
	if errno != 0 {
		return errno
	}
	return nil
}
