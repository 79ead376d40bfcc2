package dcerpc

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
	data := []byte("\x05\x00\x0e\x03\x10\x00\x00\x00\x14\x00\x00\x00\x01\x00\x00\x00abcd")
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
	if want := []frame{{"hdr", 0, 16}, {"pdu", 0, 20}, {"data", 16, 4}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
