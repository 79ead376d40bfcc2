package prefilter

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"spanwatch/signatures/hyperscan"
)

// Engine is an implementation of Matcher.
type Engine uint8

// Engines. Auto takes Hyperscan where it is in the build and faster, Hyperscan
// wherever it is in the build.
const (
	Auto Engine = iota
	PlainGo
	Hyperscan
)

// Options of NewBuilder.
type Options struct {
	Engine Engine
	// CacheDir keeps compiled databases between runs; empty keeps none. It
	// must be writable by trusted users only.
	CacheDir string
}

// Builder makes the matchers of one ruleset: sets of equal patterns share
// their memory. Not for the packet path; one goroutine.
type Builder struct {
	opts      Options
	databases map[[sha256.Size]byte]*database
	list      []*database
}

// NewBuilder makes a Builder.
func NewBuilder(opts Options) *Builder {
	return &Builder{opts: opts, databases: map[[sha256.Size]byte]*database{}}
}

// Build makes the matcher for patterns; nil, without error, when there are
// none. It is the one place that decides which implementation is used.
func (b *Builder) Build(patterns []Pattern) (Matcher, error) {
	for i := range patterns {
		if len(patterns[i].Bytes) < MinPattern {
			return nil, fmt.Errorf("pattern %d of %d bytes: %w", patterns[i].ID, len(patterns[i].Bytes), ErrShortPattern)
		}
	}
	if len(patterns) == 0 {
		return nil, nil
	}
	if !b.usesHyperscan(patterns) {
		return newGrams(patterns), nil
	}
	texts, ids := distinct(patterns)
	m := &hyperMatcher{database: b.database(texts), ids: ids, patterns: len(patterns)}
	if b.opts.Engine == Auto {
		m.short = newGrams(patterns)
	}
	return m, nil
}

// Entering Hyperscan costs about 100 ns whatever is to be done. It pays from
// a few patterns on, and not for a host name or a method, in which the plain
// Go matcher finds nothing sooner (BenchmarkPrefilter has the figures).
const (
	minHyperscan      = 8
	minHyperscanBytes = 96
)

func (b *Builder) usesHyperscan(patterns []Pattern) bool {
	switch b.opts.Engine {
	case PlainGo:
		return false
	case Hyperscan:
		return hyperscan.Available()
	}
	return len(patterns) >= minHyperscan && hyperscan.Available()
}

// Build makes a matcher with default options.
func Build(patterns []Pattern) (Matcher, error) { return NewBuilder(Options{}).Build(patterns) }

// Prepare compiles every database that is not compiled yet, so that no packet
// waits for it. Matchers do so themselves when they are first used.
func (b *Builder) Prepare() {
	for _, d := range b.list {
		d.ready()
	}
}

// distinct returns the different patterns, sorted, and the ids of each.
func distinct(patterns []Pattern) (texts []hyperscan.Pattern, ids [][]uint32) {
	type key struct {
		text   string
		noCase bool
	}
	index := make(map[key]int, len(patterns))
	sorted := make([]int, len(patterns))
	for i := range sorted {
		sorted[i] = i
	}
	slices.SortStableFunc(sorted, func(x, y int) int { return comparePatterns(&patterns[x], &patterns[y]) })
	for _, i := range sorted {
		p := &patterns[i]
		text := slices.Clone(p.Bytes)
		if p.NoCase {
			lowerASCII(text)
		}
		k := key{string(text), p.NoCase}
		at, ok := index[k]
		if !ok {
			at = len(texts)
			index[k] = at
			texts = append(texts, hyperscan.Pattern{Bytes: text, NoCase: p.NoCase})
			ids = append(ids, nil)
		}
		ids[at] = append(ids[at], p.ID)
	}
	return texts, ids
}

func comparePatterns(x, y *Pattern) int {
	if x.NoCase != y.NoCase {
		if y.NoCase {
			return -1
		}
		return 1
	}
	return slices.Compare(x.Bytes, y.Bytes)
}

// database returns the one for these patterns, which are sorted and distinct.
func (b *Builder) database(texts []hyperscan.Pattern) *database {
	h := sha256.New()
	var size [5]byte
	for i := range texts {
		binary.LittleEndian.PutUint32(size[:], uint32(len(texts[i].Bytes)))
		size[4] = 0
		if texts[i].NoCase {
			size[4] = 1
		}
		h.Write(size[:])
		h.Write(texts[i].Bytes)
	}
	key := [sha256.Size]byte(h.Sum(nil))
	d, ok := b.databases[key]
	if !ok {
		d = &database{texts: texts, number: len(b.list), cache: cacheOf(b.opts.CacheDir, key)}
		b.databases[key] = d
		b.list = append(b.list, d)
	}
	return d
}
