package prefilter

import (
	"sync"

	"spanwatch/signatures/hyperscan"
)

// database is a set of patterns that matchers share. It is compiled when it is
// first needed: most groups of a large ruleset never see a packet.
type database struct {
	number int // in its Builder, for Scratch
	texts  []hyperscan.Pattern
	cache  cacheFile

	once sync.Once // workers meet here once in the life of a database
	db   *hyperscan.Database
	// fallback is used when the library refuses the patterns.
	fallback *grams
}

func (d *database) ready() {
	d.once.Do(func() {
		d.db = d.cache.load(len(d.texts))
		if d.db == nil {
			db, err := hyperscan.Compile(d.texts)
			if err != nil {
				d.fall()
				return
			}
			d.db = db
			d.cache.store(db)
		}
	})
}

func (d *database) fall() {
	patterns := make([]Pattern, len(d.texts))
	for i := range d.texts {
		patterns[i] = Pattern{Bytes: d.texts[i].Bytes, NoCase: d.texts[i].NoCase, ID: uint32(i)}
	}
	d.fallback = newGrams(patterns)
}

// hyperMatcher gives the patterns of a database the ids of its signatures.
type hyperMatcher struct {
	*database
	ids      [][]uint32 // by pattern of the database
	patterns int
	short    *grams // of the same patterns, for few bytes; nil: not used
}

// Scan implements Matcher.
func (m *hyperMatcher) Scan(data []byte, ids []uint32, s *Scratch) []uint32 {
	if m.short != nil && len(data) < minHyperscanBytes {
		return m.short.Scan(data, ids, s)
	}
	m.ready()
	if m.fallback != nil {
		s.found = m.fallback.Scan(data, s.found[:0], s)
		return m.appendIDs(ids, s.found)
	}
	if !s.fit(m.database) {
		return m.appendAll(ids)
	}
	found, err := m.db.Scan(s.hyper, data)
	if err != nil {
		return m.appendAll(ids)
	}
	return m.appendIDs(ids, found)
}

func (m *hyperMatcher) appendIDs(ids, found []uint32) []uint32 {
	for _, i := range found {
		ids = append(ids, m.ids[i]...)
	}
	return ids
}

// appendAll names every pattern: what a matcher that cannot look must answer.
func (m *hyperMatcher) appendAll(ids []uint32) []uint32 {
	for i := range m.ids {
		ids = append(ids, m.ids[i]...)
	}
	return ids
}

// Patterns implements Matcher.
func (m *hyperMatcher) Patterns() int { return m.patterns }

// Size implements Matcher. A database that is not compiled yet counts its
// patterns only.
func (m *hyperMatcher) Size() int {
	n := 24*len(m.ids) + 4*m.patterns
	if m.short != nil {
		n += m.short.Size()
	}
	for i := range m.texts {
		n += len(m.texts[i].Bytes) + 32
	}
	if m.db != nil {
		n += m.db.Size()
	}
	return n
}

// Scratch is one worker's memory for scanning with all matchers of one
// Builder.
type Scratch struct {
	hyper  *hyperscan.Scratch
	fitted []bool // by database.number
	found  []uint32
}

// NewScratch makes a Scratch.
func NewScratch() *Scratch { return &Scratch{} }

// fit makes the Scratch large enough for a database, once.
func (s *Scratch) fit(d *database) bool {
	if d.number < len(s.fitted) && s.fitted[d.number] {
		return true
	}
	if s.hyper == nil {
		s.hyper = hyperscan.NewScratch()
	}
	if s.hyper.Fit(d.db) != nil {
		return false
	}
	for d.number >= len(s.fitted) {
		s.fitted = append(s.fitted, false)
	}
	s.fitted[d.number] = true
	return true
}
