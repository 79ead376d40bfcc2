package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spanwatch/decoders"
	dt "spanwatch/decoders/decoderstest"
	"spanwatch/exporter"
	"spanwatch/exporter/event/eventtest"
	"spanwatch/exporter/jsonl"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/config"
	"spanwatch/sensor/overload"
	"spanwatch/signatures"
)

const office = "../../testdata/pcap/office.pcapng"

// shedAll gives up every flow that has a packet.
func shedAll(overload.Signal) overload.Shed { return overload.Shed{Level: 1, ElephantBytes: 1} }

// eveFlow is what tests ask of a flow record.
type eveFlow struct {
	Src     string `json:"src_ip"`
	Dst     string `json:"dest_ip"`
	SrcPort int    `json:"src_port"`
	DstPort int    `json:"dest_port"`
	Proto   string `json:"proto"`
	VLAN    []int  `json:"vlan"`
	App     string `json:"app_proto"`
	Flow    struct {
		PktsTS      int    `json:"pkts_toserver"`
		PktsTC      int    `json:"pkts_toclient"`
		BytesTS     int    `json:"bytes_toserver"`
		BytesTC     int    `json:"bytes_toclient"`
		State       string `json:"state"`
		Bypass      string `json:"bypass"`
		Shed        string `json:"shed"`
		CaptureLoss int    `json:"capture_loss"`
		TSGap       bool   `json:"ts_gap"`
		TCGap       bool   `json:"tc_gap"`
		Bypassed    struct {
			PktsTS  int `json:"pkts_toserver"`
			PktsTC  int `json:"pkts_toclient"`
			BytesTS int `json:"bytes_toserver"`
			BytesTC int `json:"bytes_toclient"`
		} `json:"bypassed"`
	} `json:"flow"`
	TCP struct {
		State string `json:"state"`
		Fin   bool   `json:"fin"`
		TSGap bool   `json:"ts_gap"`
		TCGap bool   `json:"tc_gap"`
	} `json:"tcp"`
	Bandwidth struct {
		PktsTS  int `json:"wire_pkts_toserver"`
		PktsTC  int `json:"wire_pkts_toclient"`
		BytesTS int `json:"wire_bytes_toserver"`
		BytesTC int `json:"wire_bytes_toclient"`
	} `json:"bandwidth"`
}

func (r *replayed) ofType(kind string) (lines []string) {
	for _, line := range r.lines() {
		if strings.Contains(line, `"event_type":"`+kind+`"`) {
			lines = append(lines, line)
		}
	}
	return lines
}

