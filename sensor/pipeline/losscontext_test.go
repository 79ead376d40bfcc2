package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"spanwatch/decoders"
	dt "spanwatch/decoders/decoderstest"
	"spanwatch/exporter"
	"spanwatch/exporter/jsonl"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/config"
	"spanwatch/signatures"
)

// tcpTalk makes the frames of one session. Numbers count from the first byte of
// each side.
type tcpTalk struct {
	port   uint16 // of the client; the server's is 80
	frames *[]decoders.Frame
}

func (c tcpTalk) say(fromClient bool, flags uint8, seq, ack uint32, data string) {
	const client, server = 1000, 5000 // initial numbers
	l := dt.TCP{Src: c.port, Dst: 80, Seq: client + seq, Ack: server + ack, Flags: flags}
	ip := dt.IP4{Src: "10.0.0.1", Dst: "10.0.0.2"}
	if !fromClient {
		l.Src, l.Dst, l.Seq, l.Ack = l.Dst, l.Src, server+seq, client+ack
		ip.Src, ip.Dst = ip.Dst, ip.Src
	}
	if flags&decoders.TCPAck == 0 {
		l.Ack = 0
	}
	b := dt.Build(dt.Ether{}, ip, l, dt.Bytes(data))
	n := uint64(len(*c.frames) + 1)
	*c.frames = append(*c.frames, decoders.Frame{Data: b, WireLen: uint32(len(b)), Timestamp: 1e18 + int64(n)*1e6, Number: n, Link: decoders.LinkEthernet})
}

func (c tcpTalk) open() {
	c.say(true, decoders.TCPSyn, 0, 0, "")
	c.say(false, decoders.TCPSyn|decoders.TCPAck, 0, 1, "")
	c.say(true, decoders.TCPAck, 1, 1, "")
}

func (c tcpTalk) send(seq uint32, data string) {
	c.say(true, decoders.TCPAck|decoders.TCPPsh, seq, 1, data)
}
func (c tcpTalk) answer(ack uint32) { c.say(false, decoders.TCPAck, 1, ack, "") }
func (c tcpTalk) reply(seq, ack uint32, s string) {
	c.say(false, decoders.TCPAck|decoders.TCPPsh, seq, ack, s)
}

