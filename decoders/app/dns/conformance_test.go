package dns

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/decoderstest"
)

// TestRecordsAreThoseOfSuricata compares every dns event that Suricata 8 made
// of UDP in the conformance set with the Record of the same packet.
func TestRecordsAreThoseOfSuricata(t *testing.T) {
	cases, err := filepath.Glob(filepath.Join(decoderstest.Shared(t), "conformance/dev/*/expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Skip("no conformance set: shared/conformance/dev has no cases")
	}
	events, captures := 0, 0
	for _, path := range cases {
		dir := filepath.Dir(path)
		want := expectedEvents(t, path)
		if len(want) == 0 {
			continue
		}
		captures++
		t.Run(filepath.Base(dir), func(t *testing.T) {
			got := map[int]map[string]any{}
			inputs, _ := filepath.Glob(filepath.Join(dir, "input.pcap*"))
			if len(inputs) != 1 {
				t.Fatalf("%d captures", len(inputs))
			}
			frames, err := decoderstest.ReadFile(inputs[0], 0)
			if err != nil && len(frames) == 0 {
				t.Fatal(err)
			}
			replay(t, frames, func(number int, tx *Tx) { got[number] = eventOf(tx) })
			for _, w := range want {
				number := int(w["pcap_cnt"].(float64))
				events++
				if g := got[number]; !reflect.DeepEqual(g, w["dns"]) {
					t.Errorf("packet %d:\ngot  %s\nwant %s", number, encode(g), encode(w["dns"]))
				}
				delete(got, number)
			}
			for number, g := range got {
				t.Errorf("packet %d: unexpected %s", number, encode(g))
			}
		})
	}
	if captures < 40 || events < 4000 {
		t.Errorf("%d events of %d captures were compared, too few", events, captures)
	}
	t.Logf("%d events of %d captures", events, captures)
}

func encode(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func expectedEvents(t *testing.T, path string) []map[string]any {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var expected struct {
		AppEvents map[string][]map[string]any `json:"app_events"`
	}
	if err := json.Unmarshal(b, &expected); err != nil {
		t.Fatal(err)
	}
	var udp []map[string]any
	for _, e := range expected.AppEvents["dns"] {
		if e["proto"] == "UDP" && e["pcap_cnt"] != nil {
			udp = append(udp, e)
		}
	}
	return udp
}

// replay runs the UDP packets of a capture through detection and parser as the
// pipeline does.
func replay(t *testing.T, frames []decoders.Frame, each func(number int, tx *Tx)) {
	type flow struct {
		client netip.AddrPort
		state  app.State
		sides  app.Sides
	}
	parser := NewParser()
	detector, err := app.NewDetector([]app.Candidate{{Parser: parser, UDPPorts: []uint16{53}}})
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := decoders.NewDecoder(decoders.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	flows := map[[2]netip.AddrPort]*flow{}
	packet := func(p *decoders.Packet) {
		if !p.Layers.Has(decoders.LayerUDP) || p.PayloadLen == 0 {
			return
		}
		src := netip.AddrPortFrom(p.Src.Netip(p.IPVersion), p.SrcPort)
		dst := netip.AddrPortFrom(p.Dst.Netip(p.IPVersion), p.DstPort)
		ends := [2]netip.AddrPort{src, dst}
		if src.Compare(dst) > 0 {
			ends = [2]netip.AddrPort{dst, src}
		}
		f := flows[ends]
		if f == nil {
			f = &flow{client: src}
			flows[ends] = f
		}
		in := app.Input{Data: p.Payload(), Datagram: true}
		if src != f.client {
			in.Dir = decoders.ToClient
		}
		if f.sides.Wants(in.Dir) {
			d := detector.Detect(in, app.UDP, app.Ports{Src: p.SrcPort, Dst: p.DstPort})
			if d.Reversed {
				in.Dir = in.Dir.Opposite()
				f.client = dst
			}
			f.sides.Learn(in.Dir, d)
		}
		if f.sides.Chosen != app.ProtoDNS {
			return
		}
		if f.state == nil {
			f.state = parser.New()
		}
		f.state.Parse(in)
		for _, tx := range f.state.Txs() {
			if tx.(*Tx).Record() != nil {
				each(int(p.Number), tx.(*Tx))
			}
			tx.State().Logged = true
			tx.State().Done[in.Dir] = true
		}
		f.state.Release()
	}
	for i := range frames {
		decoderstest.Chain(decoder, &frames[i], packet)
	}
}

// eventOf renders a record as the dns object of EVE version 3, in the types
// that encoding/json reads.
func eventOf(tx *Tx) map[string]any {
	r := tx.Record()
	e := map[string]any{
		"version": 3.0, "tx_id": float64(tx.ID()), "id": float64(r.ID), "type": "request",
		"flags": fmt.Sprintf("%x", r.Flags), "opcode": float64(r.Opcode()), "rcode": RcodeName(r.Rcode()),
	}
	if r.Response {
		e["type"] = "response"
	}
	for flag, name := range map[uint16]string{FlagQR: "qr", FlagAA: "aa", FlagTC: "tc", FlagRD: "rd", FlagRA: "ra", FlagZ: "z"} {
		if r.Flags&flag != 0 {
			e[name] = true
		}
	}
	var queries []any
	for i := range r.Queries {
		q := map[string]any{"rrtype": r.Queries[i].Type.String()}
		setName(q, "rrname", r.Queries[i].Name)
		queries = append(queries, q)
	}
	if queries != nil {
		e["queries"] = queries
	}
	grouped := map[string]any{}
	for name, list := range map[string][]RR{"answers": r.Answers, "authorities": r.Authorities, "additionals": r.Additionals} {
		var out []any
		for i := range list {
			rr := &list[i]
			if rr.Form == FormOPT && len(rr.Data) == 0 && name == "additionals" {
				continue
			}
			for _, o := range rrEvents(rr) {
				out = append(out, o)
				if name == "answers" {
					group(grouped, rr, o)
				}
			}
		}
		if out != nil {
			e[name] = out
		}
	}
	if len(r.Answers) > 0 {
		e["grouped"] = grouped
	}
	return e
}

func group(grouped map[string]any, rr *RR, o map[string]any) {
	for _, key := range []string{"rdata", "soa", "srv", "sshfp"} {
		if v, ok := o[key]; ok {
			list, _ := grouped[rr.Type.String()].([]any)
			grouped[rr.Type.String()] = append(list, v)
		}
	}
}

func setName(o map[string]any, key string, n Name) {
	o[key] = text(n.Text)
	if n.Truncated {
		o[key+"_truncated"] = true
	}
}

func text(b []byte) string { return string(AppendText(nil, b)) }

func rrEvents(rr *RR) []map[string]any {
	base := func() map[string]any {
		o := map[string]any{"rrtype": rr.Type.String(), "ttl": float64(rr.TTL)}
		setName(o, "rrname", rr.Name)
		return o
	}
	o := base()
	switch rr.Form {
	case FormAddress:
		o["rdata"] = string(rr.AppendAddress(nil))
	case FormName:
		setName(o, "rdata", rr.Target)
	case FormBytes:
		o["rdata"] = text(rr.Data)
	case FormText:
		var out []map[string]any
		for s, rest, ok := NextString(rr.Data); ok; s, rest, ok = NextString(rest) {
			o := base()
			o["rdata"] = text(s)
			out = append(out, o)
		}
		return out
	case FormSOA:
		soa := map[string]any{
			"serial": float64(rr.Serial), "refresh": float64(rr.Refresh), "retry": float64(rr.Retry),
			"expire": float64(rr.Expire), "minimum": float64(rr.Minimum),
		}
		setName(soa, "mname", rr.Target)
		setName(soa, "rname", rr.Mailbox)
		o["soa"] = soa
	case FormSRV:
		o["srv"] = map[string]any{
			"priority": float64(rr.Priority), "weight": float64(rr.Weight), "port": float64(rr.Port), "name": text(rr.Target.Text),
		}
	case FormSSHFP:
		o["sshfp"] = map[string]any{
			"algo": float64(rr.Algorithm), "type": float64(rr.FingerprintType), "fingerprint": string(AppendHex(nil, rr.Data, ':')),
		}
	case FormOPT:
		opt := []any{}
		for code, data, rest, ok := NextOption(rr.Data); ok; code, data, rest, ok = NextOption(rest) {
			opt = append(opt, map[string]any{"code": float64(code), "data": string(AppendHex(nil, data, 0))})
		}
		o["opt"] = opt
	}
	return []map[string]any{o}
}
