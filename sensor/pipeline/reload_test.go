package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"weak"

	"spanwatch/exporter"
	"spanwatch/exporter/jsonl"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/config"
	"spanwatch/signatures"
)

// reloading replaces the rules before every so many batches of a source.
type reloading struct {
	capture.Source
	every, batches int
	reload         func()
}

func (r *reloading) Next(b *capture.Batch) error {
	if r.batches++; r.batches%r.every == 0 {
		r.reload()
	}
	return r.Source.Next(b)
}

// reloadRules ask about everything that must outlive a ruleset: flowbits,
// counters of flows and hosts, transactions that come in parts, captures,
// datasets.
const reloadRules = `
alert tcp any any -> any any (msg:"sets a bit"; flow:established,to_server; flowbits:isnotset,seen; flowbits:set,seen; sid:1;)
alert tcp any any -> any any (msg:"reads it"; flow:established,to_client; flowbits:isset,seen; threshold:type limit, track by_flow, count 2, seconds 3600; sid:2;)
alert tcp any any -> any any (msg:"counts"; flow:to_server; flowint:n,+,1; flowint:n,==,5; sid:3;)
alert http any any -> any any (msg:"request in parts"; http.method; content:"GET"; http.host; content:"."; sid:4;)
alert http any any => any any (msg:"both sides"; http.uri; content:"/"; http.stat_code; content:"2"; sid:5;)
alert http any any -> any any (msg:"status alone"; http.stat_code; content:"20"; sid:6;)
alert http any any -> any any (msg:"new host"; http.host; dataset:isnotset,hosts,type string; dataset:set,hosts,type string; sid:7;)
alert dns any any -> any any (msg:"name"; dns.query; content:"."; threshold:type both, track by_src, count 3, seconds 60; sid:8;)
alert tls any any -> any any (msg:"sni"; tls.sni; content:"."; sid:9;)
alert ip any any -> any any (msg:"addresses"; sid:10;)
alert tcp any any -> any any (msg:"first packet"; flags:S; xbits:set,talked,track ip_src,expire 600; sid:11;)
alert udp any any -> any any (msg:"talked before"; xbits:isset,talked,track ip_src; threshold:type limit, track by_src, count 1, seconds 600; sid:12;)
alert smtp any any -> any any (msg:"file"; file.data; content:"e"; sid:13;)
alert http any any -> any any (msg:"body in pieces"; flow:to_client; file.data; content:"a"; sid:14;)
`

func TestReloadingTheSameRulesChangesNoEvent(t *testing.T) {
	demo, err := os.ReadFile("../../testdata/rules/demo.rules")
	if err != nil {
		t.Fatal(err)
	}
	rules := reloadRules + string(demo)
	for _, every := range []int{2, 7} {
		for _, workers := range []int{1, 2} {
			name := fmt.Sprintf("every %d batches, %d workers", every, workers)
			edit := func(c *config.Config) {
				c.Workers, c.Capture.Batch = workers, 61
				c.Events.Types = []string{"alert", "flow", "http", "fileinfo"}
				c.Rules.MaxAlertsPerPacket = 100
			}
			want := replay(t, rules, edit, "../../testdata/pcap/office.pcapng")
			got := replayReloading(t, rules, every, edit, "../../testdata/pcap/office.pcapng")
			if n := strings.Count(string(want.text), `"event_type":"alert"`); n < 100 {
				t.Fatalf("%s: only %d alerts: the test says little", name, n)
			}
			if !bytes.Equal(want.text, got.text) {
				t.Errorf("%s: events differ", name)
				diffLines(t, workers, want.lines(), got.lines())
			}
			if got.view.Rules.Ok == 0 {
				t.Errorf("%s: nothing was reloaded", name)
			}
		}
	}
}

