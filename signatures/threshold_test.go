package signatures

import (
	"fmt"
	"strings"
	"testing"

	"spanwatch/decoders"
	dt "spanwatch/decoders/decoderstest"
	"spanwatch/signatures/ruleconf"
)

// alertTimes says, for matches at the given seconds, which of them alert.
func alertTimes(t *testing.T, options string, seconds ...float64) string {
	t.Helper()
	rs := load(t, `alert udp any any -> any any (content:"abc"; `+options+` sid:1;)`, Options{})
	in := NewInspector(rs, InspectorConfig{})
	th := NewThresholds(ThresholdConfig{})
	p := udp(t, "abc")
	var s []string
	for _, at := range seconds {
		p.Timestamp = int64(at * 1e9)
		f := &flow{}
		got := th.Finish(p.Timestamp, p, in.Inspect(f.input(p, decoders.ToServer), nil))
		if len(got) == 1 {
			s = append(s, fmt.Sprint(at))
		}
	}
	return strings.Join(s, " ")
}

func TestThresholds(t *testing.T) {
	tests := []struct {
		name, options string
		at            []float64
		want          string
	}{
		{"limit", `threshold:type limit,track by_src,count 2,seconds 10;`, []float64{1, 2, 3, 11, 12, 13, 14}, "1 2 12 13"},
		{"limit holds at the end of the window", `threshold:type limit,track by_src,count 1,seconds 10;`, []float64{1, 11}, "1"},
		{"threshold", `threshold:type threshold,track by_src,count 3,seconds 10;`, []float64{1, 2, 3, 4, 5, 6}, "3 6"},
		{"threshold of one", `threshold:type threshold,track by_src,count 1,seconds 10;`, []float64{1, 2, 3}, "1 2 3"},
		{"threshold starts anew", `threshold:type threshold,track by_src,count 2,seconds 10;`, []float64{1, 20, 21}, "21"},
		{"both", `threshold:type both,track by_src,count 2,seconds 10;`, []float64{1, 2, 3, 4, 12, 13}, "2 13"},
		{"detection_filter", `detection_filter:track by_src,count 2,seconds 10;`, []float64{1, 2, 3, 4, 20, 21}, "3 4"},
		{"by rule", `threshold:type limit,track by_rule,count 1,seconds 10;`, []float64{1, 2}, "1"},
		{"by both", `threshold:type limit,track by_both,count 1,seconds 10;`, []float64{1, 2}, "1"},
		{"by flow counts in each flow", `threshold:type limit,track by_flow,count 1,seconds 10;`, []float64{1, 2}, "1 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := alertTimes(t, tt.options, tt.at...); got != tt.want {
				t.Errorf("alerts at %q, want %q", got, tt.want)
			}
		})
	}
}

func TestThresholdsCountPerAddress(t *testing.T) {
	rs := load(t, `alert udp any any -> any any (content:"abc"; threshold:type limit,track by_src,count 1,seconds 10; sid:1;)`, Options{})
	in, th := NewInspector(rs, InspectorConfig{}), NewThresholds(ThresholdConfig{})
	alerts := 0
	for _, src := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.1"} {
		p := packet(t, dt.IP4{Src: src}, dt.UDP{Src: 1, Dst: 2}, dt.Bytes("abc"))
		alerts += len(th.Finish(p.Timestamp, p, in.Inspect(&Input{Packet: p}, nil)))
	}
	if alerts != 2 || th.Suppressed != 1 {
		t.Errorf("%d alerts and %d held back, want 2 and 1", alerts, th.Suppressed)
	}
}

