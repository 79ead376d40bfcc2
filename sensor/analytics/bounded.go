package analytics

// bounded holds a bounded number of entries with their counts. When it is
// full, a new key takes the place of the smallest of a few entries: the heavy
// ones stay even when a scan passes by.
//
// Keys have no pointers, so the garbage collector scans none of this.
type bounded[K comparable] struct {
	limit   int
	places  map[K]uint32
	entries []entry[K]
	hand    int
	drops   uint64
}

type entry[K comparable] struct {
	key K
	Flux
}

func (b *bounded[K]) init(limit int) {
	b.limit = limit
	b.places = make(map[K]uint32)
}

func (b *bounded[K]) reset() {
	clear(b.places)
	b.entries = b.entries[:0]
	b.hand, b.drops = 0, 0
}

func (b *bounded[K]) add(k K, out, in Counts) {
	i, ok := b.places[k]
	if !ok {
		i = b.place()
		b.entries[i] = entry[K]{key: k}
		b.places[k] = i
	}
	b.entries[i].add(out, in)
}

// dropSample is how many entries compete for being dropped: one among the
// heavier half is dropped only if all of the sample are, once in 2⁸ times.
const dropSample = 8

// place finds room for a new entry.
func (b *bounded[K]) place() uint32 {
	if len(b.entries) < b.limit {
		b.entries = append(b.entries, entry[K]{})
		return uint32(len(b.entries) - 1)
	}
	smallest := b.hand
	for range dropSample {
		if b.entries[b.hand].bytes() < b.entries[smallest].bytes() {
			smallest = b.hand
		}
		b.hand = (b.hand + 1) % len(b.entries)
	}
	e := &b.entries[smallest]
	b.drops++
	delete(b.places, e.key)
	return uint32(smallest)
}
