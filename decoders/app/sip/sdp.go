package sip

import "bytes"

// sdpType is the media type of session descriptions.
const sdpType = "application/sdp"

// line is one of a session description: `k=value` (RFC 8866 section 5).
type line struct {
	kind  byte
	media int // number of the media description it belongs to, from 1; 0 for the session's
	value []byte
}

// description is a session description; its lines point into the message.
type description struct {
	lines []line
	media int // number of media descriptions
}

// parse reads lines; it does not ask for an order, since receivers do not.
func (d *description) parse(body []byte) {
	for len(body) > 0 {
		n := lineEnd(body)
		text := trimLine(body[:n])
		body = body[n:]
		if len(text) < 2 || text[1] != '=' {
			continue
		}
		if text[0] == 'm' {
			d.media++
		}
		d.lines = append(d.lines, line{text[0], d.media, bytes.TrimRight(text[2:], " \t")})
	}
}

// session returns line i of a kind that belongs to the session.
func (d *description) session(kind byte, i int) ([]byte, bool) {
	for _, l := range d.lines {
		if l.media > 0 {
			return nil, false
		}
		if l.kind == kind {
			if i == 0 {
				return l.value, true
			}
			i--
		}
	}
	return nil, false
}

// ofMedia returns line i of a kind among those of all media descriptions.
func (d *description) ofMedia(kind byte, i int) ([]byte, bool) {
	for _, l := range d.lines {
		if l.media > 0 && l.kind == kind {
			if i == 0 {
				return l.value, true
			}
			i--
		}
	}
	return nil, false
}

func (d *description) reset() {
	lines := d.lines[:0]
	clear(lines[:cap(lines)])
	*d = description{lines: lines}
}
