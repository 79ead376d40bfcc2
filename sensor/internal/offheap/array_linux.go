package offheap

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hugePage is the size of a huge page on amd64 and arm64 with 4 KiB pages.
const hugePage = 2 << 20

// Array maps n zeroed elements without pointers. release gives the memory back;
// the array must not be used after it.
func Array[T any](n int, pages Pages) (array []T, release func(), err error) {
	var element T
	size := (n*int(unsafe.Sizeof(element)) + hugePage - 1) &^ (hugePage - 1)
	if n == 0 {
		return nil, func() {}, nil
	}
	memory, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		return nil, nil, fmt.Errorf("map %d bytes: %w", size, err)
	}
	advice := unix.MADV_NOHUGEPAGE
	if pages == Huge {
		advice = unix.MADV_HUGEPAGE
	}
	// Refused where the kernel has no huge pages: only speed is lost.
	_ = unix.Madvise(memory, advice)
	return unsafe.Slice((*T)(unsafe.Pointer(&memory[0])), n), func() { _ = unix.Munmap(memory) }, nil
}

// Discard gives the memory of elements back to the system; they are zero when they
// are read again. array is one that Array made, or its beginning.
func Discard[T any](array []T) {
	var element T
	size := len(array) * int(unsafe.Sizeof(element))
	if size == 0 {
		return
	}
	size = (size + os.Getpagesize() - 1) &^ (os.Getpagesize() - 1)
	memory := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(array))), size)
	if unix.Madvise(memory, unix.MADV_DONTNEED) != nil {
		clear(array)
	}
}
