package stream

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/capturetest"
	"spanwatch/sensor/flow"
)

// oracleDataConfig makes alerts carry the stream that matched.
const oracleDataConfig = `%%YAML 1.1
---
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      types:
        - alert: {payload: yes, payload-buffer-size: 64kb}
stream:
  checksum-validation: no
  inline: no
  reassembly:
    depth: 1mb
    toserver-chunk-size: 2560
    toclient-chunk-size: 2560
    randomize-chunk-size: no
    urgent: {policy: %v, oob-limit-policy: %v}
host-os-policy:
%s
flow: {memcap: 512mb, hash-size: 65536, prealloc: 1000}
packet-alert-max: 255
`

// opening is how the talks begin; its data byte fixes where the stream does.
func opening() []piece {
	return []piece{
		{from: 'c', flags: "S"}, {from: 's', flags: "SA", ack: 1}, {from: 'c', flags: "A", seq: 1, ack: 1},
		{from: 'c', flags: "A", seq: 1, ack: 1, data: "<"},
	}
}

// ending has the mark that a rule finds, the acknowledgment of all data, and
// the end of the stream.
func ending(list []piece, end int64) []piece {
	return append(list,
		piece{from: 'c', flags: "A", seq: end, ack: 1, data: "#MARK#"},
		piece{from: 's', flags: "A", seq: 1, ack: end + 6},
		piece{from: 'c', flags: "FA", seq: end + 6, ack: 1},
		piece{from: 's', flags: "FA", seq: 1, ack: end + 7},
		piece{from: 'c', flags: "A", seq: end + 7, ack: 2},
	)
}

// mess makes a client that sends its data in random segments, which overlap
// with different bytes, before anything is acknowledged. Suricata looks back
// for overlaps only until a segment that does not overlap; it misses one that
// begins earlier and ends later. Such talks are not made.
func mess(r *rand.Rand, most int) []piece {
	for {
		list := opening()
		const size = 30
		covered := [size]bool{}
		letter := byte('A')
		type span struct{ at, end int }
		var spans []span
		for range 2 + r.IntN(most) {
			at := r.IntN(size)
			l := 1 + r.IntN(min(10, size-at))
			list = append(list, piece{from: 'c', flags: "A", seq: int64(2 + at), ack: 1, data: strings.Repeat(string(letter), l)})
			letter++
			spans = append(spans, span{at, at + l})
			for i := at; i < at+l; i++ {
				covered[i] = true
			}
		}
		nested := 0
		for i, a := range spans {
			for _, b := range spans[:i] {
				if a.at >= b.at && a.end <= b.end || b.at >= a.at && b.end <= a.end {
					nested++
				}
			}
		}
		if nested > 0 && len(spans) > 2 {
			continue
		}
		for i := range covered {
			if !covered[i] {
				list = append(list, piece{from: 'c', flags: "A", seq: int64(2 + i), ack: 1, data: "."})
			}
		}
		return ending(list, 2+size)
	}
}

// urgentData makes a client that sends urgent data, in order.
func urgentData(r *rand.Rand) []piece {
	list, at := opening(), int64(2)
	for i := range 1 + r.IntN(6) {
		l := 1 + r.IntN(6)
		p := piece{from: 'c', flags: "A", seq: at, ack: 1}
		for j := range l {
			p.data += string(rune('a' + (i*6+j)%26))
		}
		if r.IntN(2) == 0 {
			p.flags, p.urg = "AU", uint16(r.IntN(l+3))
		}
		if at += int64(l); r.IntN(3) == 0 {
			list = append(list, p, piece{from: 's', flags: "A", seq: 1, ack: at})
		} else {
			list = append(list, p)
		}
	}
	return ending(list, at)
}

