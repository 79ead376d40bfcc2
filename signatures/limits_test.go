package signatures

import (
	"fmt"
	"strings"
	"testing"

	"spanwatch/signatures/keyword"
)

// hostileRules take as long as rules can: each occurrence of one content makes
// the next be looked for again, and expressions backtrack.
var hostileRules = map[string]string{
	"contents":    `content:"a"; content:"a"; distance:0; content:"a"; distance:0; content:"b"; distance:0;`,
	"nested":      `content:"a"; pcre:"/a+?/R"; content:"a"; distance:1; pcre:"/(a|aa)+[bc]/R";`,
	"expression":  `content:"a"; pcre:"/^(([a-z])+.)+[A-Z]([a-z])+$/"; content:"zz";`,
	"byte tests":  `content:"a"; byte_jump:1,0,relative; content:"a"; within:200; byte_test:1,>,200,0,relative;`,
	"negated":     `content:"a"; content:!"b"; distance:0; content:"c"; distance:0;`,
	"nocase":      `content:"A"; nocase; content:"a"; nocase; distance:0; within:900; content:"B"; nocase; distance:0;`,
	"isdataat":    `content:"a"; isdataat:2,relative; content:"a"; distance:1; isdataat:60000,relative;`,
	"base64":      `content:"a"; base64_decode:relative; base64_data; content:"b";`,
	"alternation": `content:"a"; pcre:"/a[^\n]{1,100}[bc][^\n]{1,100}[de]/R";`,
}

func TestNoRuleAndNoPayloadTakeMoreThanTheirSteps(t *testing.T) {
	payloads := map[string]string{
		"one letter": strings.Repeat("a", 8000), "two letters": strings.Repeat("ab", 4000), "no c": strings.Repeat("aab\n", 2000),
		"base64": strings.Repeat("YWFh", 2000),
	}
	for name, options := range hostileRules {
		for what, payload := range payloads {
			rs := load(t, fmt.Sprintf("alert udp any any -> any any (%s sid:1;)", options), Options{NoPrefilter: true})
			const budget = 5000
			i := NewInspector(rs, InspectorConfig{Limits: keyword.Limits{Steps: 1000, Packet: budget}})
			f := &flow{}
			i.Inspect(f.input(udp(t, payload), 0), nil)
			// One step may go beyond: a search through the payload, or an expression.
			if done := i.machine.Work(); done > budget+8000/8+10 {
				t.Errorf("%s on %s: %d units of work, the budget is %d", name, what, done, budget)
			}
		}
	}
}

func TestAPacketsBudgetIsForAllItsRules(t *testing.T) {
	var rules strings.Builder
	for sid := range 200 {
		fmt.Fprintf(&rules, "alert udp any any -> any any (%s sid:%d;)\n", hostileRules["contents"], sid+1)
	}
	fmt.Fprintln(&rules, `alert udp any any -> any any (content:"aaa"; sid:1000;)`)
	rs := load(t, rules.String(), Options{})
	run := func(budget uint64) (alerts string, s InspectorStats) {
		i := NewInspector(rs, InspectorConfig{Limits: keyword.Limits{Packet: budget}})
		f := &flow{}
		i.Inspect(f.input(udp(t, strings.Repeat("a", 1400)), 0), nil)
		alerts = sids(i.Inspect(f.input(udp(t, "aaa"), 0), nil)) // the next packet has its own
		return alerts, i.Stats()
	}
	alerts, s := run(200_000)
	if s.BudgetSpent != 1 || s.Uninspected < 50 || s.StepLimit == 0 || alerts != "1000" {
		t.Errorf("budget used up by %d packets, %d candidates left out, %d ran into the step limit; then alerts %q", s.BudgetSpent, s.Uninspected, s.StepLimit, alerts)
	}
	if alerts, s := run(100_000_000); s.BudgetSpent != 0 || s.Uninspected != 0 || s.StepLimit != 200 || alerts != "1000" {
		t.Errorf("with a large budget: %+v, then alerts %q", s, alerts)
	}
}

