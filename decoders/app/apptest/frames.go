package apptest

import (
	"fmt"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Frames gives data from the client to a fresh state of p and returns the frames
// that it marks, but for that of the whole stream, as "name offset+length".
func Frames(p app.Framed, data string) (frames []string) {
	s := p.New()
	var log app.FrameLog
	s.(app.FrameMarker).MarkFrames(&log)
	in := app.Input{Data: []byte(data), Dir: decoders.ToServer}
	log.Begin(in, 0)
	s.Parse(in)
	for _, f := range log.Frames(decoders.ToServer) {
		if f.Kind != app.FrameStream {
			frames = append(frames, fmt.Sprintf("%s %d+%d", p.FrameNames()[f.Kind-1], f.Start, f.Len))
		}
	}
	return frames
}
