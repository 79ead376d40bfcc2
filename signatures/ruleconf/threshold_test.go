package ruleconf

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"spanwatch/signatures/rule"
)

func at(line, col int) rule.Position { return rule.Position{File: "f", Line: line, Col: col} }

func TestThresholdsAreRead(t *testing.T) {
	const text = `# comment
threshold gen_id 1, sig_id 10, type limit, track by_src, count 1, seconds 60
event_filter gen_id 0, sig_id 0, type both, \
    track by_rule, count 5, \
    seconds 10
threshold gen_id 1,sig_id 11,type backoff,track by_flow,count 1,multiplier 10
rate_filter gen_id 1, sig_id 12, track by_both, count 3, seconds 60, new_action drop, timeout 300
rate_filter timeout 5, new_action alert, gen_id 2, sig_id 0, seconds 1, count 2, track by_dst
`
	got, diags := ParseThresholds("f", []byte(text), nil)
	if len(diags) != 0 {
		t.Fatal(diags)
	}
	want := &Thresholds{
		Thresholds: []Threshold{
			{Target{1, 10, at(2, 1)}, "limit", "by_src", 1, 60, 0},
			{Target{0, 0, at(3, 1)}, "both", "by_rule", 5, 10, 0},
			{Target{1, 11, at(6, 1)}, "backoff", "by_flow", 1, 0, 10},
		},
		RateFilters: []RateFilter{
			{Target{1, 12, at(7, 1)}, "by_both", 3, 60, "drop", 300},
			{Target{2, 0, at(8, 1)}, "by_dst", 2, 1, "alert", 5},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestSuppressionsAreRead(t *testing.T) {
	const text = `suppress gen_id 1, sig_id 10
suppress gen_id 1, sig_id 10, track by_src, ip 192.0.2.0/24
suppress gen_id 1, sig_id 10, track by_dst, ip [192.0.2.1, !192.0.2.9,2001:db8::/32]
suppress gen_id 0, sig_id 0, track by_either, ip $HOME_NET
`
	got, diags := ParseThresholds("f", []byte(text), nil)
	if len(diags) != 0 || len(got.Suppressions) != 4 {
		t.Fatalf("%d suppressions, diagnostics %v", len(got.Suppressions), diags)
	}
	tests := []struct{ track, in, out string }{
		{"", "", ""}, {"by_src", "192.0.2.255", "192.0.3.0"}, {"by_dst", "2001:db8::9", "192.0.2.9"}, {"by_either", "10.9.8.7", "8.8.8.8"},
	}
	for i, tt := range tests {
		s := got.Suppressions[i]
		if s.Track != tt.track || s.Pos != at(i+1, 1) {
			t.Errorf("suppression %d: %+v", i, s)
		}
		if tt.in == "" {
			continue
		}
		if !s.Addresses.Contains(netip.MustParseAddr(tt.in)) || s.Addresses.Contains(netip.MustParseAddr(tt.out)) {
			t.Errorf("suppression %d: addresses %+v", i, s.Addresses)
		}
	}
}

func TestTargetsCover(t *testing.T) {
	tests := []struct {
		name     string
		target   Target
		gid, sid uint32
		want     bool
	}{
		{"their own signature", Target{Gid: 1, Sid: 5}, 1, 5, true},
		{"no other signature", Target{Gid: 1, Sid: 5}, 1, 6, false},
		{"no other generator", Target{Gid: 1, Sid: 5}, 3, 5, false},
		{"a whole generator", Target{Gid: 1}, 1, 6, true},
		{"not a whole other generator", Target{Gid: 1}, 2, 6, false},
		{"everything", Target{}, 9, 9, true},
	}
	for _, tt := range tests {
		if got := tt.target.Covers(tt.gid, tt.sid); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}

func TestBadThresholdsPointAtTheFault(t *testing.T) {
	const threshold, filter = "threshold gen_id 1, sig_id 2, ", "rate_filter gen_id 1, sig_id 2, "
	tests := []struct {
		name, text, code string
		col              int
	}{
		{"a sentence", "this is not correct", CodeCommand, 1},
		{"a command near a known one", "supress gen_id 1, sig_id 2", CodeCommand, 1},
		{"a command alone", "suppress", CodeMissing, 1},
		{"no sig_id", "suppress gen_id 1", CodeMissing, 1},
		{"an unknown option", "suppress gen_id 1, sid 2", CodeOption, 20},
		{"an option of another command", "suppress gen_id 1, sig_id 2, count 3", CodeOption, 30},
		{"an option without a value", "suppress gen_id 1, sig_id", CodeMissing, 26},
		{"an option without a name", "suppress gen_id 1,, sig_id 2", CodeOption, 19},
		{"an option twice", "suppress gen_id 1, sig_id 2, sig_id 3", CodeRepeated, 30},
		{"a sid that is no number", "suppress gen_id 1, sig_id re:java", CodeNumber, 27},
		{"a sid too large", "suppress gen_id 1, sig_id 4294967296", CodeNumber, 27},
		{"a negative sid", "suppress gen_id 1, sig_id -1", CodeNumber, 27},
		{"every generator but one sid", "suppress gen_id 0, sig_id 2", CodeValue, 17},
		{"track without ip", "suppress gen_id 1, sig_id 2, track by_src", CodeMissing, 1},
		{"ip without track", "suppress gen_id 1, sig_id 2, ip 192.0.2.1", CodeMissing, 1},
		{"a track that suppress lacks", "suppress gen_id 1, sig_id 2, track by_rule, ip 192.0.2.1", CodeValue, 36},
		{"a bad address", "suppress gen_id 1, sig_id 2, track by_src, ip 192.0.2.300", rule.CodeAddress, 47},
		{"a bad address in a list", "suppress gen_id 1, sig_id 2, track by_src, ip [192.0.2.1, x]", rule.CodeAddress, 59},
		{"an undefined variable", "suppress gen_id 1, sig_id 2, track by_src, ip $NONE", rule.CodeVariable, 47},
		{"a list that is never closed", "suppress gen_id 1, sig_id 2, track by_src, ip [192.0.2.1", rule.CodeBracket, 47},
		{"no type", threshold + "track by_src, count 1, seconds 1", CodeMissing, 1},
		{"an unknown type", threshold + "type limits, track by_src, count 1, seconds 1", CodeValue, 36},
		{"an unknown track", threshold + "type limit, track by_source, count 1, seconds 1", CodeValue, 49},
		{"no seconds", threshold + "type limit, track by_src, count 1", CodeMissing, 1},
		{"a multiplier without backoff", threshold + "type limit, track by_src, count 1, seconds 1, multiplier 2", CodeOption, 77},
		{"backoff with seconds", threshold + "type backoff, track by_flow, count 1, seconds 1, multiplier 2", CodeOption, 69},
		{"backoff without a multiplier", threshold + "type backoff, track by_flow, count 1", CodeMissing, 1},
		{"backoff by address", threshold + "type backoff, track by_src, count 1, multiplier 2", CodeValue, 51},
		{"a rate filter without a timeout", filter + "track by_src, count 1, seconds 1, new_action drop", CodeMissing, 1},
		{"an unknown action", filter + "track by_src, count 1, seconds 1, new_action block, timeout 1", CodeValue, 78},
		{"a fault on a continuation line", "suppress gen_id 1, \\\n  sig_id x", CodeNumber, 10},
		{"a line without end", "suppress " + strings.Repeat("x", 70000), rule.CodeTooLong, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, diags := ParseThresholds("f", []byte(tt.text+"\nsuppress gen_id 1, sig_id 1"), nil)
			if len(diags) != 1 {
				t.Fatalf("diagnostics %v", diags)
			}
			d := diags[0]
			if d.Code != tt.code || d.Pos.Col != tt.col || d.Pos.Line != 1+strings.Count(tt.text, "\n") {
				t.Errorf("%v [%s], want %s in column %d", d, d.Code, tt.code, tt.col)
			}
			if len(got.Suppressions) != 1 {
				t.Error("the next line was not read")
			}
		})
	}
	_, diags := ParseThresholds("f", []byte("supress gen_id 1, sig_id 2"), nil)
	if len(diags) != 1 || diags[0].Error() != `f:1:1: unknown command "supress" (did you mean suppress?)` {
		t.Errorf("diagnostics %v", diags)
	}
}

func TestConformanceThresholdsAreRead(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "conformance"), "*", "*", "threshold.config"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	vars := rule.DefaultVars()
	vars.Addresses["SUPPRESS"] = "[10.0.0.0/8,20.0.0.0/16,145.0.0.0/8]"
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got, diags := ParseThresholds(path, text, vars)
		if len(diags) != 0 && !strings.Contains(string(text), "this is not correct") {
			t.Error(diags)
		}
		if n := len(got.Thresholds) + len(got.RateFilters) + len(got.Suppressions); n == 0 && len(diags) == 0 {
			t.Errorf("nothing in %s", path)
		}
	}
}

func FuzzThresholds(f *testing.F) {
	for _, seed := range []string{
		"suppress gen_id 1, sig_id 2, track by_src, ip [192.0.2.1,!$HOME_NET]", "threshold gen_id 1, sig_id 1, type both, track by_flow, count 5, seconds 60",
		"rate_filter gen_id 1, sig_id 1, track by_rule, count 1, seconds 60, new_action reject, \\\n timeout 1000", "config classification: a,b,1", "config reference: a b", "suppress ,",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		thresholds, diags := ParseThresholds("f", text, nil)
		classes, more := ParseClassifications("f", text)
		_, evenMore := ParseReferences("f", text)
		read := len(thresholds.Thresholds) + len(thresholds.RateFilters) + len(thresholds.Suppressions)
		lines := 0
		for range rule.Lines("f", text) {
			lines++
		}
		if read+len(diags) != lines || len(classes.Names())+len(more) != lines {
			t.Fatalf("%d lines, %d read and %d refused; %d classtypes and %d refused", lines, read, len(diags), len(classes.Names()), len(more))
		}
		physical := strings.Split(strings.TrimPrefix(string(text), "\xef\xbb\xbf"), "\n")
		for _, d := range append(append(diags, more...), evenMore...) {
			if d.Pos.Line < 1 || d.Pos.Line > len(physical) || d.Pos.Col < 1 || d.Pos.Col > len(physical[d.Pos.Line-1])+1 {
				t.Fatalf("diagnostic %v outside of %q", d, text)
			}
		}
	})
}
