package event_test

import (
	"bytes"
	"testing"

	"spanwatch/exporter/event"
	"spanwatch/exporter/event/eventtest"
)

// FuzzDNSEvent puts hostile bytes wherever a DNS record has text and numbers:
// every event must be valid by the schema, in both versions, and in the form
// that alerts carry.
func FuzzDNSEvent(f *testing.F) {
	f.Add([]byte("example.com"), []byte("text"), uint16(16), uint16(0x8180), uint16(0), uint8(1))
	f.Add([]byte("\xff\x00\"\\"), []byte{}, uint16(6), uint16(0xffff), uint16(4095), uint8(4))
	v, err := eventtest.NewValidator()
	if err != nil {
		f.Fatal(err)
	}
	encoders := []*event.Encoder{
		newEncoder(f, event.Options{}), newEncoder(f, event.Options{DNSVersion: 2}), newEncoder(f, event.Options{Strict: true}),
	}
	f.Fuzz(func(t *testing.T, name, text []byte, rrtype, flags, rcode uint16, kind uint8) {
		record := event.DNSRecord{
			Name: name, Type: rrtype, TTL: uint32(flags) << 16, Data: event.DNSData(kind % 8), Text: text,
			SOA: event.SOA{MName: name, RName: text}, SRV: event.SRV{Target: text}, SSHFP: event.SSHFP{Fingerprint: text},
			Options: []event.DNSOption{{Code: rrtype, Data: text}},
		}
		list := []event.DNSRecord{record, record}
		d := &event.DNS{
			Envelope: event.Envelope{HasTx: true, TxID: uint64(kind)}, Response: kind&0x80 != 0, ID: rrtype, Flags: flags, Rcode: rcode,
			Queries: []event.DNSQuery{{Name: name, Type: rrtype}, {Name: text, Type: flags}},
			Answers: list, Authorities: list[:1], Additionals: list,
		}
		for _, e := range encoders {
			for i := range e.DNSCount(d) {
				line := e.Finish(e.AppendDNS(nil, d, i), 1, e.ID(event.TypeDNS, &d.Envelope, 0, 0))
				if err := v.Validate(line); err != nil {
					t.Fatalf("%v\n%s", err, line)
				}
				if bytes.IndexByte(line, '\n') >= 0 {
					t.Fatalf("line feed inside an event: %q", line)
				}
			}
			a := &event.Alert{Rule: event.AppendRule(nil, &event.Rule{}), App: e.AppendDNSMember(nil, d)}
			line := e.Finish(e.AppendAlert(nil, a), 1, e.ID(event.TypeAlert, &a.Envelope, 0, 0))
			if err := v.Validate(line); err != nil {
				t.Fatalf("%v\n%s", err, line)
			}
		}
	})
}
