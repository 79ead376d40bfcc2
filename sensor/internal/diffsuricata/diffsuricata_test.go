package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAMissingSuricataIsSaidToBeMissing(t *testing.T) {
	for _, place := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir()} {
		if _, err := findSuricata(place); !errors.Is(err, errNoSuricata) {
			t.Errorf("%s: %v", place, err)
		}
	}
}

// eve writes events and reads them as one side's.
func eve(t *testing.T, lines ...string) *sighting {
	t.Helper()
	path := filepath.Join(t.TempDir(), "eve.json")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := newSighting()
	if err := s.read(0, path); err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	thereAlert = `{"event_type":"alert","proto":"TCP","src_ip":"10.0.0.1","src_port":1000,"dest_ip":"10.0.0.2","dest_port":80,"alert":{"signature_id":1}}`
	backAlert  = `{"event_type":"alert","proto":"TCP","src_ip":"10.0.0.2","src_port":80,"dest_ip":"10.0.0.1","dest_port":1000,"alert":{"signature_id":1}}`
	otherAlert = `{"event_type":"alert","proto":"TCP","src_ip":"10.0.0.1","src_port":1000,"dest_ip":"10.0.0.2","dest_port":80,"alert":{"signature_id":2}}`
)

func TestPairsHaveNoDirectionAndCount(t *testing.T) {
	for _, c := range []struct {
		name           string
		suricata, ours []string
		common         int
		only           []string
	}{
		{"the same", []string{thereAlert}, []string{thereAlert}, 1, nil},
		{"the other way", []string{thereAlert}, []string{backAlert}, 1, nil},
		{"one too many", []string{thereAlert}, []string{thereAlert, backAlert}, 1, []string{"count"}},
		{"one each", []string{thereAlert}, []string{otherAlert}, 0, []string{"spanwatch", "suricata"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			diffs, common := compare(eve(t, c.suricata...), eve(t, c.ours...), false)
			var only []string
			for i := range diffs {
				only = append(only, diffs[i].only())
			}
			if common != c.common || !slices.Equal(only, c.only) {
				t.Errorf("%d common and %v, want %d and %v", common, only, c.common, c.only)
			}
		})
	}
}

func TestRulesThatShareFlowbitsAreTriedTogether(t *testing.T) {
	lines := map[int]string{
		1: `alert tcp any any -> any any (flowbits:set,a; sid:1;)`,
		2: `alert tcp any any -> any any (flowbits:isset,a; flowbits:set,b; sid:2;)`,
		3: `alert tcp any any -> any any (flowbits:isset,b; sid:3;)`,
		4: `alert tcp any any -> any any (flowbits:isset,c; sid:4;)`,
	}
	if got := closure(lines, []int{3}); len(got) != 3 {
		t.Errorf("%q", got)
	}
}

func TestARuleIsMadeSmallerOptionByOption(t *testing.T) {
	got := without(`alert tcp any any -> any any (msg:"m"; content:"a"; offset:3; isdataat:!4,relative; sid:1; rev:1;)`, 10)
	want := []string{
		`alert tcp any any -> any any (msg:"10"; offset:3; isdataat:!4,relative; sid:10; rev:1;)`,
		`alert tcp any any -> any any (msg:"11"; content:"a"; isdataat:!4,relative; sid:11; rev:1;)`,
		`alert tcp any any -> any any (msg:"12"; content:"a"; offset:3; sid:12; rev:1;)`,
		`alert tcp any any -> any any (msg:"13"; isdataat:!4,relative; sid:13; rev:1;)`,
		`alert tcp any any -> any any (msg:"14"; content:"a"; sid:14; rev:1;)`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// madeRules returns rules made of the bundled office capture.
func madeRules(t *testing.T, n int) []string {
	t.Helper()
	all := buffers()
	if err := harvest(context.Background(), all, []string{"../../../testdata/pcap/office.pcapng"}, nil); err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(b *buffer) bool { return len(b.samples) == 0 || b.keyword == addressBuffer })
	g := &generator{Rand: rand.New(rand.NewPCG(1, 2)), buffers: all, base: []string{
		`alert http any any -> any any (msg:"b"; http.uri; content:"x"; depth:3; pcre:"/x/R"; sid:1;)`,
	}}
	var rules []string
	for i := range n {
		rules = append(rules, g.rule(i+1))
	}
	return rules
}

// TestMadeRulesLoad: what the generator makes is mostly valid; rules that do
// not load compare nothing.
func TestMadeRulesLoad(t *testing.T) {
	rules := madeRules(t, 500)
	path := filepath.Join(t.TempDir(), "made.rules")
	if err := os.WriteFile(path, []byte(strings.Join(rules, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := loadOurs(nil, nil, path)
	if err != nil {
		t.Fatal(err)
	}
	if refused := s.refusals(); len(refused) > len(rules)*3/10 {
		for line, why := range refused {
			t.Logf("%s: %s", why, rules[line-1])
		}
		t.Errorf("%d of %d made rules do not load", len(refused), len(rules))
	}
}

// TestBundledRulesAgreeWithSuricata needs a Suricata, see suricataEnv.
func TestBundledRulesAgreeWithSuricata(t *testing.T) {
	place := os.Getenv(suricataEnv)
	if place == "" {
		t.Skipf("%s does not name a Suricata", suricataEnv)
	}
	o, err := findSuricata(place)
	if err != nil {
		t.Fatal(err)
	}
	captures, err := expand([]string{"../../../testdata/pcap"})
	if err != nil {
		t.Fatal(err)
	}
	c := comparison{oracle: o, rules: "../../../testdata/rules/demo.rules", captures: captures}
	suricata, ours, err := c.run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	r := c.result(suricata, ours)
	if r.common == 0 || len(r.diffs) > 0 {
		var b bytes.Buffer
		r.print(&b)
		t.Error(b.String())
	}
}

// TestCases: each case has the alerts that Suricata 8 gave it.
func TestCases(t *testing.T) {
	dirs, err := filepath.Glob("../../../testdata/cases/*/test.rules")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no cases (%v)", err)
	}
	for _, rules := range dirs {
		dir := filepath.Dir(rules)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			want, err := os.ReadFile(filepath.Join(dir, "want.json"))
			if err != nil {
				t.Fatal(err)
			}
			s, err := loadOurs(nil, nil, filepath.Join(dir, "test.rules"))
			if err != nil {
				t.Fatal(err)
			}
			for line, why := range s.refusals() {
				t.Errorf("rule of line %d: %s", line, why)
			}
			out, saw := t.TempDir(), newSighting()
			if err := s.run(context.Background(), filepath.Join(dir, "input.pcap"), out); err != nil {
				t.Fatal(err)
			}
			if err := saw.read(0, filepath.Join(out, "eve.json")); err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(alertsOf(saw), "", " ")
			if err != nil {
				t.Fatal(err)
			}
			if string(got)+"\n" != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
