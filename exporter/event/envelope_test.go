package event_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"spanwatch/exporter/event"
)

// TestEncodingEqualsEncodingJSON fills events with random values and compares
// what is written with what encoding/json makes of a map that was built
// independently of the encoder.
func TestEncodingEqualsEncodingJSON(t *testing.T) {
	r := random{rand.New(rand.NewPCG(1, 2))}
	e := newEncoder(t, event.Options{Sensor: "probe-1", Run: "r1"})
	for i := range 3000 {
		v := r.envelope()
		id := event.ID{byte(i), byte(i >> 8)}
		seq := r.Uint64()>>12 + 1
		var out []byte
		want := object{"seq": seq, "event_id": id.String(), "host": "probe-1", "sensor": object{"id": "probe-1", "run": "r1"}}
		want.envelope(&v)
		switch i % 4 {
		case 0:
			out = e.AppendAnomaly(nil, r.anomaly(v, want))
		case 1:
			out = e.AppendFlow(nil, r.flow(v, want))
		case 2:
			out = e.AppendAlert(nil, r.alert(v, want))
		case 3:
			out = e.AppendNetflow(nil, r.netflow(v, want))
		}
		out = e.Finish(out, seq, id)
		compareJSON(t, out, want)
		if t.Failed() {
			return
		}
	}
}

func compareJSON(t *testing.T, got []byte, want any) {
	t.Helper()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var g, w any
	if err := unmarshalNumbers(got, &g); err != nil {
		t.Fatalf("%v\n%s", err, got)
	}
	if err := unmarshalNumbers(text, &w); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(g, w) {
		normal, _ := json.Marshal(g)
		t.Errorf("got  %s\nwant %s", normal, text)
	}
}

type object map[string]any

// set puts v unless it is the zero value of its type.
func (o object) set(name string, v any) {
	if !reflect.ValueOf(v).IsZero() {
		o[name] = v
	}
}

func text(ns int64) string {
	return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000000-0700")
}

func ipText(a event.Addr, version uint8) string {
	if version == 4 {
		return netip.AddrFrom4([4]byte(a[:4])).String()
	}
	return netip.AddrFrom16(a).StringExpanded()
}

var protoNames = map[uint8]string{1: "ICMP", 6: "TCP", 17: "UDP", 58: "IPv6-ICMP", 132: "SCTP", 4: "IP-in-IP", 7: "CBT", 89: "OSPF", 255: "255"}

