package offload

import (
	"strings"
	"testing"
)

func TestWarningsSayWhatCaptureWillNotSee(t *testing.T) {
	s := State{Interface: "eth0", Features: map[Feature]Setting{
		GSO: {On: true}, GRO: {On: true}, LRO: {On: true, Fixed: true}, TSO: {}, VLAN: {On: true},
	}}
	var got []string
	for _, w := range s.Warnings() {
		if w.Text == "" || !strings.HasPrefix(w.String(), "eth0: "+string(w.Feature)+" is on: ") {
			t.Errorf("%q", w)
		}
		name := string(w.Feature)
		if w.Fixable {
			name += " fixable"
		}
		got = append(got, name)
	}
	if want := "rx-lro, rx-gro fixable, tx-generic-segmentation"; strings.Join(got, ", ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !s.Merges() || (&State{Features: map[Feature]Setting{GSO: {On: true}, GRO: {}}}).Merges() {
		t.Error("Merges is wrong")
	}
}
