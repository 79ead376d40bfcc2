package analytics

import (
	"cmp"
	"slices"
)

// ranked is an entry by number with its weight.
type ranked struct {
	weight uint64
	entry  int
}

// less puts lighter entries first, and of equal ones the later.
func (r ranked) less(s ranked) bool {
	return r.weight < s.weight || r.weight == s.weight && r.entry > s.entry
}

// largest returns the k heaviest of n entries, heaviest first, of equal ones
// the earlier first. A heap of the best k so far makes it one pass.
func largest(n, k int, weight func(int) uint64) []int {
	if k <= 0 {
		return nil
	}
	heap := make([]ranked, 0, min(n, k))
	for i := range n {
		r := ranked{weight(i), i}
		switch {
		case len(heap) < k:
			heap = append(heap, r)
			for c := len(heap) - 1; c > 0; {
				parent := (c - 1) / 2
				if !heap[c].less(heap[parent]) {
					break
				}
				heap[c], heap[parent] = heap[parent], heap[c]
				c = parent
			}
		case heap[0].less(r):
			heap[0] = r
			sink(heap)
		}
	}
	slices.SortFunc(heap, func(r, s ranked) int {
		return cmp.Or(cmp.Compare(s.weight, r.weight), cmp.Compare(r.entry, s.entry))
	})
	out := make([]int, len(heap))
	for i, r := range heap {
		out[i] = r.entry
	}
	return out
}

// sink moves the root down to its place.
func sink(heap []ranked) {
	for p := 0; ; {
		c := 2*p + 1
		if c >= len(heap) {
			return
		}
		if c+1 < len(heap) && heap[c+1].less(heap[c]) {
			c++
		}
		if !heap[c].less(heap[p]) {
			return
		}
		heap[p], heap[c] = heap[c], heap[p]
		p = c
	}
}
