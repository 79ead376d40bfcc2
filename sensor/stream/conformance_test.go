package stream

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/defrag"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/flow"
)

// conformanceFloor is how many of the alerts that this test can judge must be
// Suricata's, in per cent.
const conformanceFloor = 95

// plainRule is a rule that needs nothing but streams and packets: stream
// events, and one content on any payload.
type plainRule struct {
	sid     int
	proto   string               // tcp, tcp-stream, tcp-pkt
	event   decoders.StreamEvent // StreamEventCount: content
	content []byte
	nocase  bool
	dirs    [2]bool
}

var (
	plainRuleForm = regexp.MustCompile(`^alert (tcp|tcp-stream|tcp-pkt) any any -> any any \((.*)\)\s*$`)
	optionForm    = regexp.MustCompile(`^\s*([a-z_-]+)(?:\s*:\s*("(?:[^"\\]|\\.)*"|[^";]*))?\s*;`)
	hexForm       = regexp.MustCompile(`\|[0-9A-Fa-f ]*\|`)
)

// parsePlain reads a rule, if it is plain.
func parsePlain(line string) (r plainRule, ok bool) {
	m := plainRuleForm.FindStringSubmatch(line)
	if m == nil {
		return r, false
	}
	r.proto, r.event, r.dirs = m[1], decoders.StreamEventCount, [2]bool{true, true}
	contents, events := 0, 0
	for rest := m[2]; strings.TrimSpace(rest) != ""; {
		o := optionForm.FindStringSubmatch(rest)
		if o == nil {
			return r, false
		}
		rest = rest[len(o[0]):]
		value := strings.Trim(strings.TrimSpace(o[2]), `"`)
		switch o[1] {
		case "msg", "rev", "classtype", "metadata", "threshold":
		case "sid":
			fmt.Sscan(value, &r.sid)
		case "nocase":
			r.nocase = true
		case "flow":
			switch value {
			case "to_server", "to_server,established", "established,to_server":
				r.dirs[decoders.ToClient] = false
			case "to_client", "to_client,established", "established,to_client":
				r.dirs[decoders.ToServer] = false
			default:
				return r, false
			}
		case "stream-event":
			events++
			if r.event, ok = decoders.StreamEventByName(value); !ok {
				return r, false
			}
		case "content":
			contents++
			if strings.ContainsAny(value, `\!`) {
				return r, false
			}
			r.content = hexForm.ReplaceAllFunc([]byte(value), func(b []byte) []byte {
				raw, _ := hex.DecodeString(strings.ReplaceAll(string(b[1:len(b)-1]), " ", ""))
				return raw
			})
		default:
			return r, false
		}
	}
	return r, r.sid != 0 && contents+events == 1
}

func (r *plainRule) matches(data []byte) bool {
	if r.nocase {
		return bytes.Contains(bytes.ToLower(data), bytes.ToLower(r.content))
	}
	return bytes.Contains(data, r.content)
}

// judge runs plain rules over a capture.
type judge struct {
	t       testing.TB
	rules   []plainRule
	engine  *Engine
	table   *flow.Table
	decoder *decoders.Decoder
	defrag  *defrag.Table
	alerts  map[string]int // "sid number"
}

func (j *judge) alert(r *plainRule, number uint64) { j.alerts[fmt.Sprintf("%d %d", r.sid, number)]++ }

func (j *judge) packet(p *decoders.Packet) {
	if p.Refused == decoders.ReasonFragment {
		if datagram, result := j.defrag.Add(p); result.Status == defrag.Completed {
			var whole decoders.Packet
			j.decoder.DecodeRebuilt(bytes.Clone(datagram.Bytes), p, &whole)
			j.packet(&whole)
		}
		return
	}
	if f, dir := j.table.Update(p); f != nil && p.Layers.Has(decoders.LayerTCP) {
		v := j.engine.Packet(f, p, dir)
		if v.Swapped {
			j.table.Swap(f)
			dir = dir.Opposite()
		}
		j.inspect(f, p, dir, &v)
	}
	if p.Inner != decoders.TunnelNone {
		var inner decoders.Packet
		j.decoder.DecodeInner(p, &inner)
		j.packet(&inner)
	}
}

