package stream

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/capturetest"
	"spanwatch/sensor/flow"
)

// suricata returns the command of an installed Suricata, which these tests
// compare with when SPANWATCH_SURICATA names one.
func suricata(t testing.TB) string {
	name := os.Getenv("SPANWATCH_SURICATA")
	if name == "" {
		t.Skip("SPANWATCH_SURICATA does not name a suricata to compare with")
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// oracleConfig is as much configuration as Suricata needs for stream events.
const oracleConfig = `%%YAML 1.1
---
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      types:
        - alert: {payload: yes, payload-buffer-size: 64kb}
        - flow
stream:
  checksum-validation: no
  inline: no
  midstream: %v
  async-oneside: %v
  reassembly: {depth: 1mb, toserver-chunk-size: 2560, toclient-chunk-size: 2560, randomize-chunk-size: no}
host-os-policy:
%s
flow: {memcap: 512mb, hash-size: 65536, prealloc: 1000}
packet-alert-max: 255
`

// answer is what a sensor says of one capture: events by packet number, and
// the state at the end by client port.
type answer struct {
	events map[uint64][]string
	states map[uint16]string
}

// ask runs Suricata on frames.
func ask(t testing.TB, frames []decoders.Frame, cfg *Config) answer {
	t.Helper()
	command, dir := suricata(t), t.TempDir()
	var rules strings.Builder
	for e := range decoders.StreamEventCount {
		if e == decoders.StreamEventWrongThread {
			continue
		}
		fmt.Fprintf(&rules, "alert tcp any any -> any any (msg:\"%v\"; stream-event:%v; sid:%d;)\n", e, e, 1000+int(e))
	}
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
	out, err := exec.Command(command, "-c", write("suricata.yaml", fmt.Sprintf(oracleConfig, cfg.Midstream, cfg.AsyncOneSide, hostLines(cfg))),
		"-S", write("test.rules", rules.String()), "-l", dir, "-r", pcap, "-k", "none", "--runmode", "single").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	eve, err := os.Open(filepath.Join(dir, "eve.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer eve.Close()
	a := answer{events: map[uint64][]string{}, states: map[uint16]string{}}
	lines := bufio.NewScanner(eve)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var record struct {
			Type    string `json:"event_type"`
			Number  uint64 `json:"pcap_cnt"`
			SrcPort uint16 `json:"src_port"`
			DstPort uint16 `json:"dest_port"`
			Alert   struct {
				Signature string `json:"signature"`
			} `json:"alert"`
			TCP struct {
				State string `json:"state"`
			} `json:"tcp"`
		}
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			t.Fatal(err)
		}
		switch record.Type {
		case "alert":
			a.events[record.Number] = append(a.events[record.Number], record.Alert.Signature)
		case "flow":
			a.states[max(record.SrcPort, record.DstPort)] = record.TCP.State
		}
	}
	return a
}

// tell is ask for the engine: every flow is its own, as the client's port says.
func tell(t testing.TB, frames []decoders.Frame, cfg Config) answer {
	t.Helper()
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d, err := decoders.NewDecoder(decoders.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	a := answer{events: map[uint64][]string{}, states: map[uint16]string{}}
	flows := map[uint16]*flow.Flow{}
	clients := map[uint16]uint16{} // by the client's port in the talk, that of who opened
	for i := range frames {
		var p decoders.Packet
		d.Decode(&frames[i], &p)
		port, dir := p.SrcPort, decoders.ToServer
		if p.SrcPort == oraclePort {
			port = p.DstPort
		}
		if flows[port] == nil {
			flows[port] = &flow.Flow{}
			clients[port] = p.SrcPort
		}
		f := flows[port]
		if p.SrcPort != clients[port] {
			dir = decoders.ToClient
		}
		v := e.Packet(f, &p, dir)
		if v.Swapped {
			clients[port] = p.SrcPort
			if p.TCPFlags&decoders.TCPAck != 0 {
				clients[port] = p.DstPort
			}
		}
		for _, d := range []decoders.Direction{decoders.ToServer, decoders.ToClient} {
			for c, ok := e.NextApp(f, d); ok; c, ok = e.NextApp(f, d) {
				if c.Gap > 0 {
					v.Events.Add(decoders.StreamEventReassemblySeqGap)
				}
			}
			for _, ok := e.NextRaw(f, d); ok; _, ok = e.NextRaw(f, d) {
			}
		}
		for _, ev := range v.Events.Append(nil) {
			a.events[p.Number] = append(a.events[p.Number], ev.String())
		}
	}
	for port, f := range flows {
		if f.Stream != 0 {
			a.states[port] = e.State(f).String()
		}
	}
	return a
}

const oraclePort = 9

// oraclePolicies gives each policy a server network of its own.
func oraclePolicies() []HostPolicy {
	var list []HostPolicy
	for p := range policyCount {
		if p == PolicyFirst || p == PolicyLast {
			continue // not to be configured in Suricata
		}
		list = append(list, HostPolicy{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, byte(p), 0}), 24), p})
		list = append(list, HostPolicy{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(p), 0}), 24), p})
	}
	return list
}

