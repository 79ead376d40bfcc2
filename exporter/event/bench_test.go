package event_test

import (
	"testing"

	"spanwatch/exporter/event"
)

// typicalAlert is an alert of some 1,350 bytes: rule with metadata, flow, no
// payload.
func typicalAlert() *event.Alert {
	rule := fullRule()
	rule.Text = ""
	rule.Metadata = append(rule.Metadata,
		event.RuleMetadata{Key: "affected_product", Values: []string{"Windows_XP_Vista_7_8_10_Server_32_64_Bit"}},
		event.RuleMetadata{Key: "attack_target", Values: []string{"Client_Endpoint"}},
		event.RuleMetadata{Key: "deployment", Values: []string{"Perimeter"}},
		event.RuleMetadata{Key: "signature_severity", Values: []string{"Major"}},
		event.RuleMetadata{Key: "updated_at", Values: []string{"2024_03_01"}},
	)
	v := fullEnvelope()
	v.HasICMP, v.HasICMPResponse, v.Tunnel, v.Metadata, v.Ether = false, false, nil, nil, nil
	v.AppProtoTS, v.AppProtoTC, v.AppProtoOrig, v.AppProtoExpected = "", "", "", ""
	return &event.Alert{
		Envelope: v, GID: 1, SID: 2100498, Rule: event.AppendRule(nil, rule),
		Flow: &event.AlertFlow{
			Counts: event.Counts{PktsToServer: 6, PktsToClient: 4, BytesToServer: 425, BytesToClient: 495}, Start: at - 1e9,
			IPVersion: 4, Src: addr("198.51.100.22"), Dst: addr("192.0.2.1"), SrcPort: 443, DstPort: 49152, Ports: true,
		},
		App:    []byte(`"http":{"hostname":"www.example.com","url":"/index.php?id=1","http_user_agent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64)","http_method":"GET","protocol":"HTTP/1.1","status":200,"length":27}`),
		Stream: true,
	}
}

func BenchmarkAppendAlert(b *testing.B) {
	e := newEncoder(b, event.Options{Sensor: "probe-1", Run: "r1"})
	a := typicalAlert()
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendAlert(buf[:0], a)
		buf = e.Finish(buf, 123456, event.ID{})
	}
	b.ReportMetric(float64(len(buf)), "bytes/event")
}

func BenchmarkAppendFlow(b *testing.B) {
	e := newEncoder(b, event.Options{Sensor: "probe-1", Run: "r1"})
	f := fullFlow()
	f.Tunnel, f.Metadata, f.Ether, f.Interval = nil, nil, nil, nil
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendFlow(buf[:0], f)
		buf = e.Finish(buf, 123456, event.ID{})
	}
	b.ReportMetric(float64(len(buf)), "bytes/event")
}

func BenchmarkAppendDNS(b *testing.B) {
	e := newEncoder(b, event.Options{Sensor: "probe-1", Run: "r1"})
	d := fullDNS()
	d.Envelope = typicalAlert().Envelope
	d.Answers = d.Answers[:4]
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = e.AppendDNS(buf[:0], d, 0)
		buf = e.Finish(buf, 123456, event.ID{})
	}
	b.ReportMetric(float64(len(buf)), "bytes/event")
}

func BenchmarkID(b *testing.B) {
	e := newEncoder(b, event.Options{Sensor: "probe-1", Run: "r1"})
	v := fullEnvelope()
	b.ReportAllocs()
	for b.Loop() {
		e.ID(event.TypeAlert, &v, 1, 2)
	}
}
