package kafka

import (
	"bytes"
	"encoding/binary"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

// headers are those of all records: event_type, sensor, schema, content-type
// and event_id. What does not differ between records of a type is rendered
// once.
type headers struct {
	fixed [event.NumTypes][]byte // their number, all but event_id, and its key and length
}

const (
	contentType = "application/json"
	eventIDLen  = 36
)

func newHeaders(c *Config) headers {
	var h headers
	schema := c.Schema
	if schema == "" {
		schema = event.SchemaID
	}
	for t := range h.fixed {
		list := []Header{{"event_type", event.Type(t).String()}, {"schema", schema}, {"content-type", contentType}}
		if c.Sensor != "" {
			list = append(list, Header{"sensor", c.Sensor})
		}
		list = append(list, c.Headers...)
		b := binary.AppendVarint(nil, int64(len(list)+1))
		for _, one := range list {
			b = appendText(b, one.Key)
			b = appendText(b, one.Value)
		}
		b = appendText(b, "event_id")
		h.fixed[t] = binary.AppendVarint(b, eventIDLen)
	}
	return h
}

func appendText(dst []byte, s string) []byte {
	dst = binary.AppendVarint(dst, int64(len(s)))
	return append(dst, s...)
}

func (h *headers) append(dst []byte, r *exporter.Record) []byte {
	dst = append(dst, h.fixed[r.Type]...)
	return r.ID.Append(dst)
}

// size is the bytes of the headers of a record of type t.
func (h *headers) size(t event.Type) int { return len(h.fixed[t]) + eventIDLen }

// keyOf returns the key of r, empty for none. It points into r or e.
func (e *batchEncoder) keyOf(r *exporter.Record) []byte {
	switch e.key {
	case KeySensor:
		return e.sensor
	case KeySrcIP:
		return srcIP(r.Body)
	case KeyCommunityID:
		return r.Key
	case KeyFlowID:
		return flowID(r.Body)
	}
	return nil
}

// flowID finds the digits of flow_id, which the encoder writes right after the
// timestamp. A record without it has none in the envelope.
func flowID(body []byte) []byte {
	const name, within = `,"flow_id":`, 96
	i := bytes.Index(body[:min(len(body), within)], []byte(name))
	if i < 0 {
		return nil
	}
	digits := body[i+len(name):]
	n := 0
	for n < len(digits) && digits[n] >= '0' && digits[n] <= '9' {
		n++
	}
	return digits[:n]
}

// srcIP finds the text of src_ip, which the encoder writes near the beginning.
// A quote within an earlier string would have a backslash before it.
func srcIP(body []byte) []byte {
	const name, within = `,"src_ip":"`, 512
	i := bytes.Index(body[:min(len(body), within)], []byte(name))
	if i < 0 {
		return nil
	}
	text := body[i+len(name):]
	return text[:max(bytes.IndexByte(text, '"'), 0)]
}
