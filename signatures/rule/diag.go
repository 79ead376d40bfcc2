package rule

import "fmt"

// Diagnostic is one finding about a rule: where, what, why, and what to do.
// It is an error; a Warning does not keep the rule from loading.
type Diagnostic struct {
	Pos     Position
	Sid     uint32 // 0 when not known
	What    string // lower case, what is wrong: `unknown keyword "foo"`
	Why     string // the reason, in the rule language's terms; may be empty
	Hint    string // what to write instead; may be empty
	Code    string // stable key for counting: "unknown-keyword", "bad-address", …
	Warning bool
}

// Error returns file:line:column: what, why, hint on one line.
func (d *Diagnostic) Error() string {
	s := fmt.Sprintf("%s:%d:%d: %s", d.Pos.File, d.Pos.Line, d.Pos.Col, d.What)
	if d.Why != "" {
		s += ": " + d.Why
	}
	if d.Hint != "" {
		s += " (" + d.Hint + ")"
	}
	return s
}
