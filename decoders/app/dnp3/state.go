package dnp3

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

const (
	// maxFragment is how much is put together of one fragment; Suricata stops
	// there too. Devices agree on 2048 and less (section 4.4.2).
	maxFragment = 16066
	// hardTxs bounds live transactions whatever is configured.
	hardTxs = 1024
)

// Bits of the transport octet (section 8.2.1), which has a sequence number of
// six bits besides.
const (
	transportFinal = 0x80
	transportFirst = 0x40
	transportMask  = 0x3f
)

// confirm is the function of confirmations.
const confirm = 0

// State is the DNP3 of one flow.
type State struct {
	live    app.Live[*Tx]
	parser  *Parser
	flooded bool
	framed  [2]bool // a frame was seen: no banner is to come
	hunting [2]bool // for the start of a frame, behind a broken header
}

var _ app.State = (*State)(nil)

// Parse reads the frames of in. Bytes that are missing, or that are no frame,
// end it; behind a header that is broken the next start is looked for.
func (s *State) Parse(in app.Input) app.Result {
	if in.Datagram || in.Gap > 0 && !s.hunting[in.Dir] {
		return app.Result{Status: app.StatusError}
	}
	at := 0
	for at < len(in.Data) {
		rest := in.Data[at:]
		if s.hunting[in.Dir] || !s.framed[in.Dir] && in.Dir == decoders.ToClient && printable(rest[0]) {
			n := bytes.IndexByte(rest, start[0])
			if n < 0 {
				n = len(rest)
			}
			if n > 0 {
				at += n
				continue
			}
		}
		if len(rest) < linkLen {
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: linkLen}
		}
		l := parseLink(rest)
		if !bytes.HasPrefix(rest, start) {
			if !s.hunting[in.Dir] {
				return app.Result{Status: app.StatusError, Consumed: at}
			}
			at++
			continue
		}
		holds := crcHolds(rest[:linkLen])
		if !holds || l.length < minLength {
			if !s.hunting[in.Dir] {
				s.hunting[in.Dir] = true
				if holds {
					s.event(in.Dir, EventLenTooSmall)
				} else {
					s.event(in.Dir, EventBadLinkCRC)
				}
			}
			at++
			continue
		}
		end := l.frameLen()
		if len(rest) < end {
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: end}
		}
		s.hunting[in.Dir], s.framed[in.Dir] = false, true
		if l.userData() {
			s.frame(l, rest[linkLen:end], in.Dir)
		}
		at += end
	}
	return app.Result{Status: app.StatusOK, Consumed: at}
}

// frame takes the blocks of a frame with user data.
func (s *State) frame(l link, blocks []byte, dir decoders.Direction) {
	least := 1 // octets of a segment
	if len(blocks) > 0 && blocks[0]&transportFirst != 0 {
		least = headLen(dir)
	}
	if int(l.length) < minLength+1+least {
		s.event(dir, EventLenTooSmall)
		return
	}
	data, ok := appendUserData(s.parser.segment[:0], blocks)
	s.parser.segment = data
	if !ok {
		s.event(dir, EventBadTransportCRC)
		return
	}
	transport, segment := data[0], data[1:]
	var t *Tx
	if transport&transportFirst == 0 {
		if t = s.continued(l, transport, dir); t == nil {
			return
		}
	} else {
		if dir == decoders.ToServer && segment[1] == confirm {
			return
		}
		if t = s.begin(dir); t == nil {
			return
		}
		t.link, t.told = l, true
	}
	t.transport = transport
	if len(t.data)+len(segment) > maxFragment {
		t.events.Add(EventTooLongReassembly)
		t.complete = true
		return
	}
	t.data = append(t.data, segment...)
	if transport&transportFinal != 0 {
		t.complete = true
		t.parseObjects(s.parser.config)
	}
}

// continued finds the fragment that a segment is the next of.
func (s *State) continued(l link, transport uint8, dir decoders.Direction) *Tx {
	for i := range s.live.Len() {
		t := s.live.At(i)
		if t.dir == dir && t.told && !t.complete && t.link.src == l.src && t.link.dst == l.dst &&
			(t.transport+1)&transportMask == transport&transportMask {
			return t
		}
	}
	return nil
}

// begin makes a transaction. That there are too many is told with the first
// one beyond; then the oldest fragments without an end are given up.
func (s *State) begin(dir decoders.Direction) *Tx {
	n, limit := s.live.Len(), s.parser.config.MaxTransactions
	if n >= hardTxs {
		return nil
	}
	t := s.live.Add()
	t.dir = dir
	switch {
	case n < limit:
		s.flooded = false
	case !s.flooded:
		s.flooded = true
		t.events.Add(EventFlooded)
	}
	if s.flooded {
		s.live.At(n - limit).complete = true
	}
	return t
}

// event tells of a broken frame, with the newest transaction if there is one.
func (s *State) event(dir decoders.Direction, e app.Event) {
	t, ok := s.live.Last()
	if !ok {
		if t = s.begin(dir); t == nil {
			return
		}
		t.complete = true
	}
	t.events.Add(e)
}

// Txs returns the fragments that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the fragments that are complete, logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	*s = State{live: s.live, parser: s.parser}
}
