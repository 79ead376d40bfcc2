package stream

import (
	"strings"
	"testing"

	"spanwatch/decoders"
)

// TestWhatNobodyAcknowledgedWhenBothSidesClosedIsDueToNobody: a server that closes
// together with its client has sent an answer that the client never acknowledged.
// When the session is closed no parser sees it, not at the flow's end either, as in
// Suricata; when it was reset the flow's end shows it.
func TestWhatNobodyAcknowledgedWhenBothSidesClosedIsDueToNobody(t *testing.T) {
	for _, c := range []struct {
		name string
		last []piece
		want string
	}{
		{"closed", []piece{{from: 'c', flags: "FA", seq: 5, ack: 1}, {from: 's', flags: "A", seq: 8, ack: 6}}, ""},
		{"reset", []piece{{from: 'c', flags: "R", seq: 5}}, "answer"},
		{"left open", nil, "answer"},
	} {
		r := newRoom(t, nil)
		r.open()
		r.send(1, "asks")
		r.say(piece{from: 's', flags: "FPA", seq: 1, ack: 5, data: "answer"})
		for _, p := range c.last {
			r.say(p)
		}
		got := r.app(decoders.ToClient)
		r.Finish(&r.flow)
		got += r.app(decoders.ToClient)
		want(t, c.name, strings.ReplaceAll(got, "$", ""), c.want) // without the ends
	}
}
