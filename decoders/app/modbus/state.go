package modbus

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// maxTxs is how many exchanges may wait for their other half, as in Suricata.
const maxTxs = 500

// State is the Modbus of one flow.
type State struct {
	live app.Live[*Tx]
	next message // that is being read
}

var _ app.State = (*State)(nil)

// Parse reads the messages of in. Bytes that are missing end it, since messages
// have no mark to go on at. Behind a length that cannot be, what the message
// claims of in is passed over and no more: peers send a message at a time, so
// that the next one is likely to begin with what comes next.
func (s *State) Parse(in app.Input) app.Result {
	if in.Datagram {
		return app.Result{Status: app.StatusError}
	}
	if in.Gap > 0 {
		return app.Result{Status: app.StatusError}
	}
	at := 0
	for at < len(in.Data) {
		rest := in.Data[at:]
		if len(rest) < headerLen {
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: headerLen}
		}
		h := parseHeader(rest)
		if !h.valid() {
			s.next.begin(h)
			at += headerLen + min(int(h.length), len(rest)-headerLen)
			s.message(in.Dir)
			continue
		}
		end := headerLen + int(h.length)
		if len(rest) < end {
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: end}
		}
		s.next.begin(h)
		s.next.parse(rest[headerLen:end], sideOf(in.Dir))
		s.message(in.Dir)
		at += end
	}
	return app.Result{Status: app.StatusOK, Consumed: at}
}

// message puts the message that was read into its exchange.
func (s *State) message(dir decoders.Direction) {
	m := &s.next
	t := s.other(m, dir)
	if t == nil {
		if t = s.begin(); t == nil {
			return
		}
		if dir == decoders.ToClient {
			t.events.Add(EventUnsolicitedResponse)
		}
	}
	if dir == decoders.ToClient && m.access&(read|write) != 0 && m.faults&(faultLength|faultValue) != 0 {
		t.events.Add(EventValueMismatch)
	} else {
		t.fault(m.faults)
	}
	t.set(dir, m)
}

// other finds the exchange that a message is the other half of.
func (s *State) other(m *message, dir decoders.Direction) *Tx {
	for i := range s.live.Len() {
		t := s.live.At(i)
		if t.has[dir.Opposite()] && !t.has[dir] && m.answers(&t.messages[dir.Opposite()]) {
			return t
		}
	}
	return nil
}

// begin makes an exchange. That it is one too many is told once, with the
// last; beyond that there is none.
func (s *State) begin() *Tx {
	n := s.live.Len()
	if n > maxTxs {
		return nil
	}
	t := s.live.Add()
	if n == maxTxs {
		t.events.Add(EventFlooded)
	}
	return t
}

// Txs returns the exchanges that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the exchanges that are complete, logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	*s = State{live: s.live, next: message{raw: s.next.raw[:0]}}
}
