// Package prefilter finds, among thousands of patterns, those that occur in a
// buffer, so that only signatures with a chance are inspected.
//
//	patterns ─► Builder ─► Matcher ─ Scan(buffer) ─► ids of patterns that may occur
//	                       ├ anchors    patterns with few places, by compares
//	                       ├ grams      plain Go, made when first used
//	                       └ Hyperscan  compiled when enough bytes were looked at, kept in a cache
//
// A Pair is the same for payloads of TCP, of which rules on packets and rules on
// the stream look for patterns in one pass. All pass over long runs of one byte.
//
// Safety guarantee: a matcher may name patterns that do not occur, it never
// misses one that does where it may. Inspection decides; the prefilter only
// saves work, and switching it off changes no match.
//
// Which content of a rule becomes its pattern is chosen by Strength and the
// length (fastpattern.go). Patterns of one byte are refused: they occur in
// nearly every buffer and cost a matcher several times its speed
// (spec/HOTPATH.md section 4 measures 4.6 times).
//
// A Matcher or Pair may be used by all workers at once, each with its own Scratch. It
// borrows the scanned bytes for the time of Scan. The plain Go matcher is the
// fallback of the other and its oracle in tests.
package prefilter
