package kafka

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"spanwatch/exporter/event"
	"spanwatch/exporter/event/eventtest"
)

func TestTruncateRemovesTheLargestMembersAndSaysWhich(t *testing.T) {
	cases := []struct {
		name, body string
		limit      int
		want       string
	}{
		{"nothing bulky", `{"a":1}`, 0, `{"a":1}`},
		{"in the middle", `{"a":1,"payload":"xxxx","b":2}`, 0, `{"a":1,"b":2,"truncated":{"members":["payload"],"bytes":16}}`},
		{"at the start", `{"packet":"xxxx","b":2}`, 0, `{"b":2,"truncated":{"members":["packet"],"bytes":15}}`},
		{"at the end", `{"b":2,"packet":"xxxx"}`, 0, `{"b":2,"truncated":{"members":["packet"],"bytes":15}}`},
		{"alone", `{"packet":"xxxx"}`, 0, `{"truncated":{"members":["packet"],"bytes":15}}`},
		{"all of several", `{"packet":"x","payload":"yy","a":[{"payload":3}]}`, 0,
			`{"a":[{}],"truncated":{"members":["payload","packet","payload"],"bytes":37}}`},
		{"the larger is enough", `{"payload":"` + strings.Repeat("y", 200) + `","packet":"x"}`, 100,
			`{"packet":"x","truncated":{"members":["payload"],"bytes":212}}`},
		{"nested", `{"http":{"http_request_body":"q","url":"/"},"seq":1}`, 0,
			`{"http":{"url":"/"},"seq":1,"truncated":{"members":["http_request_body"],"bytes":23}}`},
		{"a whole object", `{"body":{"payload":1},"seq":1}`, 0, `{"seq":1,"truncated":{"members":["body"],"bytes":20}}`},
		{"a name inside a string", `{"a":"\"payload\":1","payload":"\\\"}"}`, 0, `{"a":"\"payload\":1","truncated":{"members":["payload"],"bytes":17}}`},
		{"no JSON", `{"payload":`, 0, `{"payload":`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := string(truncate([]byte(c.body), c.limit)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// FuzzTruncate checks that an object stays one, loses bulky members alone, and
// that no other bytes of the input are changed.
func FuzzTruncate(f *testing.F) {
	f.Add([]byte(`{"a":1,"payload":"x","b":{"packet":[1,{"body":null}]},"seq":1}`), 10)
	f.Add([]byte(` { "packet" : "a" , "payload" : "b" } `), 0)
	f.Fuzz(func(t *testing.T, in []byte, limit int) {
		out := truncate(bytes.Clone(in), limit)
		var before, after map[string]any
		if json.Unmarshal(in, &before) != nil || before == nil || before["truncated"] != nil {
			return
		}
		if err := json.Unmarshal(out, &after); err != nil {
			t.Fatalf("%s became %s: %v", in, out, err)
		}
		delete(after, "truncated")
		if !reflect.DeepEqual(strip(before), strip(after)) {
			t.Fatalf("%s became %s", in, out)
		}
	})
}

// strip removes the bulky members of a decoded value.
func strip(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if isBulky([]byte(name)) {
				delete(v, name)
			} else {
				v[name] = strip(inner)
			}
		}
	case []any:
		for i := range v {
			v[i] = strip(v[i])
		}
	}
	return v
}

func TestATruncatedEventStillFitsTheSchema(t *testing.T) {
	e, err := event.NewEncoder(event.Options{Sensor: "probe-1", Run: "r1", Payload: true, PayloadPrintable: true, PayloadLimit: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	env := event.Envelope{Time: 1, Packet: 1, FlowID: 1}
	a := event.Alert{
		Envelope: env, SID: 7, GID: 1, Rule: event.AppendRule(nil, &event.Rule{GID: 1, SID: 7, Message: "m"}), Payload: bytes.Repeat([]byte{'x'}, 5000),
	}
	whole := e.Finish(e.AppendAlert(nil, &a), 1, e.ID(event.TypeAlert, &env, 1, 7))
	v, err := eventtest.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	cut := truncate(whole, 1000)
	if len(cut) > 1000 || !bytes.Contains(cut, []byte(`"truncated":{"members":["payload"`)) {
		t.Fatalf("got %d bytes of %d: %s", len(cut), len(whole), cut[max(0, len(cut)-200):])
	}
	for _, body := range [][]byte{whole, cut} {
		if err := v.Validate(body); err != nil {
			t.Error(err)
		}
	}
}
