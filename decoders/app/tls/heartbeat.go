package tls

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Heartbeats (RFC 6520) are watched for requests that ask for more than they
// bring, and for answers that are longer than their request: CVE-2014-0160.
const (
	heartbeatRequest  = 1
	heartbeatResponse = 2
	heartbeatHeader   = 3
	heartbeatPadding  = 16 // least number of bytes
)

// heartbeats is what is known of the heartbeat under way.
type heartbeats struct {
	waiting bool
	from    decoders.Direction // of the request
	length  int                // of the request's record when encrypted, else 0
}

func (s *State) heartbeat(body []byte, dir decoders.Direction) bool {
	if len(body) < heartbeatHeader {
		return true
	}
	h := &s.beat
	encrypted := s.tx.changed[0] || s.tx.changed[1]
	if !encrypted && body[0] != heartbeatRequest && body[0] != heartbeatResponse {
		s.tx.event(app.EventTLSInvalidHeartbeatMessage)
		return false
	}
	switch {
	case h.waiting && h.from == dir:
		s.tx.event(app.EventTLSInvalidHeartbeatMessage)
		return false
	case h.waiting:
		leak := encrypted && h.length > 0 && h.length < len(body)
		*h = heartbeats{}
		if leak {
			s.tx.event(app.EventTLSDataleakHeartbeatMismatch)
			return false
		}
		return true
	}
	*h = heartbeats{waiting: true, from: dir}
	if encrypted {
		h.length = len(body)
		return true
	}
	padding := len(body) - heartbeatHeader - int(binary.BigEndian.Uint16(body[1:]))
	switch {
	case padding < 0:
		s.tx.event(app.EventTLSOverflowHeartbeatMessage)
		return false
	case padding < heartbeatPadding:
		s.tx.event(app.EventTLSInvalidHeartbeatMessage)
		return false
	}
	return true
}
