package ruleconf

import (
	"math"
	"slices"
	"strconv"

	"spanwatch/signatures/rule"
)

// Target says which signatures a line of threshold.config is about. Zero
// stands for all: Sid 0 for every signature of the Gid, both 0 for every
// signature there is.
type Target struct {
	Gid, Sid uint32
	Pos      rule.Position // of the line
}

// Covers says whether the line is about the signature gid:sid.
func (t Target) Covers(gid, sid uint32) bool {
	return (t.Gid == 0 || t.Gid == gid) && (t.Sid == 0 || t.Sid == sid)
}

// Threshold limits the alerts of a signature; lines threshold and
// event_filter, which are the same.
type Threshold struct {
	Target
	Type       string // limit, threshold, both or backoff
	Track      string // by_src, by_dst, by_both, by_rule or by_flow
	Count      uint32
	Seconds    uint32 // 0 for backoff
	Multiplier uint32 // 0 but for backoff
}

// RateFilter changes the action of a signature while it matches too often.
type RateFilter struct {
	Target
	Track     string // as in Threshold
	Count     uint32
	Seconds   uint32
	NewAction string // alert, drop, pass, log, sdrop or reject
	Timeout   uint32 // seconds that the new action lasts
}

// Suppression removes alerts of a signature: all of them, or those from or to
// some addresses.
type Suppression struct {
	Target
	Track     string          // by_src, by_dst or by_either; empty for all alerts
	Addresses rule.AddressSet // valid iff Track is not empty
}

// Thresholds is the content of a threshold.config, each list in the file's
// order.
type Thresholds struct {
	Thresholds   []Threshold
	RateFilters  []RateFilter
	Suppressions []Suppression
}

var (
	commands   = []string{"threshold", "event_filter", "rate_filter", "suppress"}
	types      = []string{"limit", "threshold", "both", "backoff"}
	tracks     = []string{"by_src", "by_dst", "by_both", "by_rule", "by_flow"}
	suppressBy = []string{"by_src", "by_dst", "by_either"}
	newActions = []string{"alert", "drop", "pass", "log", "sdrop", "reject"}
)

// ParseThresholds reads a threshold.config; file is its name in positions,
// vars are the variables that address lists may use (nil: DefaultVars).
func ParseThresholds(file string, text []byte, vars *rule.Vars) (*Thresholds, []*rule.Diagnostic) {
	var out Thresholds
	var diags []*rule.Diagnostic
	for line := range rule.Lines(file, text) {
		p := thresholdLine{cursor: cursor{line: line}, vars: vars}
		if d := p.parse(&out); d != nil {
			diags = append(diags, d)
		}
	}
	return &out, diags
}

// thresholdLine reads one line: a command and options, separated by commas,
// in any order.
type thresholdLine struct {
	cursor
	vars    *rule.Vars
	command string
	options []thresholdOption
}

type thresholdOption struct {
	name, value string
	at, valueAt int
}

func (p *thresholdLine) parse(out *Thresholds) *rule.Diagnostic {
	if d := p.tooLong(); d != nil {
		return d
	}
	command, at := p.word()
	if !slices.Contains(commands, command) {
		return p.problem(at, CodeCommand, "unknown command "+strconv.Quote(command), "", didYouMean(command, commands))
	}
	p.command = command
	if d := p.readOptions(); d != nil {
		return d
	}
	switch command {
	case "suppress":
		return p.suppression(out)
	case "rate_filter":
		return p.rateFilter(out)
	}
	return p.threshold(out)
}

// known are the options of each command.
func known(command string) []string {
	switch command {
	case "suppress":
		return []string{"gen_id", "sig_id", "track", "ip"}
	case "rate_filter":
		return []string{"gen_id", "sig_id", "track", "count", "seconds", "new_action", "timeout"}
	}
	return []string{"gen_id", "sig_id", "type", "track", "count", "seconds", "multiplier"}
}

func (p *thresholdLine) readOptions() *rule.Diagnostic {
	names := known(p.command)
	for !p.done() {
		var o thresholdOption
		o.name, o.at = p.word()
		o.value, o.valueAt = p.until(',')
		switch {
		case !slices.Contains(names, o.name):
			return p.problem(o.at, CodeOption, p.command+" has no option "+strconv.Quote(o.name), "", didYouMean(o.name, names))
		case o.value == "":
			return p.problem(o.valueAt, CodeMissing, o.name+" has no value", "", "")
		case p.find(o.name) != nil:
			return p.problem(o.at, CodeRepeated, o.name+" is given twice", "", "")
		}
		p.options = append(p.options, o)
	}
	return nil
}

