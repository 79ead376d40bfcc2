package signatures

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/registry"
	"spanwatch/decoders/decoderstest"
	"spanwatch/signatures/rule"
	"spanwatch/signatures/ruleconf"
)

type adhocFlow struct {
	st     FlowState
	client netip.AddrPort
	est    bool
	tcp    int
	app    app.Proto
	state  app.State
	pk, by [2]uint64
	start  int64
	sides  app.Sides
	dead   bool
}

func TestAdhocConformance(t *testing.T) {
	dirs, _ := filepath.Glob(filepath.Join(shared(t), "conformance/dev/*"))
	ok, bad, skip := 0, 0, 0
	for _, dir := range dirs {
		name := filepath.Base(dir)
		vars := rule.DefaultVars()
		var opts Options
		if vj, err := os.ReadFile(filepath.Join(dir, "vars.json")); err == nil {
			var v struct{ Options map[string]any }
			json.Unmarshal(vj, &v)
			for k, x := range v.Options {
				xs := fmt.Sprint(x)
				if n, ok := strings.CutPrefix(k, "vars.address-groups."); ok {
					vars.Addresses[n] = xs
				} else if n, ok := strings.CutPrefix(k, "vars.port-groups."); ok {
					vars.Ports[n] = xs
				}
			}
			opts.Vars = vars
		}
		text, err := os.ReadFile(filepath.Join(dir, "test.rules"))
		if err != nil {
			skip++
			continue
		}
		if tc, err := os.ReadFile(filepath.Join(dir, "threshold.config")); err == nil {
			opts.Thresholds, _ = ruleconf.ParseThresholds("t", tc, vars)
		}
		rs, rep := Load([]Source{{Name: "test.rules", Text: text}}, opts)
		if rep.Loaded == 0 {
			skip++
			continue
		}
		var exp struct {
			AlertCounts   map[string]int `json:"alert_counts"`
			OldRuleErrors int            `json:"old_rule_errors"`
		}
		b, _ := os.ReadFile(filepath.Join(dir, "expected.json"))
		if err := json.Unmarshal(b, &exp); err != nil {
			t.Fatal(err)
		}
		in, _ := filepath.Glob(filepath.Join(dir, "input.pcap*"))
		frames, _ := decoderstest.ReadFile(in[0], 0)
		got := adhocRun(t, rs, frames)
		loaded := map[string]bool{}
		for _, s := range rs.Signatures() {
			loaded[fmt.Sprint(s.Sid())] = true
		}
		for sid := range exp.AlertCounts {
			if !loaded[sid] {
				delete(exp.AlertCounts, sid)
			}
		}
		if maps.Equal(got, exp.AlertCounts) {
			ok++
			continue
		}
		bad++
		var d []string
		for sid := range exp.AlertCounts {
			if got[sid] != exp.AlertCounts[sid] {
				d = append(d, fmt.Sprintf("%s want %d got %d", sid, exp.AlertCounts[sid], got[sid]))
			}
		}
		for sid := range got {
			if _, have := exp.AlertCounts[sid]; !have {
				d = append(d, fmt.Sprintf("%s want 0 got %d", sid, got[sid]))
			}
		}
		slices.Sort(d)
		if len(d) > 6 {
			d = append(d[:6], "…")
		}
		fmt.Printf("%-50s %v %v\n", name, rep.Types, d)
	}
	fmt.Println("ok", ok, "bad", bad, "skip", skip)
}

