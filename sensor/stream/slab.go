package stream

import "unsafe"

// slab is a growing set of records without pointers, named by their place; 0
// names none.
type slab[T any] struct {
	items []T
	free  []uint32
}

func newSlab[T any]() slab[T] { return slab[T]{items: make([]T, 1, 64)} }

// take returns a record as it was given back: the caller sets all of it.
func (s *slab[T]) take() uint32 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		return i
	}
	var zero T
	s.items = append(s.items, zero)
	return uint32(len(s.items) - 1)
}

func (s *slab[T]) give(i uint32) { s.free = append(s.free, i) }

// memory is how many bytes the records in use take.
func (s *slab[T]) memory() uint64 {
	var record T
	return uint64(len(s.items)-1-len(s.free)) * uint64(unsafe.Sizeof(record))
}
