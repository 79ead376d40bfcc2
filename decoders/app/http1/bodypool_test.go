package http1

import (
	"bytes"
	"testing"
)

func TestBodiesGrowInMemoryThatIsUsedAgain(t *testing.T) {
	var pool buffers
	piece := bytes.Repeat([]byte("0123456789"), 100)
	var want []byte
	body := func() {
		var w window
		want = want[:0]
		for range 100 {
			w.add(piece, &pool)
			want = append(want, piece...)
		}
		if !bytes.Equal(w.kept, want) || w.seen != uint64(len(want)) {
			t.Fatalf("%d bytes kept of %d", len(w.kept), len(want))
		}
		w.reset(&pool)
	}
	body()
	if n := testing.AllocsPerRun(10, body); n != 0 {
		t.Errorf("%v allocations for a body like the one before", n)
	}
}

func TestIdleBodyMemoryIsBounded(t *testing.T) {
	var pool buffers
	var windows [100]window
	for i := range windows {
		windows[i].add(make([]byte, 200_000), &pool)
	}
	for i := range windows {
		windows[i].reset(&pool)
	}
	if pool.bytes > maxIdleBytes {
		t.Errorf("%d bytes idle, want %d at most", pool.bytes, maxIdleBytes)
	}
	w := window{}
	w.add(make([]byte, 5<<20), &pool) // larger than any size
	w.reset(&pool)
	if len(w.kept) != 0 || pool.bytes > maxIdleBytes {
		t.Errorf("%d bytes kept, %d idle", len(w.kept), pool.bytes)
	}
}
