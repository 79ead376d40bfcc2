package http2

import (
	"strconv"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// AppendRecord tells of a stream, in the words of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	request, response := &t.sides[decoders.ToServer], &t.sides[decoders.ToClient]
	if !request.tells() && !response.tells() {
		return false
	}
	r.Word("version", "2")
	request.recordFields(r, "request_headers")
	response.recordFields(r, "response_headers")
	t.recordCommon(r)
	r.Object("http2")
	r.Uint("stream_id", uint64(t.stream))
	request.recordFrames(r, "request")
	response.recordFrames(r, "response")
	r.End()
	return true
}

// tells reports that there is anything to tell of a side.
func (s *sent) tells() bool { return len(s.fields) > 0 || s.framesTell() }

func (s *sent) framesTell() bool {
	return len(s.settings) > 0 || len(s.errors) > 0 || len(s.priorities) > 0
}

func (s *sent) recordFields(r *app.Record, name string) {
	if len(s.fields) == 0 {
		return
	}
	r.List(name)
	for i := range s.fields {
		f := &s.fields[i]
		r.Object("")
		if f.resize {
			r.Uint("table_size_update", f.size)
		} else {
			r.Text("name", s.name(f))
			r.Text("value", s.value(f))
		}
		r.End()
	}
	r.End()
}

// recordCommon appends what records of both versions of HTTP have. Of several
// fields of a name the last counts, whichever side sent it.
func (t *Tx) recordCommon(r *app.Record) {
	var method, path, host, agent, length, status []byte
	authority := false
	for d := range t.sides {
		s := &t.sides[d]
		for i := range s.fields {
			f := &s.fields[i]
			if f.resize {
				continue
			}
			name, value := s.name(f), s.value(f)
			switch {
			case equalFold(name, ":method"):
				method = value
			case equalFold(name, ":path"):
				path = value
			case equalFold(name, ":authority"):
				host, authority = value, true
			case equalFold(name, "host") && !authority:
				host = value
			case equalFold(name, "user-agent"):
				agent = value
			case equalFold(name, "content-length"):
				length = value
			case equalFold(name, ":status"):
				status = value
			}
		}
	}
	optional := func(name string, value []byte) {
		if value != nil {
			r.Text(name, value)
		}
	}
	optional("http_method", method)
	optional("url", path)
	optional("hostname", host)
	optional("http_user_agent", agent)
	if n, ok := decimal(length); ok {
		r.Uint("length", n)
	}
	if n, ok := decimal(status); ok && n <= 65535 {
		r.Uint("status", n)
	}
}

// decimal reads a number that fits into a JSON number without loss.
func decimal(b []byte) (n uint64, ok bool) {
	if len(b) == 0 || len(b) > 15 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// recordFrames appends what frames other than those of fields and bodies say.
func (s *sent) recordFrames(r *app.Record, name string) {
	if !s.framesTell() {
		return
	}
	r.Object(name)
	if len(s.settings) > 0 {
		r.List("settings")
		for _, p := range s.settings {
			r.Object("")
			r.Word("settings_id", settingNames[p.id])
			r.Uint("settings_value", uint64(p.value))
			r.End()
		}
		r.End()
	}
	if len(s.errors) > 0 {
		e := s.errors[0]
		switch {
		case int(e.code) >= len(errorNames):
			m := &s.made[madeCode]
			m.text = strconv.AppendUint(m.text[:0], uint64(e.code), 10)
			r.Text("error_code", m.text)
		case e.goAway:
			r.Word("error_code", errorNames[e.code][2])
		default:
			r.Word("error_code", errorNames[e.code][1])
		}
	}
	if len(s.priorities) > 0 {
		r.Uint("priority", uint64(s.priorities[0]))
	}
	switch {
	case len(s.errors) > 1:
		r.Word("has_multiple", "error_code")
	case len(s.priorities) > 1:
		r.Word("has_multiple", "priority")
	}
	r.End()
}