func (o object) envelope(v *event.Envelope) {
	o["timestamp"] = text(v.Time)
	o.set("flow_id", v.FlowID)
	o.set("parent_id", v.ParentID)
	o.set("pcap_cnt", v.PcapCnt)
	o.set("in_iface", v.Interface)
	if v.VLANCount > 0 {
		o["vlan"] = v.VLANs[:v.VLANCount]
	}
	if v.IPVersion != 0 {
		o["src_ip"], o["dest_ip"] = ipText(v.Src, v.IPVersion), ipText(v.Dst, v.IPVersion)
		o["ip_v"], o["proto"] = v.IPVersion, protoNames[v.Proto]
		if v.Proto == 6 || v.Proto == 17 || v.Proto == 132 {
			o["src_port"], o["dest_port"] = v.SrcPort, v.DstPort
		}
	}
	if v.HasICMP {
		o["icmp_type"], o["icmp_code"] = v.ICMPType, v.ICMPCode
	}
	o.set("pkt_src", v.PktSrc.String())
	if v.Direction != event.DirectionNone {
		o["direction"] = [...]string{"", "to_server", "to_client"}[v.Direction]
	}
	o.set("community_id", string(v.CommunityID))
	o.set("app_proto", v.AppProto)
	o.set("app_proto_ts", v.AppProtoTS)
	if v.HasTx {
		o["tx_id"] = v.TxID
		o.set("tx_guessed", v.TxGuessed)
	}
	o.geo("src_geo", v.SrcGeo)
	o.geo("dest_geo", v.DstGeo)
	if v.Ether != nil {
		m := object{}
		m.set("ether_type", v.Ether.Type)
		macs := func(name string, list []event.MAC) {
			var all []string
			for _, x := range list {
				all = append(all, fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", x[0], x[1], x[2], x[3], x[4], x[5]))
			}
			switch {
			case len(all) == 0:
			case v.Ether.Lists:
				m[name+"s"] = all
			default:
				m[name] = all[0]
			}
		}
		macs("src_mac", v.Ether.Src)
		macs("dest_mac", v.Ether.Dst)
		o["ether"] = m
	}
}

func (o object) geo(name string, g *event.Geo) {
	if g == nil || *g == (event.Geo{}) {
		return
	}
	m := object{}
	m.set("country", g.Country)
	m.set("city", g.City)
	m.set("asn", g.ASN)
	m.set("as_org", g.ASOrg)
	m.set("site", g.Site)
	o[name] = m
}

func (o object) counts(c event.Counts) {
	o["pkts_toserver"], o["pkts_toclient"] = c.PktsToServer, c.PktsToClient
	o["bytes_toserver"], o["bytes_toclient"] = c.BytesToServer, c.BytesToClient
}

type random struct{ *rand.Rand }

func (r random) yes() bool { return r.IntN(2) == 0 }

// number is of any magnitude.
func (r random) number() uint64 { return r.Uint64() >> r.IntN(64) >> 1 }

// text is valid UTF-8, often with something to escape; sometimes empty.
func (r random) text() string {
	runes := make([]rune, r.IntN(20))
	for i := range runes {
		runes[i] = []rune("ab \"\\\n\x00\x1fé✓🙂/<")[r.IntN(13)]
	}
	return string(runes)
}

func (r random) time() int64 { return r.Int64() - r.Int64() }

func (r random) addr(version uint8) (a event.Addr) {
	n := 16
	if version == 4 {
		n = 4
	}
	for i := range n {
		if r.yes() { // zeros, for the short forms of IPv6
			a[i] = byte(r.Uint32())
		}
	}
	return a
}

func (r random) macs() []event.MAC {
	list := make([]event.MAC, r.IntN(3))
	for i := range list {
		for j := range list[i] {
			list[i][j] = byte(r.Uint32())
		}
	}
	return list
}

func (r random) geo() *event.Geo {
	if r.yes() {
		return nil
	}
	return &event.Geo{City: r.text(), ASN: uint32(r.number()), ASOrg: r.text(), Country: []string{"", "DE"}[r.IntN(2)]}
}

func (r random) envelope() event.Envelope {
	v := event.Envelope{
		Time: r.time(), Packet: r.number(), FlowID: r.number() >> 13, ParentID: r.number() >> 13, PcapCnt: r.number(),
		Interface: r.text(), VLANs: [3]uint16{1, 0, 4095}, VLANCount: uint8(r.IntN(4)),
		HasICMP: r.yes(), ICMPType: uint8(r.Uint32()), ICMPCode: uint8(r.Uint32()),
		PktSrc: event.PktSrc(r.IntN(13)), Direction: event.Direction(r.IntN(3)),
		AppProto: r.text(), AppProtoTS: r.text(), HasTx: r.yes(), TxGuessed: r.yes(), TxID: r.number(),
		SrcGeo: r.geo(), DstGeo: r.geo(), CommunityID: []byte(r.text()),
	}
	if v.IPVersion = []uint8{0, 4, 6}[r.IntN(3)]; v.IPVersion != 0 {
		v.Src, v.Dst = r.addr(v.IPVersion), r.addr(v.IPVersion)
		v.SrcPort, v.DstPort = uint16(r.Uint32()), uint16(r.Uint32())
		v.Proto = []uint8{1, 6, 17, 58, 132, 7, 255}[r.IntN(7)]
	}
	if r.yes() {
		v.Ether = &event.Ether{Src: r.macs(), Dst: r.macs(), Lists: r.yes(), Type: uint16(r.number())}
	}
	return v
}

func (r random) counts() event.Counts {
	return event.Counts{PktsToServer: r.number(), PktsToClient: r.number(), BytesToServer: r.number(), BytesToClient: r.number()}
}

func (r random) anomaly(v event.Envelope, want object) *event.Anomaly {
	a := &event.Anomaly{Envelope: v, Kind: event.AnomalyKind(r.IntN(3)), Event: r.text(), Layer: r.text(), App: r.text()}
	m := object{"type": [...]string{"decode", "stream", "applayer"}[a.Kind], "event": [...]string{"decoder.", "stream.", ""}[a.Kind] + a.Event}
	m.set("layer", a.Layer)
	m.set("app_proto", a.App)
	want["event_type"], want["anomaly"] = "anomaly", m
	return a
}

func (r random) flow(v event.Envelope, want object) *event.Flow {
	f := &event.Flow{
		Envelope: v, Counts: r.counts(), Start: r.time(), State: event.FlowClosed, Reason: event.FlowTimeout,
		Alerted: r.yes(), TxCount: r.number(), Emergency: r.yes(),
	}
	f.End = f.Start/2 + 1<<40
	age := time.Unix(0, f.End).Unix() - time.Unix(0, f.Start).Unix()
	m := object{
		"start": text(f.Start), "end": text(f.End), "age": max(age, 0), "state": "closed", "reason": "timeout", "alerted": f.Alerted,
	}
	m.counts(f.Counts)
	m.set("tx_cnt", f.TxCount)
	m.set("emergency", f.Emergency)
	if r.yes() {
		i := &event.Interval{Seq: r.number(), Counts: r.counts(), Start: r.time(), End: r.time(), Final: r.yes()}
		f.Interval = i
		x := object{"seq": i.Seq, "start": text(i.Start), "end": text(i.End), "final": i.Final}
		x.counts(i.Counts)
		m["interval"] = x
	}
	if r.yes() {
		f.TCP = &event.TCP{Flags: uint8(r.Uint32()), FlagsTS: uint8(r.Uint32()), FlagsTC: uint8(r.Uint32()), State: r.text(), TSGap: r.yes(), TCMaxRegions: uint32(r.number())}
		x := object{
			"tcp_flags": fmt.Sprintf("%02x", f.TCP.Flags), "tcp_flags_ts": fmt.Sprintf("%02x", f.TCP.FlagsTS),
			"tcp_flags_tc": fmt.Sprintf("%02x", f.TCP.FlagsTC),
		}
		for bit, name := range []string{"fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"} {
			x.set(name, f.TCP.Flags>>bit&1 == 1)
		}
		x.set("state", f.TCP.State)
		x.set("ts_gap", f.TCP.TSGap)
		x.set("tc_max_regions", f.TCP.TCMaxRegions)
		want["tcp"] = x
	}
	if r.yes() {
		b := &event.Bandwidth{WirePktsToServer: r.number(), WireBytesToClient: r.number(), AvgBpsToServer: r.number(), PeakBpsToClient: r.number(), PeakPpsToServer: r.number()}
		f.Bandwidth = b
		want["bandwidth"] = object{
			"wire_pkts_toserver": b.WirePktsToServer, "wire_pkts_toclient": 0, "wire_bytes_toserver": 0,
			"wire_bytes_toclient": b.WireBytesToClient, "avg_bps_toserver": b.AvgBpsToServer, "avg_bps_toclient": 0,
			"peak_bps_toserver": 0, "peak_bps_toclient": b.PeakBpsToClient, "peak_pps_toserver": b.PeakPpsToServer, "peak_pps_toclient": 0,
		}
	}
	if r.yes() {
		a := &event.Accounting{KernelOnly: r.yes(), Unseen: r.counts()}
		f.Accounting = a
		x := object{"source": "kernel"}
		x.set("kernel_only", a.KernelOnly)
		x.set("unseen_pkts_toserver", a.Unseen.PktsToServer)
		x.set("unseen_pkts_toclient", a.Unseen.PktsToClient)
		x.set("unseen_bytes_toserver", a.Unseen.BytesToServer)
		x.set("unseen_bytes_toclient", a.Unseen.BytesToClient)
		want["accounting"] = x
	}
	want["event_type"], want["flow"] = "flow", m
	return f
}

func (r random) alert(v event.Envelope, want object) *event.Alert {
	rule := event.Rule{
		GID: uint32(r.number()), SID: uint32(r.number()), Rev: uint32(r.number()), Message: r.text(), Category: r.text(),
		Severity: uint32(r.number()), Text: r.text(),
	}
	m := object{
		"action": "allowed", "gid": rule.GID, "signature_id": rule.SID, "rev": rule.Rev, "signature": rule.Message,
		"category": rule.Category, "severity": rule.Severity,
	}
	m.set("rule", rule.Text)
	if r.yes() {
		rule.Metadata = []event.RuleMetadata{{Key: r.text(), Values: []string{r.text(), r.text()}}}
		m["metadata"] = object{rule.Metadata[0].Key: rule.Metadata[0].Values}
		rule.References = []string{r.text()}
		m["references"] = rule.References
	}
	a := &event.Alert{Envelope: v, Rule: event.AppendRule(nil, &rule), Blocked: r.yes(), Stream: r.yes(), XFF: r.text()}
	m.set("xff", a.XFF)
	if a.Blocked {
		m["action"] = "blocked"
	}
	want["stream"] = 0
	if a.Stream {
		want["stream"] = 1
	}
	if r.yes() {
		a.Flow = &event.AlertFlow{Counts: r.counts(), Start: r.time(), IPVersion: 6, Src: r.addr(6), Dst: r.addr(6), SrcPort: 1, DstPort: 2, Ports: r.yes()}
		x := object{"start": text(a.Flow.Start), "src_ip": ipText(a.Flow.Src, 6), "dest_ip": ipText(a.Flow.Dst, 6)}
		x.counts(a.Flow.Counts)
		if a.Flow.Ports {
			x["src_port"], x["dest_port"] = 1, 2
		}
		want["flow"] = x
	}
	want["event_type"], want["alert"] = "alert", m
	return a
}

func (r random) netflow(v event.Envelope, want object) *event.Netflow {
	n := &event.Netflow{Envelope: v, Pkts: r.number(), Bytes: r.number(), MinTTL: 1, MaxTTL: uint8(r.Uint32()), TxCount: r.number()}
	m := object{"pkts": n.Pkts, "bytes": n.Bytes, "start": text(0), "end": text(0), "age": 0, "min_ttl": 1, "max_ttl": n.MaxTTL}
	m.set("tx_cnt", n.TxCount)
	want["event_type"], want["netflow"] = "netflow", m
	return n
}

// unmarshalNumbers keeps numbers as written: a float64 would take two counters
// above 2^53 for equal.
func unmarshalNumbers(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(v)
}