// TestWhatInspectionMissedStandsInRecordsAlertsAndStats: bytes that a stream lacks
// are told of in the flow's record, in alerts from then on, and in the counters;
// whether the capture did not bring them or there was no room to keep them.
func TestWhatInspectionMissedStandsInRecordsAlertsAndStats(t *testing.T) {
	const request = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
	cases := []struct {
		name    string
		memory  int // of streams; 0 is enough
		talk    func(c, other tcpTalk)
		ts, tc  bool     // of the flow of c
		counted []string // stats.tcp members that are not 0
	}{
		{name: "nothing", talk: func(c, _ tcpTalk) {
			c.send(1, request)
			c.answer(1 + uint32(len(request)))
			c.send(1+uint32(len(request)), "END")
		}},
		{name: "a segment of the server, in HTTP", tc: true, counted: []string{"reassembly_gap", "reassembly_gap_bytes"}, talk: func(c, _ tcpTalk) {
			n := 1 + uint32(len(request))
			const head = "HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n"
			c.send(1, request)
			c.reply(1, n, head)
			at := 1 + uint32(len(head))
			c.reply(at+100, n, strings.Repeat("x", 200))
			c.say(true, decoders.TCPAck, n, at+300, "")
			c.send(n, "END")
		}},
		{name: "a segment of the client, of no protocol", ts: true, talk: func(c, _ tcpTalk) {
			c.send(1, strings.Repeat("\x01", 3000))
			c.answer(3001)
			c.reply(1, 3001, strings.Repeat("\x02", 3000))
			c.say(true, decoders.TCPAck, 3001, 3001, "")
			c.send(3101, strings.Repeat("\x01", 3000))
			c.say(false, decoders.TCPAck, 3001, 6101, "")
			c.say(true, decoders.TCPAck|decoders.TCPPsh, 6101, 3001, "END")
		}},
		{name: "the memory that another session took", memory: 256, ts: true,
			counted: []string{"reassembly_evicted", "reassembly_left_out_bytes"}, talk: func(c, other tcpTalk) {
				c.send(1, "waits")
				other.open()
				other.send(1, "waits too")
				c.send(6, "END")
			}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			var frames []decoders.Frame
			c := tcpTalk{4000, &frames}
			c.open()
			test.talk(c, tcpTalk{4001, &frames})
			r := runLive(t, `alert tcp any 4000 -> any 80 (flow:to_server; dsize:3; content:"END"; sid:1;)`, frames, func(cfg *config.Config) {
				if test.memory > 0 {
					cfg.Stream.Memory = config.ByteSize(test.memory)
				}
			})
			found := 0
			for _, f := range r.flows(t) {
				if f.SrcPort == 4000 {
					found++
					if f.TCP.TSGap != test.ts || f.TCP.TCGap != test.tc {
						t.Errorf("the record says gaps %v and %v, want %v and %v", f.TCP.TSGap, f.TCP.TCGap, test.ts, test.tc)
					}
				}
			}
			if alerts := r.ofType("alert"); found != 1 || len(alerts) != 1 {
				t.Fatalf("%d records and %d alerts, want 1 and 1", found, len(alerts))
			} else {
				var a eveFlow
				if err := json.Unmarshal([]byte(alerts[0]), &a); err != nil {
					t.Fatal(err)
				}
				if a.Flow.TSGap != test.ts || a.Flow.TCGap != test.tc {
					t.Errorf("the alert says gaps %v and %v, want %v and %v", a.Flow.TSGap, a.Flow.TCGap, test.ts, test.tc)
				}
			}
			tcp := r.lastStats(t).TCP
			for _, name := range []string{"reassembly_gap", "reassembly_gap_bytes", "reassembly_evicted", "reassembly_left_out_bytes"} {
				want := false
				for _, n := range test.counted {
					want = want || n == name
				}
				if (tcp[name] > 0) != want {
					t.Errorf("stats.tcp.%s is %d", name, tcp[name])
				}
			}
		})
	}
}

// statsOf is what tests ask of a stats event.
type statsOf struct {
	TCP    map[string]int64 `json:"tcp"`
	Stream map[string]int64 `json:"stream"`
	Memcap map[string]int64 `json:"memcap"`
	Flow   struct {
		Memory int64 `json:"memuse"`
		End    struct {
			State     map[string]int64 `json:"state"`
			TCPState  map[string]int64 `json:"tcp_state"`
			NoSession int64            `json:"tcp_no_session"`
		} `json:"end"`
	} `json:"flow"`
	Detect struct {
		Suppressed uint64 `json:"alerts_suppressed"`
		Engines    []struct {
			LastReload string `json:"last_reload"`
			Loaded     int    `json:"rules_loaded"`
			Failed     int    `json:"rules_failed"`
		} `json:"engines"`
	} `json:"detect"`
}

func (r *replayed) lastStats(t *testing.T) *statsOf {
	t.Helper()
	lines := r.ofType("stats")
	if len(lines) == 0 {
		t.Fatal("no stats event")
	}
	var e struct{ Stats statsOf }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &e); err != nil {
		t.Fatal(err)
	}
	return &e.Stats
}