func TestProfileCountsWhatEveryRuleDoes(t *testing.T) {
	const rules = `alert udp any any -> any 53 (content:"match"; sid:1;)
alert udp any any -> any 53 (content:"match"; content:"never"; sid:2;)
alert udp any any <> any 54 (content:"match"; sid:3;)
`
	now := int64(0)
	i := NewInspector(load(t, rules, Options{}), InspectorConfig{Clock: func() int64 { now += 10; return now }})
	f := &flow{}
	for range 3 {
		i.Inspect(f.input(udp(t, "a match"), 0), nil)
	}
	i.Swap(load(t, "alert udp any any -> any 53 (content:\"other\"; sid:9;)\n"+rules, Options{})) // what was counted stays
	for range 2 {
		i.Inspect(f.input(udp(t, "a match"), 0), nil)
	}
	got := map[uint32]RuleCost{}
	for _, c := range i.Costs(0) {
		got[c.SID] = c
	}
	for sid, want := range map[uint32]RuleCost{
		1: {GID: 1, SID: 1, Candidates: 5, Inspected: 5, Matches: 5, Nanoseconds: 50, Longest: 10},
		2: {GID: 1, SID: 2, Candidates: 5, Inspected: 5, Nanoseconds: 50, Longest: 10},
	} {
		if got[sid] != want {
			t.Errorf("sid %d: %+v, want %+v", sid, got[sid], want)
		}
	}
	if c, ok := got[3]; ok && (c.Matches != 0 || c.Inspected != 0) {
		t.Errorf("sid 3, of another port: %+v", c)
	}
	if top := i.Costs(1); len(top) != 1 {
		t.Errorf("%d rules, asked for one", len(top))
	}
	if NewInspector(load(t, rules, Options{}), InspectorConfig{}).Costs(0) != nil {
		t.Error("a profile without a clock")
	}
}

func TestExplainTellsHowARuleWasUnderstood(t *testing.T) {
	rs := load(t, `alert http any any -> any any (msg:"m"; flow:established,to_server; http.method; content:"GET"; http.uri; content:"/gate"; fast_pattern; pcre:"/gate$/"; sid:1; rev:2;)
alert tcp any any -> any any (pcre:"/x/"; sid:2;)
alert http any any -> any any (http.host; content:"a|00|b"; sid:3;)
`, Options{KeepText: true})
	x := rs.Explain(1)
	if len(x) != 1 {
		t.Fatalf("%d explanations", len(x))
	}
	e := x[0]
	if e.Type != "app_tx" || e.Direction != "to_server" || e.FastPattern == nil || e.FastPattern.Pattern != `"/gate"` || e.FastPattern.Buffer != "http.uri" ||
		e.Rev != 2 || e.Line != 1 || !strings.HasPrefix(e.Text, "alert http") || len(e.Groups) == 0 || e.Of != 3 {
		t.Errorf("%+v", e)
	}
	var names []string
	for _, engine := range e.Engines {
		names = append(names, engine.Name)
	}
	if got := strings.Join(names, " "); !strings.Contains(got, "http.uri http.method") {
		t.Errorf("engines %q, want that of the fast pattern first", got)
	}
	if slow := strings.Join(rs.Explain(2)[0].Slow, "; "); !strings.Contains(slow, "no fast pattern") || !strings.Contains(slow, "no content beside it") {
		t.Errorf("slow: %s", slow)
	}
	if c := rs.Explain(3)[0].Engines[0].Conditions[0]; c != `content "a|00|b"` {
		t.Errorf("%s", c)
	}
	if rs.Explain(4) != nil {
		t.Error("a rule that is not there is explained")
	}
}

// BenchmarkProfile compares inspection with and without a profile.
func BenchmarkProfile(b *testing.B) {
	var rules strings.Builder
	for sid := range 20 {
		fmt.Fprintf(&rules, "alert udp any any -> any 53 (content:\"match\"; content:\"no%d\"; distance:0; sid:%d;)\n", sid, sid+1)
	}
	rs := load(b, rules.String(), Options{})
	p := udp(b, "a packet with a match in it")
	for name, clock := range map[string]func() int64{"off": nil, "on": func() int64 { return 0 }} {
		b.Run(name, func(b *testing.B) {
			i := NewInspector(rs, InspectorConfig{Clock: clock})
			f := &flow{}
			var out []Match
			for b.Loop() {
				out = i.Inspect(f.input(p, 0), out[:0])
			}
		})
	}
}
