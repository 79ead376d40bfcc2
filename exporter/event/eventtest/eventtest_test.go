package eventtest_test

import (
	"errors"
	"strings"
	"testing"

	"spanwatch/exporter/event/eventtest"
)

const (
	stamp    = `"timestamp":"2026-01-02T15:04:05.123456+0000"`
	flowBody = `"flow":{"pkts_toserver":1,"pkts_toclient":0,"bytes_toserver":60,"bytes_toclient":0,` +
		`"start":"2026-01-02T15:04:05.123456+0000","end":"2026-01-02T15:04:05.123456+0000","age":0,"alerted":false}`
)

func TestValidate(t *testing.T) {
	v, err := eventtest.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, line string
		valid      bool
	}{
		{"a flow record", `{` + stamp + `,"event_type":"flow",` + flowBody + `}`, true},
		{"a flow record with a line feed", `{` + stamp + `,"event_type":"flow",` + flowBody + "}\n", true},
		{"no timestamp", `{"event_type":"flow",` + flowBody + `}`, false},
		{"a timestamp with a colon in its zone", `{"timestamp":"2026-01-02T15:04:05.123456+00:00","event_type":"flow",` + flowBody + `}`, false},
		{"the object of another type", `{` + stamp + `,"event_type":"dns",` + flowBody + `}`, false},
		{"an unknown type", `{` + stamp + `,"event_type":"other"}`, false},
		{"an unknown member", `{` + stamp + `,"event_type":"flow","x":1,` + flowBody + `}`, false},
		{"an unknown member inside", `{` + stamp + `,"event_type":"flow",` + strings.Replace(flowBody, `"age"`, `"x":1,"age"`, 1) + `}`, false},
		{"a port as text", `{` + stamp + `,"event_type":"flow","src_port":"80",` + flowBody + `}`, false},
		{"an address that is none", `{` + stamp + `,"event_type":"flow","src_ip":"1.2.3","dest_ip":"1.2.3.4","proto":"TCP","ip_v":4,` + flowBody + `}`, false},
		{"ports without addresses", `{` + stamp + `,"event_type":"flow","src_port":1,"dest_port":2,` + flowBody + `}`, false},
		{"a flow id above 51 bits", `{` + stamp + `,"event_type":"flow","flow_id":2251799813685248,` + flowBody + `}`, false},
		{"seq without event_id", `{` + stamp + `,"event_type":"flow","seq":1,` + flowBody + `}`, false},
		{"a false flag that EVE leaves out", `{` + stamp + `,"event_type":"flow","tcp":{"tcp_flags":"02","tcp_flags_ts":"02","tcp_flags_tc":"00","syn":false},` + flowBody + `}`, false},
		{"no JSON", `{` + stamp, false},
		{"two objects", `{` + stamp + `,"event_type":"flow",` + flowBody + `}{}`, false},
		{"nothing", ``, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := v.Validate([]byte(c.line)); (err == nil) != c.valid {
				t.Errorf("valid is %v, want %v: %v", err == nil, c.valid, err)
			}
		})
	}
	twice := `{` + stamp + `,"event_type":"flow","vlan":[1],"vlan":[2],` + flowBody + `}`
	if err := v.Validate([]byte(twice)); !errors.Is(err, eventtest.ErrDuplicateMember) {
		t.Errorf("got %v, want ErrDuplicateMember", err)
	}
}

func TestValidateAllCountsLinesAndNamesTheFaultyOne(t *testing.T) {
	v, err := eventtest.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	good := `{` + stamp + `,"event_type":"flow",` + flowBody + "}\n"
	if n, err := v.ValidateAll(strings.NewReader(good + good)); n != 2 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if n, err := v.ValidateAll(strings.NewReader(good + "{}\n" + good)); n != 2 || err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
		t.Errorf("got %d, %v", n, err)
	}
}
