package http2

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/body"
	"spanwatch/decoders/app/file"
)

// Progress of a side, as that of HTTP/1: rules on both are the same.
const (
	Started   = 0
	InBody    = 3 // the fields are there
	Completed = 5
)

// phase is the state of a stream. They are in the order that Suricata has
// them in, which decides what counts as progress of the request and of the
// response.
type phase uint8

const (
	phaseOpen             phase = iota
	phaseDataClient             // the client sends a body
	phaseHalfClosedClient       // the request is over
	phaseDataServer
	phaseHalfClosedServer
	phaseClosed
	phaseGlobal // not a stream but the connection
)

// Events, as rules and anomaly records name them.
const (
	EventInvalidClientMagic = app.FirstEvent + app.Event(app.ProtoHTTP2)*app.EventsPerProtocol + iota
	EventInvalidFrameData
	EventInvalidHeader
	EventInvalidFrameLength
	EventLongFrameData
	EventStreamIDReuse
	EventHeaderIntegerOverflow
	EventTooManyStreams
	EventAuthorityHostMismatch
	EventUserinfoInURI
	EventReassemblyLimitReached
	EventDNSRequestTooLong
	EventDNSResponseTooLong
	EventDataStreamZero
	EventTooManyFrames
	EventFailedDecompression
	EventInvalidRange
	EventCompressionBomb
	EventInvalidHTTP1Settings
	EventExtraHeaderData
)

var _ = app.NameEvents(app.ProtoHTTP2,
	"invalid_client_magic", "invalid_frame_data", "invalid_header", "invalid_frame_length", "long_frame_data", "stream_id_reuse",
	"header_integer_overflow", "too_many_streams", "authority_host_mismatch", "userinfo_in_uri", "reassembly_limit_reached",
	"dns_request_too_long", "dns_response_too_long", "data_stream_zero", "too_many_frames",
	"failed_decompression", "invalid_range", "compression_bomb", "invalid_http1_settings", "extra_header_data")

const (
	maxFrames = 65536 // of a side of a transaction, as in Suricata
)

// Tx is a stream, or a frame that concerns the whole connection. It implements
// app.Tx and app.Streamed.
type Tx struct {
	id     uint64
	parser *Parser
	stream uint32
	phase  phase
	sides  [2]sent
	bodies [2]content
	dns    [2]carried
	events app.EventSet
	state  app.TxState
}

var (
	_ app.Reusable = (*Tx)(nil)
	_ app.Recorder = (*Tx)(nil)
	_ app.Streamed = (*Tx)(nil)
)

// frame takes note of a frame.
func (t *Tx) frame(dir decoders.Direction, kind uint8) {
	s := &t.sides[dir]
	if s.frames++; s.frames > maxFrames {
		t.events.Add(EventTooManyFrames)
	}
	s.kinds = appendBounded(s.kinds, kind)
}

// carries notes that a side sends a body.
func (t *Tx) carries(dir decoders.Direction) {
	if dir == decoders.ToServer {
		t.phase = max(t.phase, phaseDataClient)
	} else {
		t.phase = max(t.phase, phaseDataServer)
	}
}

// ended notes that a side has sent all of it.
func (t *Tx) ended(dir decoders.Direction) {
	switch t.phase {
	case phaseHalfClosedClient, phaseDataServer:
		if dir == decoders.ToClient {
			t.phase = phaseClosed
		}
	case phaseHalfClosedServer:
		if dir == decoders.ToServer {
			t.phase = phaseClosed
		}
	case phaseClosed, phaseGlobal:
	default:
		if dir == decoders.ToClient {
			t.phase = phaseHalfClosedServer
		} else {
			t.phase = phaseHalfClosedClient
		}
	}
	if t.phase == phaseClosed {
		for i := range t.bodies {
			t.bodies[i].cut(t.parser)
		}
	}
}

func (t *Tx) over() bool { return t.phase >= phaseClosed }

// finish is done with a stream that is not complete.
func (t *Tx) finish(p *Parser) {
	for i := range t.bodies {
		t.bodies[i].cut(p)
	}
	t.phase = phaseClosed
}

// dataEnded notes that a DATA frame is complete.
func (t *Tx) dataEnded(dir decoders.Direction) {
	if t.bodies[dir].failed {
		t.events.Add(EventFailedDecompression)
	}
	if t.bodies[dir].bomb {
		t.events.Add(EventCompressionBomb)
	}
	switch {
	case !t.dns[dir].long:
	case dir == decoders.ToServer:
		t.events.Add(EventDNSRequestTooLong)
	default:
		t.events.Add(EventDNSResponseTooLong)
	}
}

