// Package pcre runs Perl-compatible regular expressions on bytes for the rule
// keyword pcre, within limits that no packet can exceed.
//
//	pattern, Flags ─► Compile ─► Regexp ─┐
//	                                     ├─ Match(scratch, data, start) ─► Result, groups
//	                   NewScratch ───────┘
//
// With cgo the engine is PCRE2 with its just-in-time compiler, which a pattern
// goes through at its first match, so that every pattern means what it means to
// Suricata. Without cgo it is package regexp
// on a translation of the pattern: what Go cannot express (look-around, back
// references, possessive quantifiers, counts above 1000) is refused with
// ErrUnsupported. Engine names which one it is.
//
// A Regexp is immutable and shared by all workers; a Scratch is one worker's.
// Data is borrowed for the time of one Match. With cgo a match allocates
// nothing, and no C code calls back into Go.
package pcre
