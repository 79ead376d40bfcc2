//go:build linux && (amd64 || arm64)

package bpf

import (
	"fmt"
	"os"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// mapped shows what an array map holds, which lives until unmapped. Its entries
// are whole T, and a multiple of eight bytes, as the kernel rounds them up to that.
func mapped[T any](m *ebpf.Map) ([]T, error) { return mapAs[T](m, unix.PROT_READ) }

// mappedToWrite is mapped for what user space writes, too.
func mappedToWrite[T any](m *ebpf.Map) ([]T, error) {
	return mapAs[T](m, unix.PROT_READ|unix.PROT_WRITE)
}

func mapAs[T any](m *ebpf.Map, prot int) ([]T, error) {
	var t T
	size := int(m.MaxEntries()) * int(m.ValueSize())
	page := os.Getpagesize()
	b, err := unix.Mmap(m.FD(), 0, (size+page-1)/page*page, prot, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", m, err)
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), size/int(unsafe.Sizeof(t))), nil
}

// unmapped undoes mapped, and leaves nil.
func unmapped[T any](s *[]T) error {
	if *s == nil {
		return nil
	}
	size := len(*s) * int(unsafe.Sizeof((*s)[0]))
	page := os.Getpagesize()
	size = (size + page - 1) / page * page
	err := unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(*s)), uintptr(size))
	*s = nil
	if err != nil {
		return fmt.Errorf("unmap: %w", err)
	}
	return nil
}
