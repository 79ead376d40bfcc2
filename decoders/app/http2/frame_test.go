package http2

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
	data := []byte(preface + "\x00\x00\x02\x00\x00\x00\x00\x00\x01ab")
	p := NewParser(nil)
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
	if want := []frame{{"hdr", 24, 9}, {"pdu", 24, 11}, {"data", 33, 2}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
