package rule

import (
	"encoding/json"
	"fmt"
)

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

	// Partial is the tree as far as it could be read when only the header is
	// wrong; nil otherwise. It lets the compiler see that a rule it could not
	// load requires something this sensor lacks, and count it as skipped.
	Partial *Rule
}

// Error returns file:line:column: what, why, hint on one line.
func (d *Diagnostic) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", d.Pos.File, d.Pos.Line, d.Pos.Col, d.text())
}

// text is the diagnostic without its place.
func (d *Diagnostic) text() string {
	s := d.What
	if d.Why != "" {
		s += ": " + d.Why
	}
	if d.Hint != "" {
		s += " (" + d.Hint + ")"
	}
	return s
}

// MarshalJSON returns one flat object with the keys file, line, column, code,
// severity (error or warning), sid, what, why and hint; the last four are
// left out when empty. Bytes that are not UTF-8 become U+FFFD.
func (d *Diagnostic) MarshalJSON() ([]byte, error) {
	severity := "error"
	if d.Warning {
		severity = "warning"
	}
	return json.Marshal(struct {
		File     string `json:"file"`
		Line     int    `json:"line"`
		Column   int    `json:"column"`
		Code     string `json:"code"`
		Severity string `json:"severity"`
		Sid      uint32 `json:"sid,omitempty"`
		What     string `json:"what"`
		Why      string `json:"why,omitempty"`
		Hint     string `json:"hint,omitempty"`
	}{d.Pos.File, d.Pos.Line, d.Pos.Col, d.Code, severity, d.Sid, d.What, d.Why, d.Hint})
}
