package analytics

import (
	"fmt"
	"math"

	"spanwatch/sensor/internal/offheap"
)

// bounded holds a bounded number of entries with their counts. When it is
// full, a new key that counts more than the smallest of a few entries takes its
// place, and so does one in some of the others: the heavy ones stay even when a
// scan passes by, which costs it a look at one slot for each new key, and what is
// light but steady comes in and adds up.
//
// Look-up is open addressing as in the flow table, with the hash of the key
// split into position and tag; a Go map took three times as long. Keys have no
// pointers. The entries lie outside Go's heap: their room is reserved once and
// touched as they come, so that growing copies nothing and leaves no garbage.
type bounded[K comparable] struct {
	limit   int
	hash    func(K) uint64
	slots   []place    // twice as many as entries, or more; a power of two
	unslot  func()     // gives slots back
	room    []entry[K] // limit of them
	entries []entry[K] // the part of room that is in use
	release func()
	hand    int
	floor   uint64 // no entry has fewer bytes
	lap     uint64 // the fewest that the hand has met since it was at 0
	turned  int    // new keys turned away since one was let in
	drops   uint64
	warmed  uint64 // what warm read, so that the reads are not left out
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

func (b *bounded[K]) init(limit int, hash func(K) uint64) (err error) {
	b.limit, b.hash = limit, hash
	if b.room, b.release, err = offheap.Array[entry[K]](limit, offheap.Small); err != nil {
		return fmt.Errorf("traffic account: %w", err)
	}
	b.entries = b.room[:0]
	if err = b.newSlots(firstSlots); err != nil {
		b.release()
	}
	return err
}

// reset forgets the entries and gives their memory back to the system.
func (b *bounded[K]) reset() {
	offheap.Discard(b.entries)
	offheap.Discard(b.slots)
	b.entries = b.room[:0]
	b.hand, b.floor, b.lap, b.turned, b.drops = 0, 0, 0, 0, 0
}

func (b *bounded[K]) close() {
	b.entries, b.room, b.slots = nil, nil, nil
	b.release()
	b.unslot()
}

// newSlots makes n empty slots.
func (b *bounded[K]) newSlots(n int) error {
	slots, release, err := offheap.Array[place](n, offheap.Small)
	if err != nil {
		return fmt.Errorf("traffic account: %w", err)
	}
	b.slots, b.unslot = slots, release
	return nil
}

// warm reads the slot of a tag.
func (b *bounded[K]) warm(tag uint32) uint32 {
	return b.slots[tag&uint32(len(b.slots)-1)].entry
}

// warmEntry reads the entry that warm returned.
func (b *bounded[K]) warmEntry(i uint32) {
	if i != 0 {
		b.warmed += b.entries[i-1].Out.Bytes
	}
}

func (b *bounded[K]) tagOf(k K) uint32 { return uint32(b.hash(k) >> 32) }

// add counts for a key, whose tagOf the caller has computed.
func (b *bounded[K]) add(k *K, tag uint32, out, in Counts) {
	mask := uint32(len(b.slots) - 1)
	for at := tag & mask; ; at = (at + 1) & mask {
		s := b.slots[at]
		if s.entry == 0 {
			break
		}
		if s.tag == tag {
			if e := &b.entries[s.entry-1]; e.key == *k {
				e.add(out, in)
				return
			}
		}
	}
	if i, ok := b.place(out.Bytes + in.Bytes); ok {
		b.entries[i] = entry[K]{key: *k, tag: tag, Flux: Flux{out, in}}
		b.insert(tag, i)
	}
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

const (
	// dropSample is how many entries compete for being dropped: one among the
	// heavier half is dropped only if all of the sample are, once in 2⁸ times.
	dropSample = 8
	// turnedAway is how many new keys no heavier than what is held are turned
	// away for one that is let in.
	turnedAway = 15
)

// place finds the index for a new entry of some bytes, dropping one when there is
// no other, and reports false when the new one is dropped itself.
func (b *bounded[K]) place(bytes uint64) (i uint32, ok bool) {
	if n := len(b.entries); n < b.limit {
		if 2*(n+1) <= len(b.slots) || b.grow() {
			b.entries = b.room[:n+1]
			return uint32(n), true
		}
		b.limit = n // no memory for more
	}
	b.drops++
	if bytes <= b.floor && b.turned < turnedAway {
		b.turned++
		return 0, false
	}
	smallest := b.smallest()
	if bytes <= b.entries[smallest].bytes() && b.turned < turnedAway {
		b.turned++
		return 0, false
	}
	b.turned = 0
	b.floor, b.lap = min(b.floor, bytes), min(b.lap, bytes)
	b.remove(smallest)
	return smallest, true
}

// smallest returns the lightest of the next few entries.
func (b *bounded[K]) smallest() uint32 {
	smallest := b.hand
	least := b.entries[smallest].bytes()
	for range dropSample {
		if b.hand == 0 {
			b.lap = math.MaxUint64
		}
		n := b.entries[b.hand].bytes()
		if n < least {
			smallest, least = b.hand, n
		}
		b.lap = min(b.lap, n)
		if b.hand++; b.hand == len(b.entries) {
			// Entries only grow, and lighter ones that came since are in lap.
			b.hand, b.floor = 0, b.lap
		}
	}
	return uint32(smallest)
}

// grow doubles the slots, if there is memory for that.
func (b *bounded[K]) grow() bool {
	release := b.unslot
	if b.newSlots(2*len(b.slots)) != nil {
		return false
	}
	for i := range b.entries {
		b.insert(b.entries[i].tag, uint32(i))
	}
	release()
	return true
}
