package flow

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hugePage is the size of a huge page on amd64 and arm64 with 4 KiB pages.
const hugePage = 2 << 20

// reserve maps zeroed memory for slots and flows outside Go's heap and asks
// for huge pages; the kernel gives them if it can.
func reserve(slots, flows int) ([]slot, []Flow, func(), error) {
	slotBytes := roundUp(slots * int(unsafe.Sizeof(slot{})))
	total := slotBytes + roundUp(flows*int(unsafe.Sizeof(Flow{})))
	memory, err := unix.Mmap(-1, 0, total, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("map %d bytes for the flow table: %w", total, err)
	}
	// Refused where the kernel has no huge pages: only speed is lost.
	_ = unix.Madvise(memory, unix.MADV_HUGEPAGE)
	return unsafe.Slice((*slot)(unsafe.Pointer(&memory[0])), slots),
		unsafe.Slice((*Flow)(unsafe.Pointer(&memory[slotBytes])), flows),
		func() { _ = unix.Munmap(memory) }, nil
}

func roundUp(n int) int { return (n + hugePage - 1) &^ (hugePage - 1) }