// examine looks at the fields of a block, which begin with the given one.
func (t *Tx) examine(dir decoders.Direction, first int) {
	s := &t.sides[dir]
	var authority, host, path []byte
	acceptsDNS := false
	for i := first; i < len(s.fields); i++ {
		f := &s.fields[i]
		if f.resize {
			continue
		}
		name, value := s.name(f), s.value(f)
		switch {
		case equalFold(name, ":authority"):
			authority = value
			if bytes.IndexByte(value, '@') >= 0 {
				t.events.Add(EventUserinfoInURI)
			}
		case equalFold(name, "host"):
			host = value
		case string(name) == "content-encoding":
			if e := encodingOf(value); e != body.Identity {
				t.bodies[dir].encoded(t.parser, e)
			}
		case string(name) == "content-range" && dir == decoders.ToClient && !isContentRange(value):
			t.events.Add(EventInvalidRange)
		case string(name) == "content-type":
			t.dns[dir].body = string(value) == dnsType
		case string(name) == "accept":
			acceptsDNS = string(value) == dnsType
		case string(name) == ":path":
			path = value
		}
	}
	if acceptsDNS {
		t.dnsQuery(path)
	}
	if authority != nil && host != nil && !bytes.EqualFold(authority, host) {
		t.events.Add(EventAuthorityHostMismatch)
	}
}

// isContentRange reports whether a value is one of Content-Range (RFC 9110
// section 14.4): bytes, a range or a star, a slash, and a size or a star.
func isContentRange(value []byte) bool {
	b, ok := bytes.CutPrefix(bytes.TrimLeft(value, " "), []byte("bytes"))
	if !ok {
		return false
	}
	span, size, ok := bytes.Cut(bytes.TrimLeft(b, " "), []byte("/"))
	first, last, ranged := bytes.Cut(span, []byte("-"))
	return ok && (string(size) == "*" || isNumber(size)) && (string(span) == "*" || ranged && isNumber(first) && isNumber(last))
}

func isNumber(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

// ID numbers the transactions of the flow.
func (t *Tx) ID() uint64 { return t.id }

// Progress returns InBody once the fields of a side are there for sure: it
// sends a body, or has ended.
func (t *Tx) Progress(dir decoders.Direction) uint8 {
	switch {
	case t.over():
		return Completed
	case dir == decoders.ToServer && t.phase >= phaseDataClient, dir == decoders.ToClient && t.phase >= phaseDataServer:
		return InBody
	}
	return Started
}

// Complete reports that both sides have ended.
func (t *Tx) Complete(decoders.Direction) bool { return t.over() }

// State returns the memory of the transaction's consumers.
func (t *Tx) State() *app.TxState { return &t.state }

// HasEvent reports an oddity.
func (t *Tx) HasEvent(e app.Event) bool { return t.events.Has(app.ProtoHTTP2, e) }

// AppendEvents appends all oddities.
func (t *Tx) AppendEvents(dst []app.Event) []app.Event {
	return t.events.Append(app.ProtoHTTP2, dst)
}

// File returns the bodies for export, that of the request first.
func (t *Tx) File(i int) (*file.File, decoders.Direction) {
	for d := range t.bodies {
		if c := &t.bodies[d]; c.State != file.Unused {
			if i == 0 {
				return &c.File, c.Dir
			}
			i--
		}
	}
	return nil, 0
}

// Stream returns what is new of a body.
func (t *Tx) Stream(b app.Buffer, i int) (app.Piece, bool) {
	if b == app.HTTPRequestBody {
		b = app.FileData.In(decoders.ToServer)
	}
	for d := range t.bodies {
		if piece, ok := t.bodies[d].Stream(b, i); ok {
			return piece, true
		}
	}
	return app.Piece{}, false
}

// Inspected says that the pieces given out are done with.
func (t *Tx) Inspected(dir decoders.Direction) { t.bodies[dir].Inspected(dir) }

// Reuse makes the transaction as new.
func (t *Tx) Reuse(id uint64) {
	for d := range t.sides {
		t.sides[d].reuse()
		t.bodies[d].clear(t.parser)
		t.dns[d].reuse(t.parser)
	}
	*t = Tx{id: id, sides: t.sides, bodies: t.bodies, dns: t.dns}
}
