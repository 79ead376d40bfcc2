package signatures

// recent is a bounded table that forgets what was not used for longest. Keys
// know their hash; values are held in place. It takes the memory of what it has
// held at most. One goroutine.
type recent[K interface {
	comparable
	hash() uint64
}, V any] struct {
	limit   int // of entries
	entries []recentEntry[K, V]
	slots   []uint32 // hash table of indexes into entries, +1; 0 is empty
	mask    uint64
	// oldest and newest are the ends of a list by time of use.
	oldest, newest uint32
	// evicted counts entries that made room although they still mattered.
	evicted uint64
}

type recentEntry[K comparable, V any] struct {
	key          K
	value        V
	live         int64  // packet time until which forgetting the entry could change a decision
	older, newer uint32 // index + 1
	nextInSlot   uint32 // index + 1
}

// fewSlots is what a table has to begin with.
const fewSlots = 64

func newRecent[K interface {
	comparable
	hash() uint64
}, V any](limit int) recent[K, V] {
	return recent[K, V]{limit: limit, slots: make([]uint32, fewSlots), mask: fewSlots - 1}
}

// grow doubles the slots.
func (t *recent[K, V]) grow() {
	t.slots = make([]uint32, 2*len(t.slots))
	t.mask = uint64(len(t.slots) - 1)
	for i := range t.entries {
		t.putInSlot(uint32(i + 1))
	}
}

func (t *recent[K, V]) putInSlot(i uint32) {
	e := &t.entries[i-1]
	slot := &t.slots[e.key.hash()&t.mask]
	e.nextInSlot, *slot = *slot, i
}

// find returns the entry of a key, nil when there is none. It counts as a use.
func (t *recent[K, V]) find(k K) *recentEntry[K, V] {
	for i := t.slots[k.hash()&t.mask]; i != 0; i = t.entries[i-1].nextInSlot {
		if e := &t.entries[i-1]; e.key == k {
			t.unlink(i)
			t.linkNewest(i)
			return e
		}
	}
	return nil
}

// entry returns the entry of a key, making it when there is none.
func (t *recent[K, V]) entry(now int64, k K) (e *recentEntry[K, V], fresh bool) {
	if e := t.find(k); e != nil {
		return e, false
	}
	var i uint32
	if len(t.entries) < t.limit {
		if len(t.entries) == len(t.slots) {
			t.grow()
		}
		t.entries = append(t.entries, recentEntry[K, V]{})
		i = uint32(len(t.entries))
	} else {
		i = t.oldest
		if t.entries[i-1].live >= now {
			t.evicted++
		}
		t.unlink(i)
		t.removeFromSlot(i)
	}
	e = &t.entries[i-1]
	*e = recentEntry[K, V]{key: k}
	t.putInSlot(i)
	t.linkNewest(i)
	return e, true
}

func (t *recent[K, V]) removeFromSlot(i uint32) {
	for at := &t.slots[t.entries[i-1].key.hash()&t.mask]; *at != 0; at = &t.entries[*at-1].nextInSlot {
		if *at == i {
			*at = t.entries[i-1].nextInSlot
			return
		}
	}
}

func (t *recent[K, V]) unlink(i uint32) {
	e := &t.entries[i-1]
	if e.older != 0 {
		t.entries[e.older-1].newer = e.newer
	} else {
		t.oldest = e.newer
	}
	if e.newer != 0 {
		t.entries[e.newer-1].older = e.older
	} else {
		t.newest = e.older
	}
	e.older, e.newer = 0, 0
}

func (t *recent[K, V]) linkNewest(i uint32) {
	e := &t.entries[i-1]
	e.older = t.newest
	if t.newest != 0 {
		t.entries[t.newest-1].newer = i
	} else {
		t.oldest = i
	}
	t.newest = i
}