func (r *replayed) flows(t *testing.T) (all []eveFlow) {
	t.Helper()
	for _, line := range r.ofType("flow") {
		var f eveFlow
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

// side is one endpoint of flows with another.
type side struct {
	from, to, proto, vlan string
	fromPort, toPort      int
}

// sentBy sums what each endpoint sent to another, whoever is the client and however
// many flows it was: protocols may turn a flow round, and timeouts depend on
// states.
func sentBy(flows []eveFlow) map[side][4]int {
	sums := map[side][4]int{}
	for _, f := range flows {
		vlan, _ := json.Marshal(f.VLAN)
		there := side{f.Src, f.Dst, f.Proto, string(vlan), f.SrcPort, f.DstPort}
		back := side{f.Dst, f.Src, f.Proto, string(vlan), f.DstPort, f.SrcPort}
		add := func(s side, packets, bytes, wirePackets, wireBytes int) {
			n := sums[s]
			sums[s] = [4]int{n[0] + packets, n[1] + bytes, n[2] + wirePackets, n[3] + wireBytes}
		}
		add(there, f.Flow.PktsTS, f.Flow.BytesTS, f.Bandwidth.PktsTS, f.Bandwidth.BytesTS)
		add(back, f.Flow.PktsTC, f.Flow.BytesTC, f.Bandwidth.PktsTC, f.Bandwidth.BytesTC)
	}
	return sums
}

// accounted checks every equation.
func accounted(t *testing.T, v *View) {
	t.Helper()
	if packets, bytes := v.Balance(); packets != 0 || bytes != 0 {
		t.Errorf("%d packets and %d bytes are unexplained", packets, bytes)
	}
	if packets, bytes := v.InspectionBalance(); packets != 0 || bytes != 0 {
		t.Errorf("%d packets and %d bytes are neither inspected nor shed", packets, bytes)
	}
	if total := v.Traffic.Total; total.Bytes != v.Front.Bytes || total.Packets != v.Front.Frames {
		t.Errorf("the account has %+v, the capture %d frames of %d bytes", total, v.Front.Frames, v.Front.Bytes)
	}
}

func shedPackets(v *View) (sum shedCounters) {
	for r := range v.Work.Shed {
		sum.add(&v.Work.Shed[r])
	}
	return sum
}

// TestNothingIsLostWhenInspectionIsShed: with most of inspection given up, every
// frame and byte is in a flow or refused, flows count what they count otherwise,
// and the same for any number of workers.
func TestNothingIsLostWhenInspectionIsShed(t *testing.T) {
	validator, err := eventtest.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	var total, shed uint64 // bytes
	for _, path := range bundled(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			whole := replay(t, "", nil, path)
			var first *replayed
			for _, workers := range []int{1, 3} {
				r := replayShedding(t, shedAll, "", func(c *config.Config) { c.Workers = workers }, path)
				accounted(t, r.view)
				if first != nil {
					if !bytes.Equal(r.text, first.text) {
						diffLines(t, workers, first.lines(), r.lines())
					}
					continue
				}
				first = r
				for _, line := range r.lines() {
					if err := validator.Validate([]byte(line)); err != nil {
						t.Errorf("%v\n%s", err, line)
					}
				}
				flows := r.flows(t)
				if want, got := sentBy(whole.flows(t)), sentBy(flows); !maps.Equal(want, got) {
					for s, n := range want {
						if got[s] != n {
							t.Errorf("%+v sent %v, without shedding %v", s, got[s], n)
						}
					}
				}
				for _, f := range flows {
					b := f.Flow.Bypassed
					all, only := f.Bandwidth.PktsTS+f.Bandwidth.PktsTC, b.PktsTS+b.PktsTC
					if f.Flow.Shed != "elephant" || f.Flow.Bypass != "local" || f.Flow.State != "bypassed" || only < all-1-datagram(all) || only >= all ||
						b.BytesTS > f.Bandwidth.BytesTS || b.BytesTC > f.Bandwidth.BytesTC {
						t.Errorf("record %+v", f)
					}
				}
				total += r.view.Work.Flow.WireBytes
				shed += shedPackets(r.view).Bytes
			}
		})
	}
	if shed*10 < total*9 {
		t.Errorf("only %d of %d bytes were shed: less than 90 %%", shed, total)
	}
	t.Logf("%d of %d bytes were counted only", shed, total)
}

// datagram allows for a first packet that came in fragments.
func datagram(packets int) int { return max(0, packets-1) }

// TestASmallFlowIsInspectedWhateverIsShed: alerts and transactions of flows below
// the threshold are those of a sensor that sheds nothing.
func TestASmallFlowIsInspectedWhateverIsShed(t *testing.T) {
	const rules = `alert dns any any -> any any (dns.query; content:"."; sid:1;)`
	whole := replay(t, rules, nil, office)
	r := replayShedding(t, func(overload.Signal) overload.Shed { return overload.Shed{Level: 3, ElephantBytes: 32 << 10} }, rules, nil, office)
	accounted(t, r.view)
	if n := shedPackets(r.view); n.Flows == 0 || n.Packets == 0 {
		t.Fatal("nothing was shed: the test shows nothing")
	}
	for _, kind := range []string{"alert", "dns"} {
		want, got := whole.ofType(kind), r.ofType(kind)
		if len(want) == 0 || len(got) != len(want) {
			t.Errorf("%d %s events, want %d", len(got), kind, len(want))
		}
	}
	for _, f := range r.flows(t) {
		if size := f.Bandwidth.BytesTS + f.Bandwidth.BytesTC; f.Flow.Shed == "elephant" && size < 32<<10 {
			t.Errorf("a flow of %d bytes was shed", size)
		}
	}
}

