package pcre

import (
	"errors"
	"fmt"
)

// Flags change the meaning of a whole pattern.
type Flags uint8

// Flags, with their letters in rules.
const (
	Caseless      Flags = 1 << iota // i
	DotAll                          // s: a dot matches newlines too
	Multiline                       // m: ^ and $ match at every line
	Extended                        // x: white space and comments are no part of the pattern
	Anchored                        // A: matches at the start only
	DollarEndOnly                   // E: $ does not match before a final newline
	Ungreedy                        // G: quantifiers are lazy unless followed by ?
)

// Limits of one match, Suricata's defaults. A match that would need more is
// given up: the pattern does not match.
const (
	MatchLimit     = 3500 // backtracking steps
	RecursionLimit = 1500 // depth of backtracking
)

// MaxGroups is the number of capture groups whose place is reported.
const MaxGroups = 16

// ErrPattern is wrapped by the errors of Compile for patterns that are wrong.
var ErrPattern = errors.New("bad regular expression")

// ErrUnsupported is wrapped by the errors of Compile for patterns that this
// build's engine cannot run.
var ErrUnsupported = errors.New("regular expression needs an engine of its own")

// Result of a match.
type Result uint8

// Results. GaveUp is neither a match nor the absence of one: the pattern ran
// into a limit.
const (
	NoMatch Result = iota
	Matched
	GaveUp
)

// Span is the place of a match or a group in the data; From is -1 for a group
// that took no part.
type Span struct{ From, To int }

func patternError(offset int, what string) error {
	return fmt.Errorf("%w at byte %d: %s", ErrPattern, offset, what)
}
