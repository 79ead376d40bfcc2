package sip

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// AppendRecord tells of a message, in the words of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	r.OptionalText("method", t.start.method)
	r.OptionalText("uri", t.start.uri)
	r.Text("version", t.start.version)
	r.OptionalText("code", t.start.code)
	r.OptionalText("reason", t.start.reason)
	if len(t.sdp.lines) > 0 {
		r.Object("sdp")
		t.sdp.record(r)
		r.End()
	}
	if t.Direction() == decoders.ToServer {
		r.Text("request_line", t.line)
	} else {
		r.Text("response_line", t.line)
	}
	return true
}

// record appends the members of the sdp object.
func (d *description) record(r *app.Record) {
	for _, m := range [...]struct {
		kind byte
		name string
	}{
		{'o', "origin"}, {'s', "session_name"}, {'i', "session_info"}, {'u', "uri"}, {'e', "email"}, {'p', "phone_number"},
		{'c', "connection_data"},
	} {
		if v, ok := d.session(m.kind, 0); ok {
			r.Text(m.name, v)
		}
	}
	d.list(r, "bandwidths", 'b', 0)
	d.times(r)
	if v, ok := d.session('z', 0); ok {
		r.Text("timezone", v)
	}
	if v, ok := d.session('k', 0); ok {
		r.Text("encryption_key", v)
	}
	d.list(r, "attributes", 'a', 0)
	if d.media == 0 {
		return
	}
	r.List("media_descriptions")
	for media := 1; media <= d.media; media++ {
		r.Object("")
		for _, m := range [...]struct {
			kind byte
			name string
		}{{'m', "media"}, {'i', "media_info"}, {'c', "connection_data"}} {
			d.first(r, m.name, m.kind, media)
		}
		d.list(r, "bandwidths", 'b', media)
		d.first(r, "encryption_key", 'k', media)
		d.list(r, "attributes", 'a', media)
		r.End()
	}
	r.End()
}

// first appends the first line of a kind of a media description.
func (d *description) first(r *app.Record, name string, kind byte, media int) {
	for _, l := range d.lines {
		if l.media == media && l.kind == kind {
			r.Text(name, l.value)
			return
		}
	}
}

// list appends the lines of a kind of a media description, or with media 0 of
// the session.
func (d *description) list(r *app.Record, name string, kind byte, media int) {
	open := false
	for _, l := range d.lines {
		if l.media != media || l.kind != kind {
			continue
		}
		if !open {
			r.List(name)
			open = true
		}
		r.Text("", l.value)
	}
	if open {
		r.End()
	}
}

// times appends the times of the session, each with its repetitions.
func (d *description) times(r *app.Record) {
	open := false
	for i, l := range d.lines {
		if l.media > 0 {
			break
		}
		if l.kind != 't' {
			continue
		}
		if !open {
			r.List("time_descriptions")
			open = true
		}
		r.Object("")
		r.Text("time", l.value)
		if next := i + 1; next < len(d.lines) && d.lines[next].kind == 'r' {
			r.Text("repeat_time", d.lines[next].value)
		}
		r.End()
	}
	if open {
		r.End()
	}
}
