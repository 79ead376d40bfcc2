package shape_test

import (
	"context"
	"encoding/json"
	"testing"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/shape"
)

// FuzzReshape gives any JSON object to a sink with every profile and ECS: what
// comes out is JSON, or the event is counted as lost.
func FuzzReshape(f *testing.F) {
	for _, s := range []string{
		`{"http":{"url":"/x?pwd=a\"b&token=\\","request_headers":[{"name":"Cookie","value":"x"},7]}}`,
		`{"alert":{"severity":"x","signature":7},"vlan":[1,"2",{}],"ip_v":"4","dns":{"answers":{"rrname":1},"queries":[1]}}`,
		`{"timestamp":7,"src_ip":[],"ether":{"src_mac":true},"flow":{"bytes_toserver":-1},"email":{"from":{}}}`,
		`{"spanwatch":{},"event":1,"":{"":[]}}`,
	} {
		f.Add([]byte(s), byte(event.TypeAlert))
	}
	f.Fuzz(func(t *testing.T, body []byte, typ byte) {
		if !json.Valid(body) {
			return
		}
		for _, hash := range []bool{false, true} {
			m := &memory{}
			s, err := shape.Wrap(m, shape.Options{ECS: true, Redaction: shape.Redaction{Profiles: shape.Profiles(), Hash: hash}})
			if err != nil {
				t.Fatal(err)
			}
			var tally exporter.Tally
			_ = s.Deliver(context.Background(), []exporter.Record{{Type: event.Type(typ % byte(event.NumTypes)), Body: body}}, &tally)
			for _, out := range m.bodies {
				if !json.Valid([]byte(out)) {
					t.Errorf("%q became %q", body, out)
				}
			}
		}
	})
}