// eventFloor is how many of the talks must agree in every packet, in per cent.
// Each has up to two faults at random; where Suricata's answer to those is a
// matter of its implementation (numbers of the two sides compared with each
// other, say), it is not followed.
const eventFloor = 90

// stray makes a conversation that goes wrong somewhere: a usual one, some of
// whose packets are lost, repeated, moved or changed.
func stray(r *rand.Rand) []piece {
	ts := r.IntN(3) == 0
	var list []piece
	c, s := int64(0), int64(0)
	tick, echo := uint32(100), uint32(0)
	add := func(p piece) {
		tick += uint32(r.IntN(3))
		if ts {
			p.opts = tsOption(tick, 0)
			if p.from == 's' {
				p.opts = tsOption(tick+7000, echo)
			}
			echo = tick
		}
		list = append(list, p)
	}
	add(piece{from: 'c', flags: "S"})
	switch r.IntN(12) {
	case 0: // four-way
		add(piece{from: 's', flags: "S"})
		add(piece{from: 'c', flags: "SA", ack: 1})
		add(piece{from: 's', flags: "A", seq: 1, ack: 1})
	default:
		add(piece{from: 's', flags: "SA", ack: 1})
		add(piece{from: 'c', flags: "A", seq: 1, ack: 1})
	}
	c, s = 1, 1
	for range r.IntN(5) {
		n := int64(1 + r.IntN(60))
		if r.IntN(2) == 0 {
			add(piece{from: 'c', flags: "PA", seq: c, ack: s, data: strings.Repeat("c", int(n))})
			c += n
			if r.IntN(3) > 0 {
				add(piece{from: 's', flags: "A", seq: s, ack: c})
			}
		} else {
			add(piece{from: 's', flags: "PA", seq: s, ack: c, data: strings.Repeat("s", int(n))})
			s += n
			if r.IntN(3) > 0 {
				add(piece{from: 'c', flags: "A", seq: c, ack: s})
			}
		}
	}
	first, second := byte('c'), byte('s')
	a, b := &c, &s
	if r.IntN(2) == 0 {
		first, second = second, first
		a, b = b, a
	}
	switch r.IntN(6) {
	case 0:
		add(piece{from: first, flags: "R", seq: *a})
	case 1:
		add(piece{from: first, flags: "RA", seq: *a, ack: *b})
	case 2:
		add(piece{from: first, flags: "FA", seq: *a, ack: *b})
		*a++
		add(piece{from: second, flags: "FA", seq: *b, ack: *a})
		*b++
		add(piece{from: first, flags: "A", seq: *a, ack: *b})
	case 3:
		add(piece{from: first, flags: "FA", seq: *a, ack: *b})
		*a++
		add(piece{from: second, flags: "A", seq: *b, ack: *a})
		add(piece{from: second, flags: "FA", seq: *b, ack: *a})
		*b++
		add(piece{from: first, flags: "A", seq: *a, ack: *b})
	case 4: // both at once
		add(piece{from: first, flags: "FA", seq: *a, ack: *b})
		add(piece{from: second, flags: "FA", seq: *b, ack: *a})
		add(piece{from: first, flags: "A", seq: *a + 1, ack: *b + 1})
		add(piece{from: second, flags: "A", seq: *b + 1, ack: *a + 1})
	}
	for range r.IntN(3) {
		i := r.IntN(len(list))
		switch r.IntN(11) {
		case 0:
			list = slices.Delete(list, i, i+1)
		case 1:
			list = slices.Insert(list, r.IntN(len(list)+1), list[i])
		case 2:
			j := r.IntN(len(list))
			list[i], list[j] = list[j], list[i]
		case 3:
			list[i].seq += int64(r.IntN(7) - 3)
		case 4:
			list[i].ack += int64(r.IntN(7) - 3)
		case 5:
			list[i].seq += int64(r.IntN(400000) - 200000)
		case 6:
			list[i].ack += int64(r.IntN(400000) - 200000)
		case 7:
			list[i].flags = []string{"S", "SA", "A", "FA", "R", "RA", "F", "PA", "SF", ""}[r.IntN(10)]
		case 8:
			list[i].win = []int{-1, 1, 100, 3000}[r.IntN(4)]
		case 9:
			list[i].data = strings.Repeat("x", r.IntN(80))
		case 10:
			if list[i].opts != "" {
				list[i].opts = tsOption(uint32(r.IntN(3)*60), 5)
			} else {
				list[i].from ^= 'c' ^ 's'
			}
		}
		if len(list) == 0 {
			break
		}
	}
	return list
}

