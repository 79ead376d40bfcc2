package offheap

import (
	"runtime"
	"testing"
)

func TestArraysAreZeroedWritableAndNotOnTheHeap(t *testing.T) {
	const n = 1 << 20
	for _, pages := range []Pages{Small, Huge} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a, release, err := Array[[64]byte](n, pages)
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if len(a) != n || a[n-1] != [64]byte{} {
			t.Errorf("%d elements, the last %v; want %d of zeros", len(a), a[n-1], n)
		}
		a[0][0], a[n-1][63] = 1, 2
		if grown := after.HeapAlloc - min(after.HeapAlloc, before.HeapAlloc); runtime.GOOS == "linux" && grown > 1<<20 {
			t.Errorf("the heap grew by %d bytes", grown)
		}
		release()
	}
}

func TestAnEmptyArrayNeedsNothing(t *testing.T) {
	a, release, err := Array[int](0, Huge)
	if err != nil || len(a) != 0 {
		t.Errorf("%v, %v", a, err)
	}
	release()
}

func TestWhatIsDiscardedIsZeroAndUsable(t *testing.T) {
	a, release, err := Array[uint64](1<<16, Small)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for i := range a[:1000] {
		a[i] = 7
	}
	Discard(a[:1000])
	Discard(a[:0])
	for i := range a[:1000] {
		if a[i] != 0 {
			t.Fatalf("element %d is %d", i, a[i])
		}
		a[i] = 9
	}
}
