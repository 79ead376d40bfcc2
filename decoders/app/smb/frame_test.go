package smb

import (
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

func TestFramesAreMarked(t *testing.T) {
	type frame struct {
		name       string
		start, len int
	}
	data := []byte("\x00\x00\x00\x26\xffSMB\x2b" + strings.Repeat("\x00", 33))
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
	if want := []frame{{"nbss.pdu", 0, 42}, {"nbss.hdr", 0, 4}, {"nbss.data", 4, 38}, {"smb1.pdu", 4, 38}, {"smb1.hdr", 4, 32}, {"smb1.data", 36, 6}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
