package http1

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Stream returns what is due of a body or file. As in Suricata, the file of a
// response is its body; those of a request are the files that it uploads.
func (t *Tx) Stream(b app.Buffer, i int) (app.Piece, bool) {
	if i < 0 {
		return app.Piece{}, false
	}
	switch b {
	case app.HTTPRequestBody:
		return t.request.stream(i)
	case app.HTTPResponseBody, app.FileData.In(decoders.ToClient):
		return t.response.stream(i)
	case app.FileData:
		m := &t.request
		if i >= len(m.files) {
			return app.Piece{}, false
		}
		a := m.files[i]
		if a.whole {
			return m.stream(0)
		}
		return a.window.due(m.limits()), true
	}
	return app.Piece{}, false
}

func (m *message) stream(i int) (app.Piece, bool) {
	if i > 0 || m.body.seen == 0 {
		return app.Piece{}, false
	}
	return m.body.due(m.limits()), true
}

// Inspected ends a run of detection in a direction.
func (t *Tx) Inspected(dir decoders.Direction) {
	m := t.side(dir)
	c := m.limits()
	m.body.finish(c)
	for _, a := range m.files {
		if !a.whole {
			a.window.finish(c)
		}
	}
}