// inspect does what the pipeline does with a packet of a session.
func (j *judge) inspect(f *flow.Flow, p *decoders.Packet, dir decoders.Direction, v *Verdict) {
	e := j.engine
	for _, d := range []decoders.Direction{dir.Opposite(), dir} {
		for c, ok := e.NextApp(f, d); ok; c, ok = e.NextApp(f, d) {
			if c.Gap > 0 {
				v.Events.Add(decoders.StreamEventReassemblySeqGap)
			}
			e.Consumed(f, d, len(c.Data))
			if bytes.HasSuffix(c.Data, []byte("\r\n\r\n")) {
				e.TriggerRaw(f, d) // the end of an HTTP request, or of any head
			}
		}
	}
	matched := make([]bool, len(j.rules))
	for c, ok := e.NextRaw(f, dir); ok; c, ok = e.NextRaw(f, dir) {
		for i := range j.rules {
			if r := &j.rules[i]; r.event == decoders.StreamEventCount && r.proto != "tcp-pkt" && r.dirs[dir] && r.matches(c.Data) {
				matched[i] = true
			}
		}
	}
	for i := range j.rules {
		r := &j.rules[i]
		switch {
		case !r.dirs[dir]:
		case r.event != decoders.StreamEventCount:
			matched[i] = v.Events.Has(r.event)
		case r.proto == "tcp-pkt" || !v.Stored:
			matched[i] = matched[i] || p.PayloadLen > 0 && r.matches(p.Payload())
		}
		if matched[i] {
			j.alert(r, p.Number)
		}
	}
}

// ended does what the pipeline does with the end of a flow.
func (j *judge) ended(f *flow.Flow, _ flow.EndReason) {
	e := j.engine
	e.Finish(f)
	for d := range decoders.Direction(2) {
		for c, ok := e.NextApp(f, d); ok; c, ok = e.NextApp(f, d) {
			e.Consumed(f, d, len(c.Data))
		}
		matched := make([]bool, len(j.rules))
		for c, ok := e.NextRaw(f, d); ok; c, ok = e.NextRaw(f, d) {
			for i := range j.rules {
				if r := &j.rules[i]; r.event == decoders.StreamEventCount && r.proto != "tcp-pkt" && r.dirs[d] && r.matches(c.Data) && !matched[i] {
					matched[i] = true
					j.alert(r, 0)
				}
			}
		}
	}
	e.Close(f)
}

func (j *judge) run(path string) {
	source, err := capture.OpenFiles(capture.Options{Paths: []string{path}})
	if err != nil {
		return // a link type without decoder, say: the comparison tells
	}
	defer source.Close()
	var batch capture.Batch
	for now := int64(-1 << 63); ; {
		err := source.Next(&batch)
		for i := range batch.Frames {
			f := &batch.Frames[i]
			now = max(now, f.Timestamp)
			var p decoders.Packet
			j.decoder.Decode(f, &p)
			j.packet(&p)
		}
		j.engine.Retain()
		j.table.Advance(now)
		if errors.Is(err, io.EOF) || err != nil {
			break
		}
	}
	j.table.Close()
}

type caseVars struct {
	Options   map[string]any `json:"options"`
	Checksums string         `json:"checksum_checks"`
}

// caseConfig is the configuration of a case: Suricata's shipped one takes all
// IPv4 hosts to be windows.
func caseConfig(t testing.TB, vars *caseVars) Config {
	cfg := DefaultConfig()
	cfg.MaxSessions = 8192
	cfg.Hosts = []HostPolicy{{netip.MustParsePrefix("0.0.0.0/0"), PolicyWindows}}
	cfg.Midstream = vars.Options["stream.midstream"] == "true"
	cfg.AsyncOneSide = vars.Options["stream.async-oneside"] == "true"
	cfg.Inline = vars.Options["stream.inline"] == "true"
	for name, value := range vars.Options {
		policy, ok := PolicyByName(strings.TrimPrefix(name, "host-os-policy."))
		list, isList := value.([]any)
		if !ok || !isList {
			continue
		}
		for _, v := range list {
			text := fmt.Sprint(v)
			prefix, err := netip.ParsePrefix(text)
			if err != nil {
				addr, err := netip.ParseAddr(text)
				if err != nil {
					t.Fatal(err)
				}
				prefix = netip.PrefixFrom(addr, addr.BitLen())
			}
			cfg.Hosts = append(cfg.Hosts, HostPolicy{prefix, policy})
		}
	}
	return cfg
}

