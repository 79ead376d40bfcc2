package tls

import (
	"slices"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

func TestFramesAreMarked(t *testing.T) {
	type frame struct {
		name       string
		start, len int
	}
	data := []byte("\x15\x03\x03\x00\x02\x01\x00")
	p := NewParser()
	s := p.New()
	var log app.FrameLog
	s.(app.FrameMarker).MarkFrames(&log)
	in := app.Input{Data: data, Dir: decoders.ToServer}
	log.Begin(in, 0)
	s.Parse(in)
	var got []frame
	for _, f := range log.Frames(decoders.ToServer) {
		if f.Kind != app.FrameStream {
			got = append(got, frame{p.FrameNames()[f.Kind-1], int(f.Start), int(f.Len)})
		}
	}
	if want := []frame{{"pdu", 0, 7}, {"hdr", 0, 5}, {"data", 5, 2}, {"alert", 5, 2}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
