package ssh

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
	data := []byte("SSH-2.0-x\r\n\x00\x00\x00\x0c\x0a\x01abcdefghij")
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
	if want := []frame{{"record.hdr", 11, 6}, {"record.data", 17, 10}, {"record.pdu", 11, 16}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
