package flow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spanwatch/decoders"
	"spanwatch/decoders/defrag"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/flow"
)

// conformanceFloor is the share of cases, in per cent, whose flows must equal
// Suricata's.
const conformanceFloor = 95

// sharedFolder finds the read-only material beside the checkout.
func sharedFolder(t testing.TB, part string) string {
	root := os.Getenv("SPANWATCH_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(root, part)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no %s: set SPANWATCH_SHARED to the folder that has it", path)
	}
	return path
}

// expectedFlow is a flow record of expected.json.
type expectedFlow struct {
	Proto    string `json:"proto"`
	Src      string `json:"src_ip"`
	SrcPort  uint16 `json:"src_port"`
	Dst      string `json:"dest_ip"`
	DstPort  uint16 `json:"dest_port"`
	PktsTS   uint64 `json:"pkts_toserver"`
	PktsTC   uint64 `json:"pkts_toclient"`
	BytesTS  uint64 `json:"bytes_toserver"`
	BytesTC  uint64 `json:"bytes_toclient"`
	State    string `json:"state"`
	Reason   string `json:"reason"`
	AppProto string `json:"app_proto"`
	Start    string `json:"start"`
	End      string `json:"end"`
}

// record is what tier F compares.
type record struct {
	proto            string
	src, dst         netip.AddrPort
	pktsTS, pktsTC   uint64
	bytesTS, bytesTC uint64
	state, reason    string
	start, end       string
}

func (r record) at(start string) record {
	r.start = start
	return r
}

func (r record) counted() record {
	r.state, r.reason, r.start, r.end = "", "", "", ""
	return r
}

func (r record) String() string {
	return fmt.Sprintf("%s %v>%v %d/%d pkts %d/%d bytes %s %s %s..%s", r.proto, r.src, r.dst, r.pktsTS, r.pktsTC, r.bytesTS, r.bytesTC, r.state, r.reason, r.start, r.end)
}

const eveTime = "2006-01-02T15:04:05.000000-0700"

func (e *expectedFlow) record() record {
	addr := func(s string, port uint16) netip.AddrPort {
		ip, _ := netip.ParseAddr(s)
		return netip.AddrPortFrom(ip, port)
	}
	return record{proto: e.Proto, src: addr(e.Src, e.SrcPort), dst: addr(e.Dst, e.DstPort),
		pktsTS: e.PktsTS, pktsTC: e.PktsTC, bytesTS: e.BytesTS, bytesTC: e.BytesTC,
		state: e.State, reason: e.Reason, start: e.Start, end: e.End}
}

var protoNames = map[uint8]string{1: "ICMP", 6: "TCP", 17: "UDP", 58: "IPv6-ICMP", 132: "SCTP", 50: "ESP"}

func recordOf(f *flow.Flow, why flow.EndReason) record {
	client, cport := f.Client()
	server, sport := f.Server()
	if f.Key.Proto == 1 || f.Key.Proto == 58 {
		cport, sport = 0, 0
	}
	stamp := func(ns int64) string { return time.Unix(0, ns).UTC().Format(eveTime) }
	return record{proto: protoNames[f.Key.Proto],
		src:    netip.AddrPortFrom(client.Netip(f.Key.IPVersion), cport),
		dst:    netip.AddrPortFrom(server.Netip(f.Key.IPVersion), sport),
		pktsTS: f.Packets[decoders.ToServer], pktsTC: f.Packets[decoders.ToClient],
		bytesTS: f.Bytes[decoders.ToServer], bytesTC: f.Bytes[decoders.ToClient],
		state: f.State.String(), reason: why.String(), start: stamp(f.FirstSeen), end: stamp(f.LastSeen)}
}

// replay runs a capture through decoders, defrag and tables, dealing packets
// to them by ShardHash.
type replay struct {
	ended   func(*flow.Table, *flow.Flow) // may be nil
	decoder *decoders.Decoder
	defrag  *defrag.Table
	tables  []*flow.Table
	swap    func(*decoders.Packet, *flow.Flow) bool // the packet shows that the server spoke first
	now     int64
}

