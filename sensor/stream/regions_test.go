package stream

import "testing"

// TestRegionsAreCountedWhereMuchIsMissing: pieces that wait for less than 256 KiB
// before them are one region with it, each beyond that is one more, and the most at
// one time are told.
func TestRegionsAreCountedWhereMuchIsMissing(t *testing.T) {
	const scaleOption = "\x03\x03\x08\x01"
	r := newRoom(t, nil)
	for _, p := range handshake {
		p.opts = scaleOption
		if p.flags == "A" {
			p.opts = ""
		}
		r.say(p)
	}
	r.say(piece{from: 's', flags: "A", seq: 1, ack: 1})
	for _, step := range []struct {
		seq  int64
		want uint32
	}{{1, 1}, {100_000, 1}, {400_000, 2}, {1_000_000, 3}, {700_000, 4}, {250_000, 4}} {
		r.send(step.seq, "data")
		if got := r.Regions(&r.flow); got != [2]uint32{step.want, 1} {
			t.Errorf("after data at %d: %v regions, want %d and 1", step.seq, got, step.want)
		}
	}
}
