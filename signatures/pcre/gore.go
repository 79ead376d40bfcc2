//go:build !cgo

package pcre

import (
	"fmt"
	"regexp"
)

// Engine names the implementation in use.
const Engine = "Go regexp"

// Regexp is a compiled pattern.
type Regexp struct {
	re *regexp.Regexp
	// atStart: the pattern can match at the start of the data only.
	atStart bool
}

// Compile makes a Regexp of pattern, which may hold any bytes. It is not for
// the packet path.
func Compile(pattern string, flags Flags) (*Regexp, error) {
	text, err := translate(pattern, flags)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	atStart := flags&Multiline == 0 && len(pattern) > 0 && pattern[0] == '^'
	return &Regexp{re, atStart}, nil
}

// Groups returns the number of capture groups.
func (r *Regexp) Groups() int { return r.re.NumSubexp() }

// Size returns the memory of the compiled pattern in bytes, roughly.
func (r *Regexp) Size() int { return 40 * len(r.re.String()) }

// Scratch is the memory of matching: one worker's.
type Scratch struct {
	text  []byte // data as the engine sees it
	spans [MaxGroups + 1]Span
	found int
}

// NewScratch makes a Scratch, good for every Regexp.
func NewScratch() *Scratch { return &Scratch{} }

// Match looks for r in data from start on. What matched is read with
// Scratch.Group until the next Match. Unlike PCRE2, word boundaries at start
// do not see the byte before it. It allocates.
func (r *Regexp) Match(s *Scratch, data []byte, start int) Result {
	if start < 0 || start > len(data) || start > 0 && r.atStart {
		return NoMatch
	}
	s.text = appendText(s.text[:0], data[start:])
	found := r.re.FindSubmatchIndex(s.text)
	if found == nil {
		return NoMatch
	}
	s.found = min(len(found)/2, len(s.spans))
	for i := range s.found {
		s.spans[i] = Span{-1, -1}
		if found[2*i] >= 0 {
			s.spans[i] = Span{start + s.bytes(found[2*i]), start + s.bytes(found[2*i+1])}
		}
	}
	return Matched
}

// bytes converts a place in text to the number of data bytes before it.
func (s *Scratch) bytes(at int) int {
	n := 0
	for _, c := range s.text[:at] {
		if c&0xC0 != 0x80 {
			n++
		}
	}
	return n
}

// Group returns the place of group i of the last match, 0 being the whole.
func (s *Scratch) Group(i int) Span {
	if i >= s.found {
		return Span{-1, -1}
	}
	return s.spans[i]
}
