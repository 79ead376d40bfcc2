package analytics

// bounded holds a bounded number of entries with their counts. When it is
// full, a new key takes the place of the smallest of a few entries: the heavy
// ones stay even when a scan passes by.
//
// Look-up is open addressing as in the flow table, with the hash of the key
// split into position and tag; a Go map took three times as long. Keys have no
// pointers, so the garbage collector scans none of this.
type bounded[K comparable] struct {
	limit   int
	hash    func(K) uint64
	slots   []place // twice as many as entries, or more; a power of two
	entries []entry[K]
	hand    int
	drops   uint64
}

// place is one slot of the hash table; entry 0 is empty, else the index of the
// entry plus one.
type place struct{ tag, entry uint32 }

type entry[K comparable] struct {
	key K
	tag uint32
	Flux
}

const firstSlots = 1 << 10

func (b *bounded[K]) init(limit int, hash func(K) uint64) {
	b.limit, b.hash = limit, hash
	b.slots = make([]place, firstSlots)
}

func (b *bounded[K]) reset() {
	clear(b.slots)
	b.entries = b.entries[:0]
	b.hand, b.drops = 0, 0
}

func (b *bounded[K]) add(k K, out, in Counts) {
	tag := uint32(b.hash(k) >> 32)
	mask := uint32(len(b.slots) - 1)
	for at := tag & mask; ; at = (at + 1) & mask {
		s := b.slots[at]
		if s.entry == 0 {
			break
		}
		if e := &b.entries[s.entry-1]; s.tag == tag && e.key == k {
			e.add(out, in)
			return
		}
	}
	i := b.room()
	b.entries[i] = entry[K]{key: k, tag: tag}
	b.insert(tag, i)
	b.entries[i].add(out, in)
}

func (b *bounded[K]) insert(tag, i uint32) {
	mask := uint32(len(b.slots) - 1)
	at := tag & mask
	for b.slots[at].entry != 0 {
		at = (at + 1) & mask
	}
	b.slots[at] = place{tag, i + 1}
}

// remove empties the slot of an entry and moves up the ones behind it that
// could not stand nearer to their own position.
func (b *bounded[K]) remove(i uint32) {
	mask := uint32(len(b.slots) - 1)
	hole := b.entries[i].tag & mask
	for b.slots[hole].entry != i+1 {
		hole = (hole + 1) & mask
	}
	for at := (hole + 1) & mask; b.slots[at].entry != 0; at = (at + 1) & mask {
		if (at-b.slots[at].tag)&mask >= (at-hole)&mask {
			b.slots[hole] = b.slots[at]
			hole = at
		}
	}
	b.slots[hole] = place{}
}

// dropSample is how many entries compete for being dropped: one among the
// heavier half is dropped only if all of the sample are, once in 2⁸ times.
const dropSample = 8

// room finds the index for a new entry, dropping one when there is no other.
func (b *bounded[K]) room() uint32 {
	if len(b.entries) < b.limit {
		b.entries = append(b.entries, entry[K]{})
		if 2*len(b.entries) > len(b.slots) {
			b.grow()
		}
		return uint32(len(b.entries) - 1)
	}
	smallest := b.hand
	for range dropSample {
		if b.entries[b.hand].bytes() < b.entries[smallest].bytes() {
			smallest = b.hand
		}
		b.hand = (b.hand + 1) % len(b.entries)
	}
	b.drops++
	b.remove(uint32(smallest))
	return uint32(smallest)
}

// grow doubles the slots. The last entry has no slot yet.
func (b *bounded[K]) grow() {
	b.slots = make([]place, 2*len(b.slots))
	for i := range b.entries[:len(b.entries)-1] {
		b.insert(b.entries[i].tag, uint32(i))
	}
}