func newReplay(t testing.TB, cfg flow.Config, shards int, decode decoders.Config) *replay {
	t.Helper()
	d, err := decoders.NewDecoder(decode)
	if err != nil {
		t.Fatal(err)
	}
	fragments, err := defrag.New(defrag.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	r := &replay{decoder: d, defrag: fragments, now: -1 << 63}
	for range shards {
		var table *flow.Table
		cfg := cfg
		if cfg.OnEnd == nil {
			cfg.OnEnd = func(f *flow.Flow, _ flow.EndReason) {
				if r.ended != nil {
					r.ended(table, f)
				}
			}
		}
		if table, err = flow.New(cfg); err != nil {
			t.Fatal(err)
		}
		r.tables = append(r.tables, table)
	}
	return r
}

func (r *replay) run(t testing.TB, path string) {
	t.Helper()
	source, err := capture.OpenFiles(capture.Options{Paths: []string{path}})
	var unsupported *capture.UnsupportedLinkError
	if errors.As(err, &unsupported) {
		return // no flows, which the comparison will tell
	}
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	var batch capture.Batch
	for {
		err := source.Next(&batch)
		for i := range batch.Frames {
			f := &batch.Frames[i]
			r.now = max(r.now, f.Timestamp)
			var p decoders.Packet
			r.decoder.Decode(f, &p)
			r.packet(&p)
		}
		for _, table := range r.tables {
			table.Advance(r.now)
		}
		if err != nil {
			if corrupt := (*capture.CorruptError)(nil); !errors.Is(err, io.EOF) && !errors.As(err, &corrupt) {
				t.Errorf("%s: %v", path, err)
			}
			return
		}
	}
}

// packet deals a packet to its table and goes on with what it carries.
func (r *replay) packet(p *decoders.Packet) {
	var next decoders.Packet
	if p.Refused == decoders.ReasonFragment {
		if datagram, result := r.defrag.Add(p); result.Status == defrag.Completed {
			r.decoder.DecodeRebuilt(datagram.Bytes, p, &next)
			if int(next.WireLen) == len(datagram.Bytes) {
				next.WireLen += p.IPOffset // Suricata counts the link header of the last fragment too
			}
			r.update(&next, datagram.Fragments, datagram.WireBytes)
		}
		return
	}
	r.update(p, 0, 0)
}

func (r *replay) update(p *decoders.Packet, fragments uint32, wireBytes uint64) {
	table := r.tables[flow.ShardHash(p, 0)%uint64(len(r.tables))]
	f, dir := table.Update(p)
	if f != nil && r.swap != nil && r.swap(p, f) {
		table.Swap(f)
		dir = dir.Opposite()
	}
	if f != nil && fragments != 0 {
		table.AddFragments(f, dir, fragments, wireBytes)
	}
	if p.Inner != decoders.TunnelNone {
		var inner decoders.Packet
		r.decoder.DecodeInner(p, &inner)
		r.packet(&inner)
	}
}

func (r *replay) close() {
	for _, table := range r.tables {
		table.Close()
	}
}

// dnsAnswerFirst stands in for protocol detection: DNS is recognised at the
// response too, and then its sender is the server.
func dnsAnswerFirst(p *decoders.Packet, f *flow.Flow) bool {
	return f.Packets[0]+f.Packets[1] == 1 && p.Layers.Has(decoders.LayerUDP) && p.PayloadLen >= 12 &&
		p.SrcPort == 53 && p.DstPort != 53 && p.Payload()[2]&0x80 != 0
}

type conformanceCase struct {
	FlowsStable *bool          `json:"flows_stable"`
	Flows       []expectedFlow `json:"flows"`
	Categories  []string       `json:"categories"`
}

type caseVars struct {
	Options   map[string]any `json:"options"`
	Checksums string         `json:"checksum_checks"`
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

func replayCase(t testing.TB, dir string) []record {
	inputs, _ := filepath.Glob(filepath.Join(dir, "input.pcap*"))
	if len(inputs) == 0 {
		return nil
	}
	var vars caseVars
	if _, err := os.Stat(filepath.Join(dir, "vars.json")); err == nil {
		readJSON(t, filepath.Join(dir, "vars.json"), &vars)
	}
	var got []record
	cfg := flow.DefaultConfig()
	cfg.MaxFlows = 4096
	cfg.Midstream = vars.Options["stream.midstream"] == "true"
	cfg.AsyncOneSide = vars.Options["stream.async-oneside"] == "true"
	cfg.OnEnd = func(f *flow.Flow, why flow.EndReason) {
		if !f.Generic() {
			got = append(got, recordOf(f, why))
		}
	}
	decode := decoders.DefaultConfig()
	if vars.Checksums != "" {
		decode.Checksums = decoders.ChecksumsOn
	}
	r := newReplay(t, cfg, 1, decode)
	r.swap = dnsAnswerFirst
	r.run(t, inputs[0])
	r.close()
	return got
}

// TestFlowsEqualSuricata compares the flows of every conformance case as tier
// F of its score does: five-tuple, packets and bytes of each direction. State
// and reason are compared for the flows that agree.
func TestFlowsEqualSuricata(t *testing.T) {
	dev := sharedFolder(t, filepath.Join("conformance", "dev"))
	names, err := filepath.Glob(filepath.Join(dev, "*", "expected.json"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases in %s", dev)
	}
	var cases, good, flows int
	var same [3]int
	differences := map[string]string{} // what differs: cases
	for _, name := range names {
		var want conformanceCase
		readJSON(t, name, &want)
		if want.FlowsStable != nil && !*want.FlowsStable {
			continue
		}
		cases++
		dir := filepath.Dir(name)
		got := replayCase(t, dir)
		diff := map[record]int{}
		wanted := map[record]record{} // by numbers and start
		for i := range want.Flows {
			w := want.Flows[i].record()
			diff[w.counted()]++
			wanted[w.counted().at(w.start)] = w
		}
		for _, g := range got {
			diff[g.counted()]--
			w, ok := wanted[g.counted().at(g.start)]
			if !ok {
				continue
			}
			flows++
			for i, pair := range [][2]string{{w.state, g.state}, {w.reason, g.reason}, {w.end, g.end}} {
				if pair[0] == pair[1] {
					same[i]++
				} else if i != 2 {
					differences[fmt.Sprintf("%s %s, want %s", w.proto, pair[1], pair[0])] += " " + filepath.Base(dir)
				}
			}
		}
		maps.DeleteFunc(diff, func(_ record, n int) bool { return n == 0 })
		if len(diff) == 0 {
			good++
			continue
		}
		var lines []string
		for r, n := range diff {
			verb := "missing"
			if n < 0 {
				verb = "extra"
			}
			lines = append(lines, fmt.Sprintf("  %s %s", verb, r))
		}
		slices.Sort(lines)
		t.Logf("%s %v: %d of %d flows\n%s", filepath.Base(dir), want.Categories, len(got), len(want.Flows), strings.Join(lines[:min(4, len(lines))], "\n"))
	}
	for _, what := range slices.Sorted(maps.Keys(differences)) {
		where := strings.Fields(differences[what])
		t.Logf("%4d flows: %s: %v", len(where), what, slices.Compact(where)[:min(4, len(slices.Compact(where)))])
	}
	t.Logf("%d of %d cases agree (%.1f %%); of %d flows that agree in numbers and start, %d agree in state, %d in reason, %d in end",
		good, cases, 100*float64(good)/float64(cases), flows, same[0], same[1], same[2])
	if cases == 0 || 100*good < conformanceFloor*cases {
		t.Errorf("%d of %d cases agree, want %d %%", good, cases, conformanceFloor)
	}
}
