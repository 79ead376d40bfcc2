package prefilter

import (
	"sync"
	"sync/atomic"

	"spanwatch/signatures/hyperscan"
)

// set is a set of patterns that matchers share. Nothing is made for it before
// it is first used: most groups of a large ruleset never see a packet.
//
//	first bytes ─► plain Go tables ─ enough bytes, or in the cache ─► Hyperscan database
type set struct {
	builder *Builder
	number  int // in its Builder, for Scratch
	pool    *pool
	members []uint32 // numbers in pool, sorted by content
	key     [keySize]byte
	longest int    // bytes of the longest pattern
	pays    uint64 // bytes after which compiling pays

	makeGrams sync.Once
	grams     *grams

	scanned  atomic.Uint64 // bytes, until it is compiled
	asked    atomic.Bool   // the cache was looked into, and compiling asked for when it pays
	compiled sync.Once
	db       atomic.Pointer[hyperscan.Database] // nil: not yet, or the library refuses the patterns
}

// patterns returns the set, a pattern for each of members.
func (s *set) patterns() []hyperscan.Pattern {
	list := make([]hyperscan.Pattern, len(s.members))
	for i, m := range s.members {
		list[i] = hyperscan.Pattern{Bytes: s.pool.texts[m], NoCase: s.pool.noCase[m]}
	}
	return list
}

// plain returns the plain Go matcher.
func (s *set) plain() *grams {
	s.makeGrams.Do(func() {
		s.grams = newGrams(s.patterns())
	})
	return s.grams
}

// database returns the compiled form if it is to be used for n bytes more; nil
// for the plain matcher. At most one caller in the life of a set waits for the
// library, and none after Builder.Background.
func (s *set) database(n int) *hyperscan.Database {
	if db := s.db.Load(); db != nil || s.pays == never {
		return db
	}
	scanned := s.scanned.Add(uint64(n))
	switch {
	case scanned == uint64(n): // the first bytes: perhaps an earlier run compiled it
		s.load()
	case scanned < s.pays || s.asked.Load():
	case s.builder.wanted != nil:
		if !s.asked.Swap(true) {
			s.builder.wanted <- s // has room for every set
		}
	default:
		s.compile()
	}
	if s.pays == 0 {
		s.compile()
	}
	return s.db.Load()
}

// load takes the database from the cache, if it is there.
func (s *set) load() {
	if db := s.builder.cache.load(s.key, len(s.members)); db != nil {
		s.compiled.Do(func() { s.db.Store(db) })
	}
}

// compile makes the database, once.
func (s *set) compile() {
	s.compiled.Do(func() {
		s.asked.Store(true)
		db := s.builder.cache.load(s.key, len(s.members))
		if db == nil {
			var err error
			if db, err = hyperscan.Compile(s.patterns()); err != nil {
				return // the plain matcher it is
			}
			s.builder.cache.store(s.key, db)
		}
		s.db.Store(db)
	})
}

func (s *set) size() int {
	n := 4 * len(s.members)
	if s.grams != nil {
		n += s.grams.size()
	}
	if db := s.db.Load(); db != nil {
		n += db.Size()
	}
	return n
}

// setMatcher gives the patterns of a set the ids of signatures, and looks for
// those with few places itself.
type setMatcher struct {
	*set     // nil when there are anchors only
	ids      idTable
	anchors  *anchors // nil for none
	patterns int
}

// Scan implements Matcher.
func (m *setMatcher) Scan(data []byte, ids []uint32, s *Scratch) []uint32 {
	if m.anchors != nil {
		ids = m.anchors.scan(data, ids)
	}
	if m.set == nil {
		return ids
	}
	return m.ids.append(ids, m.search(data, s))
}

// searchAll is search without regard to what the data is.
func (m *set) searchAll(data []byte, s *Scratch) []hyperscan.Hit {
	if len(data) >= minHyperscanBytes || m.pays == 0 {
		if db := m.database(len(data)); db != nil {
			if s.fit(m, db) {
				if found, err := db.Scan(s.hyper, data); err == nil {
					return found
				}
			}
			return m.all(s) // what a matcher that cannot look must answer
		}
	}
	s.found = m.plain().scan(data, s.found[:0])
	return s.found
}

// all returns every pattern.
func (m *set) all(s *Scratch) []hyperscan.Hit {
	s.found = s.found[:0]
	for i := range m.members {
		s.found = append(s.found, hyperscan.Hit{Pattern: uint32(i)})
	}
	return s.found
}

// Patterns implements Matcher.
func (m *setMatcher) Patterns() int { return m.patterns }

// Size implements Matcher. What is shared with other matchers counts in each of
// them, and what was not needed yet in none.
func (m *setMatcher) Size() int {
	n := 4*len(m.ids.start) + 8*len(m.ids.ids)
	if m.set != nil {
		n += m.size()
	}
	if m.anchors != nil {
		n += m.anchors.size()
	}
	return n
}

// Scratch is one worker's memory for scanning with all matchers of one
// Builder.
type Scratch struct {
	hyper  *hyperscan.Scratch
	fitted []bool // by set.number
	found  []hyperscan.Hit
	pieces []hyperscan.Hit // found of all pieces of what is searched
}

// NewScratch makes a Scratch.
func NewScratch() *Scratch { return &Scratch{} }

// fit makes the Scratch large enough for a set's database, once.
func (s *Scratch) fit(of *set, db *hyperscan.Database) bool {
	if of.number < len(s.fitted) && s.fitted[of.number] {
		return true
	}
	if s.hyper == nil {
		s.hyper = hyperscan.NewScratch()
	}
	if s.hyper.Fit(db) != nil {
		return false
	}
	for of.number >= len(s.fitted) {
		s.fitted = append(s.fitted, false)
	}
	s.fitted[of.number] = true
	return true
}
