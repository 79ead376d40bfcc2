package kafka

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
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