func (p *thresholdLine) find(name string) *thresholdOption {
	for i := range p.options {
		if p.options[i].name == name {
			return &p.options[i]
		}
	}
	return nil
}

// required returns an option, or the diagnostic that it is missing.
func (p *thresholdLine) required(name string) (*thresholdOption, *rule.Diagnostic) {
	if o := p.find(name); o != nil {
		return o, nil
	}
	return nil, p.problem(0, CodeMissing, p.command+" needs "+name, "", "")
}

// numbers reads required options as 32-bit numbers into what they are mapped
// to, in this order.
func (p *thresholdLine) numbers(fields ...numberField) *rule.Diagnostic {
	for _, f := range fields {
		o, d := p.required(f.name)
		if d != nil {
			return d
		}
		n, ok := number(o.value, math.MaxUint32)
		if !ok {
			return p.problem(o.valueAt, CodeNumber, o.name+" is not a number: "+strconv.Quote(o.value), "0 to 4294967295", "")
		}
		*f.to = uint32(n)
	}
	return nil
}

type numberField struct {
	name string
	to   *uint32
}

// choice reads a required option that is one of values.
func (p *thresholdLine) choice(name string, values []string, to *string) *rule.Diagnostic {
	o, d := p.required(name)
	if d != nil {
		return d
	}
	i := slices.Index(values, o.value)
	if i < 0 {
		return p.problem(o.valueAt, CodeValue, "unknown "+name+" "+strconv.Quote(o.value), "", didYouMean(o.value, values))
	}
	*to = values[i]
	return nil
}

func (p *thresholdLine) target(t *Target) *rule.Diagnostic {
	t.Pos = p.line.At(0)
	if d := p.numbers(numberField{"gen_id", &t.Gid}, numberField{"sig_id", &t.Sid}); d != nil {
		return d
	}
	if t.Gid == 0 && t.Sid != 0 {
		return p.problem(p.find("gen_id").valueAt, CodeValue, "gen_id 0 with a sig_id", "gen_id 0 stands for all signatures", "write gen_id 1")
	}
	return nil
}

func (p *thresholdLine) threshold(out *Thresholds) *rule.Diagnostic {
	var t Threshold
	if d := first(p.target(&t.Target), p.choice("type", types, &t.Type), p.choice("track", tracks, &t.Track)); d != nil {
		return d
	}
	window := numberField{"seconds", &t.Seconds}
	other := "multiplier"
	if t.Type == "backoff" {
		window, other = numberField{"multiplier", &t.Multiplier}, "seconds"
	}
	if d := p.numbers(numberField{"count", &t.Count}, window); d != nil {
		return d
	}
	if o := p.find(other); o != nil {
		return p.problem(o.at, CodeOption, "type "+t.Type+" has no "+other, "", "")
	}
	if t.Type == "backoff" && t.Track != "by_flow" {
		return p.problem(p.find("track").valueAt, CodeValue, "type backoff tracks by_flow only", "", "")
	}
	out.Thresholds = append(out.Thresholds, t)
	return nil
}

func (p *thresholdLine) rateFilter(out *Thresholds) *rule.Diagnostic {
	var f RateFilter
	d := first(
		p.target(&f.Target),
		p.choice("track", tracks, &f.Track),
		p.numbers(numberField{"count", &f.Count}, numberField{"seconds", &f.Seconds}),
		p.choice("new_action", newActions, &f.NewAction),
		p.numbers(numberField{"timeout", &f.Timeout}),
	)
	if d == nil {
		out.RateFilters = append(out.RateFilters, f)
	}
	return d
}

func (p *thresholdLine) suppression(out *Thresholds) *rule.Diagnostic {
	var s Suppression
	if d := p.target(&s.Target); d != nil {
		return d
	}
	if p.find("track") != nil || p.find("ip") != nil {
		if d := p.choice("track", suppressBy, &s.Track); d != nil {
			return d
		}
		ip, d := p.required("ip")
		if d != nil {
			return d
		}
		var err error
		if s.Addresses, err = rule.ParseAddresses(ip.value, p.vars); err != nil {
			return p.invalid(ip.valueAt, err)
		}
	}
	out.Suppressions = append(out.Suppressions, s)
	return nil
}

func first(diags ...*rule.Diagnostic) *rule.Diagnostic {
	for _, d := range diags {
		if d != nil {
			return d
		}
	}
	return nil
}
