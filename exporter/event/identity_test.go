package event_test

import (
	"testing"

	"spanwatch/exporter/event"
)

func TestEventIDsDifferInEverythingThatTellsEventsApart(t *testing.T) {
	base := event.Envelope{FlowID: 1, Packet: 2, Index: 3, HasTx: true, TxID: 4}
	change := func(f func(v *event.Envelope)) event.Envelope {
		v := base
		f(&v)
		return v
	}
	noTx := change(func(v *event.Envelope) { v.HasTx = false })
	firstTx := change(func(v *event.Envelope) { v.TxID = 0 })
	e := newEncoder(t, event.Options{Sensor: "a", Run: "b"})
	ids := map[string]event.ID{
		"base":          e.ID(event.TypeAlert, &base, 1, 5),
		"other type":    e.ID(event.TypeFlow, &base, 1, 5),
		"other gid":     e.ID(event.TypeAlert, &base, 2, 5),
		"other sid":     e.ID(event.TypeAlert, &base, 1, 6),
		"no tx":         e.ID(event.TypeAlert, &noTx, 1, 5),
		"first tx":      e.ID(event.TypeAlert, &firstTx, 1, 5),
		"other sensor":  newEncoder(t, event.Options{Sensor: "b", Run: "b"}).ID(event.TypeAlert, &base, 1, 5),
		"other run":     newEncoder(t, event.Options{Sensor: "a", Run: "c"}).ID(event.TypeAlert, &base, 1, 5),
		"shifted names": newEncoder(t, event.Options{Sensor: "ab", Run: ""}).ID(event.TypeAlert, &base, 1, 5),
	}
	for name, f := range map[string]func(v *event.Envelope){
		"other flow":   func(v *event.Envelope) { v.FlowID = 9 },
		"other packet": func(v *event.Envelope) { v.Packet = 9 },
		"other index":  func(v *event.Envelope) { v.Index = 9 },
	} {
		v := change(f)
		ids[name] = e.ID(event.TypeAlert, &v, 1, 5)
	}
	seen := map[event.ID]string{}
	for name, id := range ids {
		if other, ok := seen[id]; ok {
			t.Errorf("%q and %q have the same id %s", name, other, id)
		}
		seen[id] = name
	}
}

func TestEventIDsAreTheSameInEveryRelease(t *testing.T) {
	v := event.Envelope{FlowID: 1, Packet: 2, Index: 3, HasTx: true, TxID: 4}
	e := newEncoder(t, event.Options{Sensor: "a", Run: "b"})
	const want = "41f60307-7d73-8fed-b6a3-2fad60059e83"
	if got := e.ID(event.TypeAlert, &v, 1, 5).String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	v.Time, v.PcapCnt, v.Interface = 1, 2, "eth0" // no part of the identity
	if got := e.ID(event.TypeAlert, &v, 1, 5).String(); got != want {
		t.Errorf("with other members: got %s, want %s", got, want)
	}
}
