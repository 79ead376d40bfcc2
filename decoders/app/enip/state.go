package enip

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// maxTxs is how many exchanges may be live, as in Suricata.
const maxTxs = 1024

// State is the EtherNet/IP of one flow.
type State struct {
	live app.Live[*Tx]
	lost [2]bool // bytes were; what follows is looked for
	next pdu     // that is being read
}

var _ app.State = (*State)(nil)

// Parse reads the messages of in. Behind missing bytes it goes on where a
// piece of the stream begins like a message.
func (s *State) Parse(in app.Input) app.Result {
	if in.Gap > 0 {
		s.lost[in.Dir] = true
	}
	at := 0
	for at < len(in.Data) {
		rest := in.Data[at:]
		if s.lost[in.Dir] {
			if len(rest) < headerLen || !plausible(rest) {
				break
			}
			s.lost[in.Dir] = false
		}
		end := headerLen
		if len(rest) >= headerLen {
			end += int(parseHeader(rest).length)
		}
		if len(rest) < end {
			if in.Datagram {
				return app.Result{Status: app.StatusError, Consumed: at}
			}
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: end}
		}
		s.next.begin(parseHeader(rest))
		s.next.parse(rest[headerLen:end])
		s.message(in.Dir)
		at += end
		if in.Datagram {
			break // a datagram has one
		}
	}
	return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
}

// message puts the message that was read into its exchange.
func (s *State) message(dir decoders.Direction) {
	t := s.asked(dir)
	if t == nil {
		if s.live.Len() >= maxTxs {
			s.flooded()
			return
		}
		t = s.live.Add()
	}
	if s.next.invalid {
		t.events.Add(EventInvalidPDU)
	}
	t.set(dir, &s.next)
}

// asked finds the request of a response. Requests before it without a response
// will not get one any more.
func (s *State) asked(dir decoders.Direction) *Tx {
	if dir == decoders.ToServer {
		return nil
	}
	for i := range s.live.Len() {
		t := s.live.At(i)
		if t.has[decoders.ToServer] && !t.has[decoders.ToClient] {
			t.done = true
			if s.next.answers(&t.messages[decoders.ToServer]) {
				return t
			}
		}
	}
	return nil
}

// flooded ends all exchanges.
func (s *State) flooded() {
	for i := range s.live.Len() {
		s.live.At(i).done = true
	}
	s.live.At(0).events.Add(EventTooManyTransactions)
}

// Txs returns the exchanges that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the exchanges that are complete, logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	s.next.begin(header{})
	*s = State{live: s.live, next: s.next}
}