func TestThresholdMemoryIsBoundedAndCounted(t *testing.T) {
	rs := load(t, `alert udp any any -> any any (content:"abc"; threshold:type limit,track by_src,count 1,seconds 10; sid:1;)`, Options{})
	in, th := NewInspector(rs, InspectorConfig{}), NewThresholds(ThresholdConfig{MaxEntries: 4})
	for i := range 10 {
		p := packet(t, dt.IP4{Src: fmt.Sprintf("10.0.0.%d", i)}, dt.UDP{Src: 1, Dst: 2}, dt.Bytes("abc"))
		if got := th.Finish(p.Timestamp, p, in.Inspect(&Input{Packet: p}, nil)); len(got) != 1 {
			t.Errorf("source %d: no alert", i)
		}
	}
	if th.Len() != 4 || th.Evicted() != 6 {
		t.Errorf("%d entries, %d evicted; want 4 and 6", th.Len(), th.Evicted())
	}
}

func TestThresholdConfigOverridesAndFillsIn(t *testing.T) {
	conf, diags := ruleconf.ParseThresholds("threshold.config", []byte(`
threshold gen_id 0, sig_id 0, type limit, track by_src, count 1, seconds 60
threshold gen_id 1, sig_id 2, type limit, track by_src, count 2, seconds 60
rate_filter gen_id 1, sig_id 4, track by_src, count 2, seconds 60, new_action drop, timeout 5
`), nil)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	rs := load(t, `
alert udp any any -> any any (content:"abc"; sid:1;)
alert udp any any -> any any (content:"abc"; threshold:type limit,track by_src,count 9,seconds 60; sid:2;)
alert udp any any -> any any (content:"abc"; threshold:type limit,track by_src,count 3,seconds 60; sid:3;)
alert udp any any -> any any (content:"xyz"; threshold:type limit,track by_src,count 9,seconds 60; sid:4;)
`, Options{Thresholds: conf})
	in, th := NewInspector(rs, InspectorConfig{}), NewThresholds(ThresholdConfig{})
	p := udp(t, "abc")
	for i, want := range []string{"1 2 3", "2 3", "3", ""} {
		if got := sids(th.Finish(p.Timestamp, p, in.Inspect(&Input{Packet: p}, nil))); got != want {
			t.Errorf("match %d: %q, want %q", i+1, got, want)
		}
	}
	p = udp(t, "xyz")
	for i, want := range []Action{ActionAlert, ActionAlert, ActionDrop, ActionDrop} {
		got := th.Finish(p.Timestamp, p, in.Inspect(&Input{Packet: p}, nil))
		if len(got) != 1 || got[0].Action != want {
			t.Errorf("match %d: %+v, want %s", i+1, got, want)
		}
	}
}

// TestARateFilterChangesTheActionForAWhile: matches come a second and a
// little apart. The answers are those of Suricata 8.0.7 on such
// datagrams: an alert (A) or, with new_action pass, none.
func TestARateFilterChangesTheActionForAWhile(t *testing.T) {
	for _, c := range []struct{ name, filter, want string }{
		{"beyond one in a long window", "count 1, seconds 60, timeout 3", "A....A....A...."},
		{"beyond one in a short window", "count 1, seconds 3, timeout 3", "A....AA....AA.."},
		{"beyond two", "count 2, seconds 3, timeout 3", "AA....AAA....AA"},
		{"for a long time", "count 3, seconds 5, timeout 10", "AAA...........A"},
		{"for no time", "count 2, seconds 3, timeout 0", "AA.AAA.AAA.AAA."},
		{"with the count kept behind it", "count 5, seconds 60, timeout 5", "AAAAA......A..."},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := "rate_filter gen_id 1, sig_id 1, track by_src, new_action pass, " + c.filter
			conf, diags := ruleconf.ParseThresholds("threshold.config", []byte(line), nil)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			rs := load(t, `alert udp any any -> any any (content:"abc"; sid:1;)`, Options{Thresholds: conf})
			in, th := NewInspector(rs, InspectorConfig{}), NewThresholds(ThresholdConfig{})
			p := udp(t, "abc")
			got := ""
			for i := range len(c.want) {
				p.Timestamp = int64(1_700_000_000)*1e9 + int64(i)*1_001_000_000
				if len(th.Finish(p.Timestamp, p, in.Inspect(&Input{Packet: p}, nil))) == 1 {
					got += "A"
				} else {
					got += "."
				}
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
