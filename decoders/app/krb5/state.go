package krb5

import (
	"encoding/binary"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/ber"
)

const (
	recordMark = 4       // bytes of length before each message in a stream (RFC 4120 section 7.2.2)
	maxMessage = 1 << 20 // Suricata's limit is a million
	maxTxs     = 256     // live ones of a flow
)

// State is the Kerberos of one flow.
type State struct {
	live    app.Live[*Tx]
	request uint8 // type of the last request, until it is answered
}

var _ app.State = (*State)(nil)

// Parse reads the messages of in. Nothing can be read behind missing bytes,
// since the length before each message is all there is to go on by.
func (s *State) Parse(in app.Input) app.Result {
	if in.Datagram {
		if !s.message(in.Data, in) {
			return app.Result{Status: app.StatusError}
		}
		return app.Result{Status: app.StatusOK, Consumed: len(in.Data)}
	}
	if in.Gap > 0 {
		return app.Result{Status: app.StatusError}
	}
	at := 0
	for at < len(in.Data) {
		rest := in.Data[at:]
		if len(rest) < recordMark {
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: recordMark}
		}
		length := binary.BigEndian.Uint32(rest)
		if length > maxMessage {
			s.malformed()
			return app.Result{Status: app.StatusError, Consumed: at}
		}
		whole := recordMark + int(length)
		if len(rest) < whole {
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: whole}
		}
		if !s.message(rest[recordMark:whole], in) {
			return app.Result{Status: app.StatusError, Consumed: at}
		}
		at += whole
	}
	return app.Result{Status: app.StatusOK, Consumed: at}
}

// message takes one message. What is no message of Kerberos costs nothing but
// itself; false when not even its start can be read, or there are too many.
func (s *State) message(data []byte, in app.Input) bool {
	tag, _, err := ber.Length(data)
	switch {
	case err == ber.ErrShort:
		s.malformed()
		return false
	case err != nil:
		return !in.Datagram || tag.IsApplication()
	case !tag.IsApplication():
		return true
	case s.live.Len() >= maxTxs:
		return false
	}
	kind := uint8(tag.Number())
	_, body, _, err := ber.Next(data)
	if err == nil {
		t := s.live.Add()
		t.kind, t.refused = kind, s.request
		if t.read(body) {
			t.Sent(in.Dir)
		} else {
			s.live.Drop()
		}
	}
	switch kind {
	case typeASReq, typeTGSReq, typeAPReq:
		s.request = kind
	case typeASRep, typeTGSRep, typeAPRep:
		s.request = 0
	case typeError:
		if err == nil {
			s.request = 0
		}
	}
	return true
}

// read reads the body of the message's tag; false when it is none to tell of.
func (t *Tx) read(body []byte) bool {
	switch t.kind {
	case typeASReq, typeTGSReq:
		return t.request(body)
	case typeASRep, typeTGSRep:
		if !t.answer(body) {
			return false
		}
		if weak(t.etype) {
			t.events.Add(EventWeakEncryption)
		}
		return true
	case typeError:
		return t.refusal(body)
	}
	return false
}

// malformed tells of bytes that are no message, on the newest transaction.
func (s *State) malformed() {
	if last, ok := s.live.Last(); ok {
		last.events.Add(EventMalformedData)
	}
}

// Txs returns the messages that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the messages that are logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	s.request = 0
}