func adhocRun(t *testing.T, rs *Ruleset, frames []decoders.Frame) map[string]int {
	got := map[string]int{}
	insp := NewInspector(rs, InspectorConfig{})
	th := NewThresholds(ThresholdConfig{})
	cfg := decoders.DefaultConfig()
	cfg.Checksums = decoders.ChecksumsOn
	dec, _ := decoders.NewDecoder(cfg)
	set := registry.New()
	det, err := app.NewDetector(set)
	if err != nil {
		t.Fatal(err)
	}
	flows := map[string]*adhocFlow{}
	var each func(p *decoders.Packet)
	each = func(p *decoders.Packet) {
		in := &Input{Packet: p}
		if p.Layers&(decoders.LayerIPv4|decoders.LayerIPv6) != 0 && !p.Layers.Has(decoders.LayerFragment) && p.Refused == 0 && p.Layers&(decoders.LayerTCP|decoders.LayerUDP|decoders.LayerICMPv4|decoders.LayerICMPv6|decoders.LayerSCTP) != 0 {
			src := netip.AddrPortFrom(p.Src.Netip(p.IPVersion), p.SrcPort)
			dst := netip.AddrPortFrom(p.Dst.Netip(p.IPVersion), p.DstPort)
			a, b := src, dst
			if a.Compare(b) > 0 {
				a, b = b, a
			}
			key := fmt.Sprint(a, b, p.Proto, p.VLANs)
			f := flows[key]
			if f == nil || f.dead {
				f = &adhocFlow{client: src, start: p.Timestamp}
				if p.Layers.Has(decoders.LayerTCP) && p.TCPFlags&(decoders.TCPSyn|decoders.TCPAck) == decoders.TCPSyn|decoders.TCPAck {
					f.client = dst
				}
				flows[key] = f
			}
			dir := decoders.ToServer
			if src != f.client || (src == f.client && src == dst && false) {
				dir = decoders.ToClient
			}
			f.pk[dir]++
			f.by[dir] += uint64(p.WireLen)
			in.Flow, in.Dir, in.FlowStart, in.FlowPackets, in.FlowBytes = &f.st, dir, f.start, f.pk, f.by
			if p.Layers.Has(decoders.LayerTCP) {
				in.Established = f.est
				fl := p.TCPFlags
				switch {
				case f.tcp == 0 && fl&decoders.TCPSyn != 0 && fl&decoders.TCPAck == 0:
					f.tcp = 1
				case f.tcp == 1 && dir == decoders.ToClient && fl&(decoders.TCPSyn|decoders.TCPAck) == decoders.TCPSyn|decoders.TCPAck:
					f.tcp = 2
				case f.tcp == 2 && dir == decoders.ToServer && fl&decoders.TCPAck != 0 && fl&decoders.TCPSyn == 0:
					f.tcp = 3
					f.est = true
					if p.PayloadLen > 0 {
						in.Established = true
					}
				}
			} else {
				f.est = f.est || f.pk[0] > 0 && f.pk[1] > 0
				in.Established = f.est
				if p.Layers.Has(decoders.LayerUDP) && p.PayloadLen > 0 {
					ai := app.Input{Data: p.Payload(), Dir: dir, Timestamp: p.Timestamp, Datagram: true}
					if f.state == nil && f.app == 0 {
						r := det.Detect(ai, app.UDP, app.Ports{Src: p.SrcPort, Dst: p.DstPort})
						if r.Answer == app.Yes {
							f.app = r.Proto
							f.state = r.Parser.New()
						}
					}
					if f.state != nil {
						f.state.Parse(ai)
						in.Txs = f.state.Txs()
					}
				}
				in.App = f.app
			}
			for _, m := range th.Finish(p.Timestamp, p, insp.Inspect(in, nil)) {
				got[fmt.Sprint(m.Sig.Sid())]++
			}
			if f.state != nil {
				for _, tx := range f.state.Txs() {
					tx.State().Logged = true
				}
				f.state.Release()
			}
			return
		}
		for _, m := range th.Finish(p.Timestamp, p, insp.Inspect(in, nil)) {
			got[fmt.Sprint(m.Sig.Sid())]++
		}
	}
	for i := range frames {
		p := &decoders.Packet{}
		dec.Decode(&frames[i], p)
		each(p)
		for n := 0; p.Inner != 0 && n < 4; n++ {
			q := &decoders.Packet{}
			dec.DecodeInner(p, q)
			each(q)
			p = q
		}
	}
	return got
}
