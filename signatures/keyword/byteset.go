package keyword

import (
	"bytes"
	"hash/maphash"
)

// byteSet is a set of byte strings, each with a score: open addressing over
// one arena, so that a look-up touches no Go strings.
type byteSet struct {
	seed    maphash.Seed
	slots   []uint32 // index into entries, +1; 0 is empty
	entries []byteEntry
	arena   []byte
	live    int

	contexts [][]byte // JSON, of values that came with one
}

type byteEntry struct {
	at      uint32
	size    uint32
	context uint32 // index into contexts, +1; 0 is none
	score   uint16
	removed bool
}

func newByteSet() *byteSet { return &byteSet{seed: maphash.MakeSeed(), slots: make([]uint32, 16)} }

// find returns the entry of b, nil when there is none, and where in slots it
// is or would be.
func (s *byteSet) find(b []byte) (e *byteEntry, slot int) {
	mask := len(s.slots) - 1
	for slot = int(maphash.Bytes(s.seed, b)) & mask; ; slot = (slot + 1) & mask {
		i := s.slots[slot]
		if i == 0 {
			return nil, slot
		}
		if e := &s.entries[i-1]; bytes.Equal(s.text(e), b) {
			return e, slot
		}
	}
}

func (s *byteSet) text(e *byteEntry) []byte { return s.arena[e.at : e.at+e.size] }

// context returns what came with b, nil for nothing.
func (s *byteSet) context(b []byte) []byte {
	if e, _ := s.find(b); e != nil && e.context != 0 {
		return s.contexts[e.context-1]
	}
	return nil
}

// describe gives a value of the set its context.
func (s *byteSet) describe(b, context []byte) {
	if e, _ := s.find(b); e != nil && e.context == 0 {
		s.contexts = append(s.contexts, context)
		e.context = uint32(len(s.contexts))
	}
}

// has reports whether b is in the set, and its score.
func (s *byteSet) has(b []byte) (score uint16, ok bool) {
	if e, _ := s.find(b); e != nil && !e.removed {
		return e.score, true
	}
	return 0, false
}

// add puts a copy of b into the set and reports whether it is new.
func (s *byteSet) add(b []byte, score uint16) bool {
	if e, _ := s.find(b); e != nil {
		added := e.removed
		e.removed, e.score = false, score
		if added {
			s.live++
		}
		return added
	}
	if 4*(len(s.entries)+1) > 3*len(s.slots) {
		s.grow()
	}
	_, slot := s.find(b)
	s.entries = append(s.entries, byteEntry{at: uint32(len(s.arena)), size: uint32(len(b)), score: score})
	s.arena = append(s.arena, b...)
	s.slots[slot] = uint32(len(s.entries))
	s.live++
	return true
}

// remove takes b out of the set and reports whether it was in. Its memory
// stays for the case that it comes back.
func (s *byteSet) remove(b []byte) bool {
	e, _ := s.find(b)
	if e == nil || e.removed {
		return false
	}
	e.removed = true
	s.live--
	return true
}

func (s *byteSet) grow() {
	s.slots = make([]uint32, 2*len(s.slots))
	for i := range s.entries {
		_, slot := s.find(s.text(&s.entries[i]))
		s.slots[slot] = uint32(i + 1)
	}
}