func TestOverlapsResolveAsInSuricata(t *testing.T) {
	command := suricata(t)
	for _, mode := range []struct {
		name   string
		urgent Urgent
		make   func(r *rand.Rand, most int) []piece
	}{
		{"overlaps", UrgentOOB, mess},
		{"urgent out of band", UrgentOOB, func(r *rand.Rand, _ int) []piece { return urgentData(r) }},
		{"urgent inline", UrgentInline, func(r *rand.Rand, _ int) []piece { return urgentData(r) }},
		{"urgent dropped", UrgentDrop, func(r *rand.Rand, _ int) []piece { return urgentData(r) }},
		{"urgent as a gap", UrgentGap, func(r *rand.Rand, _ int) []piece { return urgentData(r) }},
	} {
		t.Run(mode.name, func(t *testing.T) {
			const talks = 3000
			r := rand.New(rand.NewPCG(3, 3))
			cfg := DefaultConfig()
			cfg.MaxSessions = talks + 16
			cfg.Hosts = oraclePolicies()
			cfg.Urgent = mode.urgent
			var frames []decoders.Frame
			scripts := map[uint16][]piece{}
			policies := map[uint16]Policy{}
			now, number := int64(1_700_000_000e9), uint64(0)
			for i := range talks {
				port := uint16(1000 + i)
				policies[port] = Policy(r.IntN(int(PolicyFirst)))
				k := newTalk()
				k.client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(policies[port]), 1}), port)
				k.server = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(policies[port]), 2}), oraclePort)
				k.now, k.number = now, number
				scripts[port] = mode.make(r, 1+i*4/talks)
				for _, s := range scripts[port] {
					frames = append(frames, k.frame(s))
				}
				now, number = k.now, k.number
			}
			want := askData(t, command, frames, &cfg)
			got := tellData(t, frames, cfg)
			bad, compared := 0, 0
			wrong := map[Policy]int{}
			for i := range talks {
				port := uint16(1000 + i)
				w, ok := want[port]
				if !ok {
					continue
				}
				compared++
				if !strings.HasSuffix(got[port], w) {
					wrong[policies[port]]++
					if bad++; bad < 8 {
						t.Logf("policy %v: got %q, want %q", policies[port], got[port], w)
						for _, s := range scripts[port] {
							t.Logf("    %v urg %d %q", s, s.urg, s.data)
						}
					}
				}
			}
			t.Logf("%d of %d streams agree; by policy %v", compared-bad, compared, wrong)
			if bad > 0 || compared < talks/2 {
				t.Errorf("%d of %d streams differ; Suricata told of %d", bad, compared, len(want))
			}
		})
	}
}

func askData(t testing.TB, command string, frames []decoders.Frame, cfg *Config) map[uint16]string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pcap := filepath.Join(dir, "in.pcap")
	if err := capturetest.WritePcap(pcap, decoders.LinkEthernet, frames); err != nil {
		t.Fatal(err)
	}
	rules := `alert tcp-stream any any -> any any (msg:"mark"; flow:to_server; content:"#MARK#"; sid:1;)` + "\n"
	out, err := exec.Command(command, "-c", write("suricata.yaml", fmt.Sprintf(oracleDataConfig, cfg.Urgent, cfg.UrgentBeyond, hostLines(cfg))),
		"-S", write("test.rules", rules), "-l", dir, "-r", pcap, "-k", "none", "--runmode", "single").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	eve, err := os.Open(filepath.Join(dir, "eve.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer eve.Close()
	streams := map[uint16]string{}
	lines := bufio.NewScanner(eve)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var record struct {
			Type    string `json:"event_type"`
			SrcPort uint16 `json:"src_port"`
			Payload []byte `json:"payload"`
		}
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			t.Fatal(err)
		}
		if record.Type == "alert" {
			streams[record.SrcPort] = missingForm.ReplaceAllString(string(record.Payload), "")
		}
	}
	return streams
}

// missingForm is how Suricata writes a gap into the payload of an alert.
var missingForm = regexp.MustCompile(`\[\d+ bytes missing\]`)

// tellData returns what rules see of each client's stream.
func tellData(t testing.TB, frames []decoders.Frame, cfg Config) map[uint16]string {
	t.Helper()
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d, err := decoders.NewDecoder(decoders.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	streams := map[uint16]string{}
	flows := map[uint16]*flow.Flow{}
	for i := range frames {
		var p decoders.Packet
		d.Decode(&frames[i], &p)
		port, dir := p.SrcPort, decoders.ToServer
		if p.SrcPort == oraclePort {
			port, dir = p.DstPort, decoders.ToClient
		}
		if flows[port] == nil {
			flows[port] = &flow.Flow{}
		}
		f := flows[port]
		e.Packet(f, &p, dir)
		for c, ok := e.NextRaw(f, dir); ok; c, ok = e.NextRaw(f, dir) {
			if dir == decoders.ToServer {
				streams[port] += string(c.Data)
			}
		}
		if i%7 == 0 {
			e.Retain()
		}
	}
	return streams
}
