package analytics

import (
	"fmt"

	"spanwatch/sensor/internal/offheap"
)

// bounded holds a bounded number of entries with their counts. When it is
// full, a new key takes the place of the smallest of a few entries: the heavy
// ones stay even when a scan passes by.
//
// Look-up is open addressing as in the flow table, with the hash of the key
// split into position and tag; a Go map took three times as long. Keys have no
// pointers. The entries lie outside Go's heap: their room is reserved once and
// touched as they come, so that growing copies nothing and leaves no garbage.
type bounded[K comparable] struct {
	limit   int
	hash    func(K) uint64
	slots   []place    // twice as many as entries, or more; a power of two
	room    []entry[K] // limit of them
	entries []entry[K] // the part of room that is in use
	release func()
	hand    int
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
	b.slots = make([]place, firstSlots)
	return nil
}

// reset forgets the entries and gives their memory back to the system.
func (b *bounded[K]) reset() {
	offheap.Discard(b.entries)
	b.entries = b.room[:0]
	b.slots = make([]place, firstSlots)
	b.hand, b.drops = 0, 0
}

func (b *bounded[K]) close() {
	b.entries, b.room = nil, nil
	b.release()
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
	i := b.place()
	b.entries[i] = entry[K]{key: *k, tag: tag, Flux: Flux{out, in}}
	b.insert(tag, i)
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

// place finds the index for a new entry, dropping one when there is no other.
func (b *bounded[K]) place() uint32 {
	if n := len(b.entries); n < b.limit {
		if 2*(n+1) > len(b.slots) {
			b.grow()
		}
		b.entries = b.room[:n+1]
		return uint32(n)
	}
	smallest := b.hand
	for range dropSample {
		if b.entries[b.hand].bytes() < b.entries[smallest].bytes() {
			smallest = b.hand
		}
		if b.hand++; b.hand == len(b.entries) {
			b.hand = 0
		}
	}
	b.drops++
	b.remove(uint32(smallest))
	return uint32(smallest)
}

// grow doubles the slots.
func (b *bounded[K]) grow() {
	b.slots = make([]place, 2*len(b.slots))
	for i := range b.entries {
		b.insert(b.entries[i].tag, uint32(i))
	}
}
