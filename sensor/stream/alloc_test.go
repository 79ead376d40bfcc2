package stream

import (
	"math/rand/v2"
	"testing"

	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// TestSteadyStateAllocatesNothing runs conversations with losses, overlaps and
// repetitions again and again.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	r := newRoom(t, nil)
	rnd := rand.New(rand.NewPCG(1, 1))
	type step struct {
		p    decoders.Packet
		dir  decoders.Direction
		flow int
	}
	var steps []step
	var flows [8]flow.Flow
	for i := range flows {
		r.talk = newTalk()
		for _, s := range append(stray(rnd), mess(rnd, 6)...) {
			f := r.talk.frame(s)
			st := step{flow: i}
			r.decoder.Decode(&f, &st.p)
			if s.from == 's' {
				st.dir = decoders.ToClient
			}
			steps = append(steps, st)
		}
	}
	read := 0
	work := func() {
		for i := range steps {
			s := &steps[i]
			f := &flows[s.flow]
			r.Packet(f, &s.p, s.dir)
			for d := range decoders.Direction(2) {
				for c, ok := r.NextApp(f, d); ok; c, ok = r.NextApp(f, d) {
					read += len(c.Data)
					r.Consumed(f, d, len(c.Data)/2)
				}
				for c, ok := r.NextRaw(f, d); ok; c, ok = r.NextRaw(f, d) {
					read += len(c.Data)
				}
			}
			if i%16 == 0 {
				r.Retain()
			}
		}
		for i := range flows {
			r.Finish(&flows[i])
			r.Close(&flows[i])
		}
	}
	for range 3 {
		work()
	}
	if read == 0 {
		t.Fatal("no data was read")
	}
	if n := testing.AllocsPerRun(10, work); n != 0 {
		t.Errorf("%v allocations in %d packets", n, len(steps))
	}
}