// TestTheEndOfAShedFlowIsSeen: the session's state goes on, and with it the
// record's.
func TestTheEndOfAShedFlowIsSeen(t *testing.T) {
	closed := func(flows []eveFlow) (n int) {
		for _, f := range flows {
			if f.TCP.State == "closed" && f.TCP.Fin {
				n++
			}
		}
		return n
	}
	want := closed(replay(t, "", nil, office).flows(t))
	if got := closed(replayShedding(t, shedAll, "", nil, office).flows(t)); got != want || want == 0 {
		t.Errorf("%d sessions were seen to close, want %d", got, want)
	}
}

func TestABypassRuleShedsItsFlow(t *testing.T) {
	const rules = `alert tls any any -> any any (tls.sni; content:"."; bypass; sid:1;)`
	r := replay(t, rules, nil, office)
	accounted(t, r.view)
	alerts, n := 0, 0
	for _, f := range r.flows(t) {
		if f.Flow.Shed == "rule" {
			n++
			if f.App != "tls" || f.Flow.State != "bypassed" || f.Flow.Bypassed.PktsTC == 0 {
				t.Errorf("record %+v", f)
			}
		}
	}
	if alerts = len(r.ofType("alert")); n == 0 || alerts != n || r.view.Work.Shed[shedRule].Flows != uint64(n) {
		t.Errorf("%d alerts, %d flows shed, %d counted", alerts, n, r.view.Work.Shed[shedRule].Flows)
	}
}

// TestEncryptedSessionsAreShedOnlyWhenAsked: by configuration, or while the sensor
// cannot keep up; their records are there all the same.
func TestEncryptedSessionsAreShedOnlyWhenAsked(t *testing.T) {
	whole := replay(t, "", nil, office)
	want := len(whole.ofType("tls"))
	behind := func(overload.Signal) overload.Shed { return overload.Shed{Level: 1, ElephantBytes: 1 << 40} }
	for _, tt := range []struct {
		name     string
		handling string
		policy   func(overload.Signal) overload.Shed
		shed     bool
	}{
		{"track-only", "track-only", nil, false}, {"full", "full", nil, false},
		{"bypass", "bypass", nil, true}, {"overload", "track-only", behind, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := replayShedding(t, tt.policy, "", func(c *config.Config) { c.App.TLS.EncryptionHandling = tt.handling }, office)
			accounted(t, r.view)
			if n := len(r.ofType("tls")); n != want || n == 0 {
				t.Errorf("%d records of sessions, want %d", n, want)
			}
			if n := r.view.Work.Shed[shedEncrypted]; (n.Flows > 0) != tt.shed || (n.Packets > 0) != tt.shed {
				t.Errorf("shed %+v", n)
			}
			if !maps.Equal(sentBy(r.flows(t)), sentBy(whole.flows(t))) {
				t.Error("flows count something else")
			}
		})
	}
}

func TestFlowsBeyondTheirDepthAreShedWhenAsked(t *testing.T) {
	whole := replay(t, "", nil, office)
	for _, bypass := range []bool{false, true} {
		r := replay(t, "", func(c *config.Config) { c.Stream.Depth, c.Stream.Bypass = 200, bypass }, office)
		accounted(t, r.view)
		if n := r.view.Work.Shed[shedDepth]; (n.Flows > 0) != bypass || (n.Packets > 0) != bypass {
			t.Errorf("bypass %v: shed %+v", bypass, n)
		}
		if !maps.Equal(sentBy(r.flows(t)), sentBy(whole.flows(t))) {
			t.Error("flows count something else")
		}
	}
}

