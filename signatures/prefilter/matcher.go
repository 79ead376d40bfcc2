package prefilter

import "errors"

// MinPattern is the length in bytes of the shortest pattern that Build takes.
const MinPattern = 2

// ErrShortPattern is returned by Build for a pattern below MinPattern.
var ErrShortPattern = errors.New("pattern too short for a matcher")

// Pattern is one byte string to look for.
type Pattern struct {
	Bytes  []byte // not kept; two patterns may be equal
	NoCase bool   // ASCII letters match in either case
	ID     uint32 // what Scan reports
	// From is where an occurrence must begin to be of use, Until where it must
	// end at the latest, in bytes from the start of the data; Until 0: anywhere.
	// An ID is not reported when all occurrences end too late.
	From, Until uint32
}

// Matcher looks for many patterns in one pass. Scan appends the ID of every
// pattern that occurs in data to ids and returns it; an ID may be appended
// more than once and for a pattern that does not occur, and none that occurs
// where it may (Pattern.From and Until) is left out. Scan allocates only when ids must grow, and when a matcher is
// used for the first time, by anybody or with this Scratch.
type Matcher interface {
	Scan(data []byte, ids []uint32, s *Scratch) []uint32
	// Patterns and Size are the number of patterns and the memory in bytes,
	// for reports.
	Patterns() int
	Size() int
}
