package decoders_test

import (
	"regexp"
	"testing"

	"spanwatch/decoders"
)

func TestReasonsHaveStableNames(t *testing.T) {
	snake := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	seen := map[string]decoders.Reason{}
	for r := range decoders.ReasonCount {
		name := r.String()
		if other, ok := seen[name]; ok || !snake.MatchString(name) {
			t.Errorf("reason %d is called %q, as %d is", r, name, other)
		}
		seen[name] = r
	}
	if got := decoders.ReasonCount.String(); got != "invalid_reason" {
		t.Errorf("beyond the last: %q", got)
	}
}

func TestReasonsAreClassified(t *testing.T) {
	for _, c := range []struct {
		reason           decoders.Reason
		malformed, nonIP bool
	}{
		{decoders.ReasonNone, false, false},
		{decoders.ReasonLinkType, false, false},
		{decoders.ReasonTruncated, false, false},
		{decoders.ReasonTunnelDepth, false, false},
		{decoders.ReasonFragment, false, false},
		{decoders.ReasonNonIPARP, false, true},
		{decoders.ReasonNonIPOther, false, true},
		{decoders.ReasonEthernetShort, true, false},
		{decoders.ReasonTunneledIP, true, false},
	} {
		if c.reason.Malformed() != c.malformed || c.reason.NonIP() != c.nonIP {
			t.Errorf("%v: malformed %v, without IP %v", c.reason, c.reason.Malformed(), c.reason.NonIP())
		}
	}
}

func TestEventsAreFoundByName(t *testing.T) {
	name := regexp.MustCompile(`^([a-z0-9]+\.)?[a-z0-9_]+$`)
	for e := range decoders.EventCount {
		got, ok := decoders.EventByName(e.String())
		if !ok || got != e || !name.MatchString(e.String()) {
			t.Errorf("event %d is called %q, which is %d", e, e, got)
		}
	}
	if _, ok := decoders.EventByName("ipv4.no_such_event"); ok {
		t.Error("found an event that does not exist")
	}
	if _, ok := decoders.EventByName("ipv6.frag_overlap"); !ok {
		t.Error("did not find ipv6.frag_overlap")
	}
}

func TestEventSet(t *testing.T) {
	var s decoders.EventSet
	if !s.Empty() {
		t.Error("a new set is not empty")
	}
	for e := decoders.Event(0); e < decoders.EventCount; e += 13 {
		s.Add(e)
	}
	n := 0
	for e := range decoders.EventCount {
		if s.Has(e) != (e%13 == 0) {
			t.Errorf("Has(%d) = %v", e, s.Has(e))
		}
		if s.Has(e) {
			n++
		}
	}
	if got := s.Append(nil); len(got) != n || s.Empty() {
		t.Errorf("Append() = %v, want %d events", got, n)
	}
}