// TestOverloadIsToldWhenItBeginsAndEnds uses a policy that sheds for a while.
func TestOverloadIsToldWhenItBeginsAndEnds(t *testing.T) {
	batch := 0
	r := replayShedding(t, func(s overload.Signal) overload.Shed {
		if batch++; batch >= 3 && batch < 8 {
			return overload.Shed{Level: uint8(batch - 2), ElephantBytes: 1}
		}
		return overload.Shed{}
	}, "", nil, office)
	accounted(t, r.view)
	type told struct {
		Overload struct {
			State    string
			Level    int
			Duration int `json:"duration_ms"`
			Shed     struct{ Flows, Pkts, Bytes uint64 }
		}
	}
	var all []told
	for _, line := range r.ofType("overload") {
		var e told
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	if len(all) != 2 || all[0].Overload.State != "start" || all[1].Overload.State != "end" {
		t.Fatalf("told %+v", all)
	}
	end := all[1].Overload
	// Flows that were shed stay so: more is shed after the end.
	n := shedPackets(r.view)
	if end.Level != 5 || end.Duration <= 0 || end.Shed.Flows != n.Flows || end.Shed.Pkts == 0 || end.Shed.Pkts > n.Packets {
		t.Errorf("told %+v, shed %+v", end, n)
	}
	if r.view.Overloads != 1 || r.view.Overload[0] != 0 {
		t.Errorf("%d beginnings, level %v at the end", r.view.Overloads, r.view.Overload)
	}
}

func TestReplayShedsNothingByItself(t *testing.T) {
	r := replay(t, "", func(c *config.Config) {
		c.Overload.StartFill, c.Overload.StopFill, c.Overload.StartLag, c.Overload.StopLag = 2, 1, 2, 1
	}, office)
	if n := shedPackets(r.view); n != (shedCounters{}) {
		t.Errorf("shed %+v", n)
	}
}

// lossy is a live source whose kernel loses frames.
type lossy struct {
	batches [][]decoders.Frame
	lost    []uint64 // as of each batch
	at      int
	closed  chan struct{}
}

func (l *lossy) Next(b *capture.Batch) error {
	b.Frames = b.Frames[:0]
	if l.at == len(l.batches) {
		<-l.closed
		return capture.ErrClosed
	}
	b.Frames = append(b.Frames, l.batches[l.at]...)
	l.at++
	if l.at == len(l.batches) {
		close(l.closed)
	}
	return nil
}

func (l *lossy) Load() capture.Load {
	return capture.Load{Lost: l.lost[min(l.at, len(l.lost))-1]}
}
func (l *lossy) Stats() capture.Stats { return capture.Stats{} }
func (l *lossy) Close() error         { return nil }

// TestRecordsAndAlertsSayWhatCaptureLostMeanwhile: a flow has the losses of its
// own life, not those before it.
func TestRecordsAndAlertsSayWhatCaptureLostMeanwhile(t *testing.T) {
	frame := func(flow uint16, number uint64) decoders.Frame {
		data := dt.Build(dt.Ether{}, dt.IP4{}, dt.UDP{Src: flow, Dst: 9}, dt.Bytes("abc"))
		return decoders.Frame{Data: data, WireLen: uint32(len(data)), Timestamp: time.Now().UnixNano(), Number: number, Link: decoders.LinkEthernet}
	}
	source := &lossy{
		batches: [][]decoders.Frame{{frame(1, 1)}, {frame(1, 2), frame(2, 3)}, {frame(2, 4), frame(3, 5)}},
		lost:    []uint64{0, 10, 15}, closed: make(chan struct{}),
	}
	ruleset, report := signatures.Load([]signatures.Source{{Name: "test.rules", Text: []byte(`alert udp any 1:2 -> any 9 (sid:1; content:"abc"; threshold:type limit, track by_src, count 100, seconds 60;)`)}}, signatures.Options{})
	if report.Failed > 0 {
		t.Fatal(errors.Join(report.Failures[0]))
	}
	var out bytes.Buffer
	p, err := New(Options{
		Config: config.Default(), Sources: []capture.Source{source}, Ruleset: ruleset, Rules: report, Run: "test",
		Outlets: []*exporter.Outlet{exporter.NewOutlet(jsonl.NewStream("test", &out), exporter.Config{Block: true})},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(context.Background()); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	r := &replayed{text: out.Bytes(), view: p.State.View()}
	want := map[int]int{1: 15, 2: 5, 3: 0}
	for _, f := range r.flows(t) {
		if f.Flow.CaptureLoss != want[f.SrcPort] {
			t.Errorf("flow %d says that %d frames were lost, want %d", f.SrcPort, f.Flow.CaptureLoss, want[f.SrcPort])
		}
		delete(want, f.SrcPort)
	}
	if len(want) > 0 {
		t.Errorf("no records of %v", want)
	}
	var losses []int
	for _, line := range r.ofType("alert") {
		var a eveFlow
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		losses = append(losses, a.SrcPort*100+a.Flow.CaptureLoss)
	}
	if len(losses) != 4 || cmp.Compare(losses[0], 100) != 0 || losses[1] != 110 || losses[2] != 200 || losses[3] != 205 {
		t.Errorf("alerts say %v", losses)
	}
}
