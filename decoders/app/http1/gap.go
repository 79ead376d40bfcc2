package http1

import "spanwatch/decoders"

// gap says that n bytes of a side are missing. In a body whose length is known
// they count; anywhere else the parser looks for the next message.
func (s *State) gap(dir decoders.Direction, n uint64) verdict {
	sd := s.sideOf(dir)
	sd.pending = sd.pending[:0]
	sd.skip = false
	if sd.step == stepBody || sd.step == stepChunk {
		m := s.messageOf(dir)
		missed := min(n, sd.left)
		m.missBody(missed)
		sd.left -= missed
		n -= missed
		switch {
		case sd.left > 0:
		case sd.step == stepChunk:
			sd.step = stepChunkEnd
		case dir == decoders.ToServer:
			s.endRequest()
		default:
			s.endResponse()
		}
	} else if sd.step == stepBodyToEnd {
		s.messageOf(dir).missBody(n)
		n = 0
	}
	if n == 0 {
		return goOn
	}
	return s.loseTrack(dir)
}

func (s *State) messageOf(dir decoders.Direction) *message { return s.sideOf(dir).tx.side(dir) }

// skipToResponse skips lines behind a gap until one starts like a response.
func (s *State) skipToResponse(data []byte) []byte {
	for len(data) > 0 {
		if looksLikeResponse(data) || mayStartResponse(data) {
			s.server.resync = false
			return data
		}
		n := behindLF(data)
		if n < 0 {
			n = len(data)
		}
		s.parser.stats.Skipped += uint64(n)
		data = data[n:]
	}
	return nil
}

// loseTrack ends the message at hand, since nobody knows where it ends, and
// looks for the next one.
func (s *State) loseTrack(dir decoders.Direction) verdict {
	if dir == decoders.ToServer {
		c := &s.client
		switch c.step {
		case stepTunnelAnswer, stepIgnore:
			return goOn
		case stepIdle, stepLine, stepFinish:
		default:
			c.tx.request.missBody(0)
			s.endRequest()
		}
		c.tx, c.step, c.lost = nil, stepIdle, true
		return goOn
	}
	r := &s.server
	switch r.step {
	case stepIgnore:
		return goOn
	case stepIdle, stepLine:
	default:
		if r.step != stepFinish {
			r.tx.response.missBody(0)
			s.endResponse()
		}
		if s.upgraded {
			return goOn
		}
		s.responses++
		r.tx, r.step = nil, stepIdle
	}
	r.resync = true
	return goOn
}