func replayReloading(t *testing.T, rules string, every int, edit func(*config.Config), path string) *replayed {
	t.Helper()
	cfg := config.Default()
	edit(cfg)
	files, err := capture.OpenFiles(capture.Options{Paths: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	load := func(before *signatures.Ruleset) (*signatures.Ruleset, *signatures.Report) {
		var o signatures.Options
		if before != nil {
			o.Datasets = before.Datasets()
		}
		// Another rule first, so that numbers of rules, bits and buffers differ.
		return signatures.Load([]signatures.Source{{Name: "r", Text: []byte(fmt.Sprintf(
			"alert http any any -> any any (http.user_agent; content:\"no such agent %p\"; flowbits:set,other%p; priority:1; sid:999;)\n", before, before) + rules)}}, o)
	}
	rs, report := load(nil)
	var out bytes.Buffer
	r := &replayed{}
	var p *Pipeline
	source := &reloading{Source: files, every: every, reload: func() {
		rs, report = load(rs)
		p.SetRules(rs, report)
	}}
	p, err = New(Options{
		Config: cfg, Sources: []capture.Source{source}, Ruleset: rs, Rules: report, Replay: true, Run: "test",
		Outlets: []*exporter.Outlet{exporter.NewOutlet(jsonl.NewStream("test", &out), exporter.Config{Block: true})},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.text, r.view = out.Bytes(), p.State.View()
	return r
}

func TestAReloadIsToldAndARefusedOneKeepsTheRules(t *testing.T) {
	files, err := capture.OpenFiles(capture.Options{Paths: []string{"../../testdata/pcap/office.pcapng"}})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	load := func(sid int) (*signatures.Ruleset, *signatures.Report) {
		return signatures.Load([]signatures.Source{{Name: "r", Text: fmt.Appendf(nil, "alert tcp any any -> any any (flags:S; sid:%d;)\n", sid)}}, signatures.Options{})
	}
	rs, report := load(1)
	cfg := config.Default()
	cfg.Capture.Batch = 50
	var out bytes.Buffer
	var p *Pipeline
	n := 0
	source := &reloading{Source: files, every: 20, reload: func() {
		switch n++; n {
		case 1:
			p.RulesRefused(nil, errors.New("no such file"))
		case 2:
			p.SetRules(load(2))
		}
	}}
	p, err = New(Options{
		Config: cfg, Sources: []capture.Source{source}, Ruleset: rs, Rules: report, Replay: true, Run: "test",
		Outlets: []*exporter.Outlet{exporter.NewOutlet(jsonl.NewStream("test", &out), exporter.Config{Block: true})},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	var seen []string // in order, runs of one kind once
	for line := range strings.Lines(out.String()) {
		for word, kind := range map[string]string{
			`"signature_id":1,`: "old", `"signature_id":2,`: "new", `"result":"failed","error":"no such file"`: "refused", `"result":"ok","rules_loaded":1`: "replaced",
		} {
			if strings.Contains(line, word) && (len(seen) == 0 || seen[len(seen)-1] != kind) {
				seen = append(seen, kind)
			}
		}
	}
	if got := strings.Join(seen, " "); got != "old refused old new replaced new" && got != "old refused old replaced new" {
		t.Errorf("events tell: %s", got)
	}
	v := p.State.View()
	if v.Rules.Ok != 1 || v.Rules.Failed != 1 || v.Rules.Since.IsZero() {
		t.Errorf("%+v", v.Rules)
	}
	for _, a := range v.Alerts {
		if a.Count == 0 || a.SID == 0 {
			t.Errorf("%+v", a)
		}
	}
	if len(v.Alerts) != 2 {
		t.Errorf("alerts of %d signatures are counted, want those of both rulesets", len(v.Alerts))
	}
}

// TestReplacedRulesAreForgotten: nothing keeps a ruleset once workers have
// another.
func TestReplacedRulesAreForgotten(t *testing.T) {
	files, err := capture.OpenFiles(capture.Options{Paths: []string{"../../testdata/pcap/office.pcapng"}})
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	var old []weak.Pointer[signatures.Ruleset]
	load := func() (*signatures.Ruleset, *signatures.Report) {
		rs, report := signatures.Load([]signatures.Source{{Name: "r", Text: []byte(reloadRules)}}, signatures.Options{})
		old = append(old, weak.Make(rs))
		return rs, report
	}
	cfg := config.Default()
	cfg.Capture.Batch, cfg.Workers = 50, 2
	var p *Pipeline
	source := &reloading{Source: files, every: 10, reload: func() { p.SetRules(load()) }}
	rs, report := load()
	p, err = New(Options{Config: cfg, Sources: []capture.Source{source}, Ruleset: rs, Rules: report, Replay: true, Run: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.GC()
	kept := 0
	for _, w := range old {
		if w.Value() != nil {
			kept++
		}
	}
	if kept != 1 || len(old) < 5 {
		t.Errorf("%d of %d rulesets are in memory, want the last one", kept, len(old))
	}
	runtime.KeepAlive(p)
}
