package event

// Engine tells of the sensor itself: so far, that rules were loaded anew, or
// could not be.
type Engine struct {
	Envelope
	Failed bool
	Error  string // why; empty unless Failed
	// Rules of the ruleset that is in use now, or of the one that was refused;
	// all 0 when it could not be read.
	Loaded, FailedRules, Skipped uint64
}

// AppendEngine appends the event without its closing brace; see Finish.
func (e *Encoder) AppendEngine(dst []byte, x *Engine) []byte {
	dst = e.appendEnvelope(dst, &x.Envelope, TypeEngine)
	dst = append(dst, `,"engine":{"event":"rules_reload","result":"`...)
	if x.Failed {
		dst = append(dst, `failed"`...)
	} else {
		dst = append(dst, `ok"`...)
	}
	dst = appendOptionalString(dst, `,"error":`, x.Error)
	dst = appendUintMember(dst, `,"rules_loaded":`, x.Loaded)
	dst = appendUintMember(dst, `,"rules_failed":`, x.FailedRules)
	dst = appendUintMember(dst, `,"rules_skipped":`, x.Skipped)
	return append(dst, '}')
}