func TestEventsAndStatesEqualSuricata(t *testing.T) {
	suricata(t)
	const talks = 4000
	for _, mode := range []struct{ midstream, async bool }{{false, false}, {true, false}, {true, true}} {
		t.Run(fmt.Sprintf("midstream %v async %v", mode.midstream, mode.async), func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 7))
			cfg := DefaultConfig()
			cfg.MaxSessions = talks + 16
			cfg.Hosts = oraclePolicies()
			cfg.Midstream, cfg.AsyncOneSide = mode.midstream, mode.async
			var frames []decoders.Frame
			policies := map[uint16]Policy{}
			scripts := map[uint16][]piece{}
			first := map[uint16]uint64{}
			now, number := int64(1_700_000_000e9), uint64(0)
			for i := range talks {
				port := uint16(1000 + i)
				policy := r.IntN(int(policyCount))
				policies[port] = Policy(policy)
				k := newTalk()
				k.client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(policy), 1}), port)
				k.server = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(policy), 2}), oraclePort)
				k.now, k.number = now, number
				scripts[port], first[port] = stray(r), number+1
				for _, s := range scripts[port] {
					frames = append(frames, k.frame(s))
				}
				now, number = k.now, k.number
			}
			want, got := ask(t, frames, &cfg), tell(t, frames, cfg)
			wrong := map[string][]uint16{}
			bad := 0
			for i := range talks {
				port := uint16(1000 + i)
				var diff []string
				for n := range scripts[port] {
					w, g := want.events[first[port]+uint64(n)], got.events[first[port]+uint64(n)]
					slices.Sort(w)
					slices.Sort(g)
					if !slices.Equal(w, g) {
						diff = append(diff, fmt.Sprintf("got %v, want %v", g, w))
						break
					}
				}
				if w, g := want.states[port], got.states[port]; w != g && len(diff) == 0 {
					diff = append(diff, fmt.Sprintf("state %q, want %q", g, w))
				}
				if len(diff) > 0 {
					bad++
					wrong[diff[0]] = append(wrong[diff[0]], port)
				}
			}
			keys := slices.SortedFunc(maps.Keys(wrong), func(a, b string) int { return len(wrong[b]) - len(wrong[a]) })
			for _, k := range keys[:min(len(keys), 12)] {
				port := wrong[k][0]
				byPolicy := map[Policy]int{}
				for _, p := range wrong[k] {
					byPolicy[policies[p]]++
				}
				t.Logf("%d× %s %v", len(wrong[k]), k, byPolicy)
				for n, s := range scripts[port] {
					num := first[port] + uint64(n)
					t.Logf("      %v\t%v | %v", s, got.events[num], want.events[num])
				}
				t.Logf("      state %q, want %q, policy %v", got.states[port], want.states[port], policies[port])
			}
			t.Logf("%d of %d talks agree", talks-bad, talks)
			if good := talks - bad; 100*good < eventFloor*talks {
				t.Errorf("%d of %d talks agree, want %d %%", good, talks, eventFloor)
			}
		})
	}
}

// hostLines writes the policies of hosts as Suricata reads them.
func hostLines(cfg *Config) string {
	byPolicy := map[Policy][]string{}
	for _, h := range cfg.Hosts {
		byPolicy[h.Policy] = append(byPolicy[h.Policy], h.Prefix.String())
	}
	var b strings.Builder
	for p, list := range byPolicy {
		fmt.Fprintf(&b, "  %v: [%s]\n", p, strings.Join(list, ", "))
	}
	return b.String()
}
