package signatures

import (
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// A slow table: a list of keys, the one not used for longest first.
type slowRecent struct {
	limit int
	keys  []rateKey
}

func (s *slowRecent) use(k rateKey) (found bool) {
	i := slices.Index(s.keys, k)
	if i >= 0 {
		s.keys = slices.Delete(s.keys, i, i+1)
	} else if len(s.keys) == s.limit {
		s.keys = s.keys[1:]
	}
	s.keys = append(s.keys, k)
	return i >= 0
}

func TestRecentForgetsWhatWasNotUsedForLongestWhileItGrows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, limit := range []int{1, 3, fewSlots, fewSlots + 1, 1000} {
		table, slow := newRecent[rateKey, uint32](limit), &slowRecent{limit: limit}
		for range 20 * limit {
			k := rateKey{sid: r.Uint32N(uint32(2 * limit))}
			if e := table.find(k); e != nil && e.value != k.sid {
				t.Fatalf("limit %d: key %d has the value of %d", limit, k.sid, e.value)
			}
			e, fresh := table.entry(0, k)
			if found := slow.use(k); found == fresh {
				t.Fatalf("limit %d: key %d is new: %v; was used lately: %v", limit, k.sid, fresh, found)
			}
			if fresh {
				e.value = k.sid
			}
		}
		if len(table.entries) != limit {
			t.Errorf("limit %d: holds %d entries", limit, len(table.entries))
		}
	}
}

func TestAnEmptyTableOfThresholdsTakesNextToNoMemory(t *testing.T) {
	table := newRecent[rateKey, rateState](1 << 20)
	if n := uintptr(cap(table.entries))*unsafe.Sizeof(recentEntry[rateKey, rateState]{}) + uintptr(len(table.slots))*4; n > 1<<10 {
		t.Errorf("%d bytes before the first entry", n)
	}
}
