package ike

import "spanwatch/decoders/app"

const (
	maxTxs  = 256     // live ones of a flow
	maxKept = 4 << 10 // of each key, nonce and chosen transform
)

// State is the IKE of one flow.
type State struct {
	live app.Live[*Tx]

	// Of version 1.
	hasDomain bool
	domain    uint32    // of interpretation
	keys      [2][]byte // of client and server, as they were exchanged
	nonces    [2][]byte
	chosen    []byte // attributes of the transform that the server chose

	agreed agreed // of version 2
}

var _ app.State = (*State)(nil)

// keep copies what records of later messages tell; what is absurdly long is
// left out.
func keep(dst, b []byte) []byte {
	if len(b) > maxKept {
		return dst[:0]
	}
	return append(dst[:0], b...)
}

// Parse reads a datagram. One that cannot be read costs nothing but itself.
func (s *State) Parse(in app.Input) app.Result {
	if !in.Datagram || s.live.Len() >= maxTxs {
		return app.Result{Status: app.StatusError}
	}
	if t := s.live.Add(); !t.read(s, in.Data, in.Dir) {
		s.live.Drop()
		if last, ok := s.live.Last(); ok {
			last.events.Add(EventMalformedData)
		}
	}
	return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
}

// Txs returns the messages that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the messages that are logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	fresh := State{live: s.live, chosen: s.chosen[:0], agreed: notAgreed()}
	for dir := range s.keys {
		fresh.keys[dir], fresh.nonces[dir] = s.keys[dir][:0], s.nonces[dir][:0]
	}
	*s = fresh
}