func readJSON(t testing.TB, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// TestPlainRulesAlertAsInSuricata takes from the conformance cases the rules
// that need nothing but streams, and compares in which packets they alert.
// Without parsers it cannot know when a message ends; it takes an empty line
// for that.
func TestPlainRulesAlertAsInSuricata(t *testing.T) {
	root := os.Getenv("SPANWATCH_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	files, _ := filepath.Glob(filepath.Join(root, "conformance", "dev", "*", "test.rules"))
	if len(files) == 0 {
		t.Skipf("no conformance cases in %s: set SPANWATCH_SHARED to the folder that has them", root)
	}
	cases, good, wanted, same := 0, 0, 0, 0
	for _, file := range files {
		dir := filepath.Dir(file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		j := &judge{t: t, alerts: map[string]int{}}
		sids := map[int]bool{}
		for line := range strings.Lines(string(text)) {
			if r, ok := parsePlain(strings.TrimSpace(line)); ok && !strings.Contains(line, "threshold") {
				j.rules = append(j.rules, r)
				sids[r.sid] = true
			}
		}
		inputs, _ := filepath.Glob(filepath.Join(dir, "input.pcap*"))
		if len(j.rules) == 0 || len(inputs) == 0 {
			continue
		}
		var vars caseVars
		if _, err := os.Stat(filepath.Join(dir, "vars.json")); err == nil {
			readJSON(t, filepath.Join(dir, "vars.json"), &vars)
		}
		var expected struct {
			Alerts []struct {
				SID    int    `json:"sid"`
				Number uint64 `json:"pcap_cnt"`
			} `json:"alerts"`
		}
		readJSON(t, filepath.Join(dir, "expected.json"), &expected)
		want := map[string]int{}
		for _, a := range expected.Alerts {
			if sids[a.SID] {
				want[fmt.Sprintf("%d %d", a.SID, a.Number)]++
			}
		}
		cfg := caseConfig(t, &vars)
		decode := decoders.DefaultConfig()
		if vars.Checksums != "" {
			decode.Checksums = decoders.ChecksumsOn
			cfg.IgnoreBadChecksums = true
		}
		j.engine, err = New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if j.decoder, err = decoders.NewDecoder(decode); err != nil {
			t.Fatal(err)
		}
		if j.defrag, err = defrag.New(defrag.DefaultConfig()); err != nil {
			t.Fatal(err)
		}
		flows := flow.DefaultConfig()
		flows.MaxFlows, flows.Midstream, flows.AsyncOneSide, flows.OnEnd = 8192, cfg.Midstream, cfg.AsyncOneSide, j.ended
		if j.table, err = flow.New(flows); err != nil {
			t.Fatal(err)
		}
		j.run(inputs[0])
		j.engine.check(t)
		cases++
		for k, n := range want {
			wanted += n
			same += min(n, j.alerts[k])
		}
		if maps.Equal(want, j.alerts) {
			good++
			continue
		}
		got, exp := slices.Sorted(maps.Keys(j.alerts)), slices.Sorted(maps.Keys(want))
		t.Logf("%s: got %v, want %v (sid and packet)", filepath.Base(dir), got[:min(len(got), 12)], exp[:min(len(exp), 12)])
	}
	t.Logf("%d of %d cases agree in all packets; %d of %d alerts", good, cases, same, wanted)
	if cases == 0 || wanted == 0 || 100*same < conformanceFloor*wanted {
		t.Errorf("%d of %d alerts are Suricata's, want %d %%", same, wanted, conformanceFloor)
	}
}