// runLive is replay for a device that brings frames, one in each batch.
func runLive(t *testing.T, rules string, frames []decoders.Frame, edit func(*config.Config)) *replayed {
	t.Helper()
	cfg := config.Default()
	if edit != nil {
		edit(cfg)
	}
	source := &lossy{lost: []uint64{0}, closed: make(chan struct{})}
	for i := range frames {
		source.batches = append(source.batches, frames[i:i+1])
	}
	ruleset, report := signatures.Load([]signatures.Source{{Name: "test.rules", Text: []byte(rules)}}, signatures.Options{})
	for _, f := range report.Failures {
		t.Fatal(f)
	}
	var out bytes.Buffer
	p, err := New(Options{
		Config: cfg, Sources: []capture.Source{source}, Ruleset: ruleset, Rules: report, Run: "test",
		Outlets: []*exporter.Outlet{exporter.NewOutlet(jsonl.NewStream("test", &out), exporter.Config{Block: true})},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return &replayed{text: out.Bytes(), view: p.State.View()}
}

// TestStatsSayHowFlowsEndedAndWhichRulesAreInUse uses a day of an office.
func TestStatsSayHowFlowsEndedAndWhichRulesAreInUse(t *testing.T) {
	r := replay(t, `alert tcp any any -> any any (sid:1;)`, nil, office)
	s := r.lastStats(t)
	states, sessions := map[string]int64{}, map[string]int64{}
	for _, f := range r.flows(t) {
		states[f.Flow.State]++
		if f.Proto == "TCP" {
			sessions[f.TCP.State]++
		}
	}
	for _, state := range []string{"new", "established", "closed"} {
		if s.Flow.End.State[state] != states[state] || states[state] == 0 {
			t.Errorf("%d flows ended %s, records say %d", s.Flow.End.State[state], state, states[state])
		}
	}
	for state, n := range s.Flow.End.TCPState {
		if n != sessions[state] {
			t.Errorf("%d sessions ended %s, records say %d", n, state, sessions[state])
		}
	}
	if s.Flow.End.NoSession != sessions["none"] {
		t.Errorf("%d flows without session, records say %d", s.Flow.End.NoSession, sessions["none"])
	}
	if e := s.Detect.Engines; len(e) != 1 || e[0].Loaded != 1 || e[0].Failed != 0 || e[0].LastReload == "" {
		t.Errorf("engines %+v", e)
	}
	if s.Memcap != nil || s.Flow.Memory != 0 {
		t.Errorf("a replay that has ended is %v full, its flows take %d bytes", s.Memcap, s.Flow.Memory)
	}
}

func TestALiveSensorSaysHowFullItIs(t *testing.T) {
	var frames []decoders.Frame
	for port := range uint16(40) {
		tcpTalk{4000 + port, &frames}.open()
	}
	r := runLive(t, "", frames, func(c *config.Config) { c.Flow.MaxFlows = 80 })
	if full := r.lastStats(t).Memcap; full["pressure"] != 0 || full["pressure_max"] != 50 {
		t.Errorf("40 of 80 flows, none at the end: %v", full)
	}
	if f := r.view.Work.Flow.Fullness; f != 0 {
		t.Errorf("no flow is left, and the table is %v full", f)
	}
}

// TestMatchesThatBecomeNoAlertAreCounted: as suppressed, whatever the reason, in
// the stats event and for metrics alike.
func TestMatchesThatBecomeNoAlertAreCounted(t *testing.T) {
	var frames []decoders.Frame
	c := tcpTalk{4000, &frames}
	c.open()
	c.send(1, "abc")
	for rules, want := range map[string]uint64{
		`alert tcp any any -> any 80 (content:"abc"; noalert; sid:1;)`:                                                1,
		`alert tcp any any -> any 80 (flags:S; threshold:type threshold, track by_src, count 2, seconds 60; sid:1;)`:  1,
		`alert tcp any any -> any 80 (flags:S; threshold:type threshold, track by_flow, count 2, seconds 60; sid:1;)`: 1,
		`pass tcp any any -> any 80 (content:"abc"; sid:1;)`:                                                          0,
		`alert tcp any any -> any 80 (content:"abc"; sid:1;)`:                                                         0,
	} {
		r := runLive(t, rules, frames, nil)
		if s := r.lastStats(t); s.Detect.Suppressed != want || r.view.Suppressed() != want {
			t.Errorf("%d and %d suppressed, want %d of %s", s.Detect.Suppressed, r.view.Suppressed(), want, rules)
		}
	}
}
