package prefilter

import (
	"fmt"
	"time"

	"spanwatch/signatures/hyperscan"
)

// Engine is an implementation of Matcher.
type Engine uint8

// Engines. Auto begins with plain Go and goes over to Hyperscan, where it is in
// the build, for sets that enough bytes were looked at with; Hyperscan takes it
// from the first byte.
const (
	Auto Engine = iota
	PlainGo
	Hyperscan
)

// Options of NewBuilder.
type Options struct {
	Engine Engine
	// CacheDir keeps compiled databases between runs; empty keeps none. It is
	// made when it is missing, and must be writable by trusted users only.
	CacheDir string
	// CacheBytes bounds the databases in the folder; 0 does not. Those not used
	// for longest are removed.
	CacheBytes int64
	// Clock tells which files were used last; nil: those that were made last.
	Clock func() time.Time
}

// Builder makes the matchers of one ruleset. Equal patterns are held once, and
// matchers of equal sets of patterns share all but their ids. Not for the
// packet path; one goroutine, but for Compile.
type Builder struct {
	opts  Options
	pool  *pool
	sets  map[[keySize]byte]*set
	list  []*set
	cache *cache
	// wanted are the sets that a goroutine in Compile is to compile.
	wanted chan *set
}

// NewBuilder makes a Builder.
func NewBuilder(opts Options) *Builder {
	return &Builder{opts: opts, pool: newPool(), sets: map[[keySize]byte]*set{}, cache: newCache(opts)}
}

// Build makes the matcher for patterns; nil, without error, when there are
// none. It is the one place that decides which implementation is used.
func (b *Builder) Build(patterns []Pattern) (Matcher, error) {
	if err := checkLengths(patterns); err != nil {
		return nil, err
	}
	if len(patterns) == 0 {
		return nil, nil
	}
	m := &setMatcher{patterns: len(patterns)}
	fixed, anywhere := split(patterns)
	if len(fixed) > 0 {
		m.anchors = &anchors{members: fixed}
	}
	if len(anywhere) > 0 {
		members, ids := b.pool.members(anywhere)
		m.ids, m.set = ids[0], b.set(members)
	}
	return m, nil
}

func checkLengths(patterns []Pattern) error {
	for i := range patterns {
		if len(patterns[i].Bytes) < MinPattern {
			return fmt.Errorf("pattern %d of %d bytes: %w", patterns[i].ID, len(patterns[i].Bytes), ErrShortPattern)
		}
	}
	return nil
}

// split separates the patterns for anchors from the others.
func split(patterns []Pattern) (fixed, anywhere []Pattern) {
	anywhere = make([]Pattern, 0, len(patterns))
	for _, p := range patterns {
		if p.anchored() {
			fixed = append(fixed, p)
		} else {
			anywhere = append(anywhere, p)
		}
	}
	return fixed, anywhere
}

// set returns the one of these patterns.
func (b *Builder) set(members []uint32) *set {
	key := b.pool.key(members)
	s, ok := b.sets[key]
	if !ok {
		s = &set{builder: b, number: len(b.list), pool: b.pool, members: members, key: key, pays: b.pays(len(members))}
		for _, m := range members {
			s.longest = max(s.longest, len(b.pool.texts[m]))
		}
		b.sets[key] = s
		b.list = append(b.list, s)
	}
	return s
}

// Done says that no further matcher is made: what only making them needs is
// given back.
func (b *Builder) Done() {
	b.sets = nil
	b.pool.seal()
}

// Entering Hyperscan costs about 100 ns whatever is to be done. It pays from
// a few patterns on, and not for a host name or a method, in which the plain
// Go matcher finds nothing sooner (BenchmarkPrefilter has the figures).
const (
	minHyperscan      = 8
	minHyperscanBytes = 96
)

// bytesPerPattern is how many bytes a set must have looked at, for each of its
// patterns, before it is compiled: about what compiling a pattern costs (20 to
// 50 µs) at ten nanoseconds saved a byte, which is what profiles of mixed traffic
// show, where tables are cold and runs of zeros hit. So the work is at most doubled, whatever
// the traffic, and a set that meets little of it is never compiled.
const bytesPerPattern = 4 << 10

// pays returns the number of bytes after which compiling pays; never says that
// it does not at all.
func (b *Builder) pays(patterns int) uint64 {
	switch {
	case b.opts.Engine == PlainGo || !hyperscan.Available():
		return never
	case b.opts.Engine == Hyperscan:
		return 0
	case patterns < minHyperscan:
		return never
	}
	return uint64(patterns) * bytesPerPattern
}

const never = ^uint64(0)

// Build makes a matcher with default options.
func Build(patterns []Pattern) (Matcher, error) { return NewBuilder(Options{}).Build(patterns) }

// Prepare compiles every set that compiling may pay for. Matchers do so
// themselves when enough bytes were looked at.
func (b *Builder) Prepare() {
	for _, s := range b.list {
		if s.pays != never {
			s.compile()
		}
	}
}

// Background makes matchers leave compiling to the goroutine that calls
// Compile, so that no packet waits for it. To be called before the first Scan.
func (b *Builder) Background() { b.wanted = make(chan *set, len(b.list)+1) }

// Compile compiles what matchers want until done is closed, one set at a time:
// compiling takes memory while it lasts. After Background only.
func (b *Builder) Compile(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case s := <-b.wanted:
			s.compile()
		}
	}
}
