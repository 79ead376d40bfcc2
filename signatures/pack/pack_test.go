package pack

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

func TestValuesAreZeroedApartAndKeepTheirPlace(t *testing.T) {
	var p Of[[3]uint32]
	var all [][][3]uint32
	for i := range 40000 {
		s := p.Slice(i % 7)
		for k := range s {
			if s[k] != ([3]uint32{}) {
				t.Fatalf("value %d of slice %d is %v", k, i, s[k])
			}
			s[k][0], s[k][2] = uint32(i), uint32(k)
		}
		all = append(all, s)
	}
	for i, s := range all {
		if len(s) != i%7 || cap(s) != len(s) {
			t.Fatalf("slice %d has %d values and room for %d", i, len(s), cap(s))
		}
		for k := range s {
			if s[k] != ([3]uint32{uint32(i), 0, uint32(k)}) {
				t.Fatalf("value %d of slice %d is %v", k, i, s[k])
			}
		}
	}
	if s := p.Slice(blockBytes); len(s) != blockBytes {
		t.Errorf("a slice larger than a block has %d values", len(s))
	}
	if c := p.Copy(nil); c != nil {
		t.Error("a copy of nothing is something")
	}
	if v := p.Put([3]uint32{1, 2, 3}); *v != ([3]uint32{1, 2, 3}) {
		t.Errorf("put %v", *v)
	}
}

func TestStringsStayAsTheyWereKept(t *testing.T) {
	var p Text
	var kept []string
	for i := range 50000 {
		kept = append(kept, p.Keep(fmt.Sprint("text ", i)))
	}
	for i, s := range kept {
		if want := fmt.Sprint("text ", i); s != want {
			t.Fatalf("%q, want %q", s, want)
		}
	}
	if long := strings.Repeat("x", 3*blockBytes); p.Keep(long) != long || p.Keep("") != "" {
		t.Error("a long string or an empty one is not kept")
	}
}

// Parts that live long, made among others that do not, must not keep the pages of
// the latter.
func TestWhatIsDroppedTogetherLeavesNoHoles(t *testing.T) {
	const parts = 200000
	inUse := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse
	}
	var p Of[[48]byte]
	kept := make([][]byte, 0, parts)
	before := inUse()
	for range parts {
		garbage := make([]byte, 48)
		v := p.Put([48]byte{1})
		copy(garbage, v[:])
		kept = append(kept, v[:])
	}
	if grown := inUse() - before; grown > parts*48*11/10 {
		t.Errorf("%d bytes in use for %d", grown, parts*48)
	}
	runtime.KeepAlive(kept)
}
