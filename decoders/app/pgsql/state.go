package pgsql

import (
	"bytes"
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

const (
	maxMessage = 1 << 20
	maxTxs     = 1024 // live ones of a flow, as Suricata
	typed      = 5    // header of a message: type and length
	untyped    = 8    // header of a message before the session: length and code
)

// Codes of messages before the session.
const (
	codeVersion3 = 3 << 16
	codeCancel   = 80877102
	codeTLS      = 80877103
	codeGSS      = 80877104
)

// Types of a server's messages.
const (
	backendAuthentication = 'R'
	backendParameter      = 'S'
	backendKey            = 'K'
	backendReady          = 'Z'
	backendColumns        = 'T'
	backendRow            = 'D'
	backendComplete       = 'C'
	backendError          = 'E'
	backendNotice         = 'N'
	backendNotification   = 'A'
	backendCopyData       = 'd'
	backendCopyIn         = 'G'
	backendCopyOut        = 'H'
)

// Kinds of authentication that a server asks for.
const (
	authOK           = 0
	authCleartext    = 3
	authMD5          = 5
	authSASL         = 10
	authSASLContinue = 11
	authSASLFinal    = 12
)

const (
	frontendTypes = "BCDEFHPQSXcdfp"
	backendTypes  = "123ACDEGHIKNRSTVWZcdnstv"
)

// State is the PgSQL of one flow.
type State struct {
	live     app.Live[*Tx]
	skip     [2]uint64 // bytes of a message that is passed over
	session  bool      // the client has named user and version: messages have types
	offered  bool      // the next byte of the server says whether it encrypts
	sasl     bool      // the client has chosen a mechanism of SASL
	md5      bool      // passwords are asked for as such, not by SASL
	extended bool      // what the server sends is about the extended query protocol
	upgraded bool
}

var (
	_ app.State    = (*State)(nil)
	_ app.Upgrader = (*State)(nil)
)

// Upgraded reports that TLS follows.
func (s *State) Upgraded() (app.Upgrade, bool) { return app.Upgrade{To: app.ProtoTLS}, s.upgraded }

// Parse reads the messages of in. Bytes that are missing end the parsing,
// unless they are of a message that is passed over.
func (s *State) Parse(in app.Input) app.Result {
	if in.Datagram {
		return app.Result{Status: app.StatusError}
	}
	if s.upgraded {
		return app.Result{Status: app.StatusIncomplete}
	}
	if in.Gap > 0 {
		if uint64(in.Gap) > s.skip[in.Dir] {
			return app.Result{Status: app.StatusError}
		}
		s.skip[in.Dir] -= uint64(in.Gap)
	}
	at := 0
	for at < len(in.Data) && !s.upgraded {
		rest := in.Data[at:]
		if n := min(s.skip[in.Dir], uint64(len(rest))); n > 0 {
			s.skip[in.Dir] -= n
			at += int(n)
			continue
		}
		var n, need int
		var ok bool
		if in.Dir == decoders.ToServer {
			n, need, ok = s.asked(rest)
		} else {
			n, need, ok = s.answered(rest)
		}
		switch {
		case !ok:
			return app.Result{Status: app.StatusError, Consumed: at}
		case need > 0:
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: need}
		}
		at += n
	}
	if at < len(in.Data) {
		return app.Result{Status: app.StatusIncomplete, Consumed: at} // the rest is another protocol's
	}
	if in.EOF && in.Dir == decoders.ToClient {
		for i := range s.live.Len() {
			s.live.At(i).done = [2]bool{true, true}
		}
	}
	return app.Result{Status: app.StatusOK, Consumed: at}
}

// asked takes the client's message at the start of data. It returns its
// length, or how many bytes it takes to go on, or false when it is none.
func (s *State) asked(data []byte) (n, need int, ok bool) {
	if !s.session {
		return s.first(data)
	}
	if len(data) < typed {
		return 0, typed, true
	}
	kind, length := data[0], binary.BigEndian.Uint32(data[1:])
	switch {
	case bytes.IndexByte([]byte(frontendTypes), kind) < 0:
		return 0, 0, s.odd(EventMalformedRequest)
	case length < 4:
		return 0, 0, s.odd(EventInvalidLength)
	case length > maxMessage || kind == backendCopyData:
		s.skip[decoders.ToServer] = uint64(length) + 1
		return 0, 0, true
	case len(data) < int(length)+1:
		return 0, int(length) + 1, true
	}
	body := data[typed : length+1]
	switch kind {
	case 'Q':
		return int(length) + 1, 0, s.begin(requestQuery, body)
	case 'X':
		ok = s.begin(requestTerminate, body)
		if t, have := s.live.Last(); have {
			t.done[decoders.ToClient] = true
		}
		return int(length) + 1, 0, ok
	case 'p':
		what := requestPassword
		switch {
		case !s.md5 && !s.sasl:
			what, s.sasl = requestSASLFirst, true
		case !s.md5:
			what = requestSASL
		}
		return int(length) + 1, 0, s.begin(what, body)
	}
	s.extended = s.waiting() == nil
	return int(length) + 1, 0, true
}

// first takes a message of the client before the session begins.
func (s *State) first(data []byte) (n, need int, ok bool) {
	const handshake = 0x16 // of TLS: the server has agreed, which is yet to be seen
	if s.offered && data[0] == handshake {
		s.agreed(true)
		return 0, 0, true
	}
	if len(data) < untyped {
		return 0, untyped, true
	}
	length, code := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
	switch {
	case length < untyped:
		return 0, 0, s.odd(EventInvalidLength)
	case length > maxMessage || code != codeTLS && code != codeGSS && code != codeCancel && code != codeVersion3:
		return 0, 0, s.odd(EventMalformedRequest)
	case len(data) < int(length):
		return 0, int(length), true
	}
	body := data[untyped:length]
	switch code {
	case codeTLS, codeGSS:
		s.offered = true
		ok = s.begin(requestTLS, body)
	case codeCancel:
		ok = s.begin(requestCancel, body)
		if t, have := s.live.Last(); have {
			t.done[decoders.ToClient] = true
		}
	default:
		s.session = true
		ok = s.begin(requestStartup, body)
	}
	return int(length), 0, ok
}

// answered is asked for the server's messages.
func (s *State) answered(data []byte) (n, need int, ok bool) {
	if s.offered && answersOffer(data[0]) {
		s.agreed(data[0] == 'S')
		return 1, 0, true
	}
	const columns = 2
	if len(data) < typed {
		return 0, typed, true
	}
	kind, length := data[0], binary.BigEndian.Uint32(data[1:])
	switch {
	case bytes.IndexByte([]byte(backendTypes), kind) < 0:
		return 0, 0, s.odd(EventMalformedResponse)
	case length < 4:
		return 0, 0, s.odd(EventInvalidLength)
	}
	t := s.waiting()
	if t == nil {
		if s.extended || kind == backendParameter || kind == backendNotice || kind == backendReady || kind == backendNotification {
			s.extended = s.extended && kind != backendReady
			s.skip[decoders.ToClient] = uint64(length) + 1 // the server says so whenever it likes
			return 0, 0, true
		}
		if !s.begin(requestNone, nil) {
			return 0, 0, false
		}
		t, _ = s.live.Last()
	}
	switch {
	case kind == backendRow && length >= 4+columns:
		if len(data) < typed+columns {
			return 0, typed + columns, true
		}
		t.row(max(uint64(length)-6, 4*uint64(binary.BigEndian.Uint16(data[typed:]))) - 4*uint64(binary.BigEndian.Uint16(data[typed:])))
		fallthrough
	case length > maxMessage, kind == backendCopyData:
		s.skip[decoders.ToClient] = uint64(length) + 1
		return 0, 0, true
	case len(data) < int(length)+1:
		return 0, int(length) + 1, true
	}
	s.response(t, kind, data[typed:length+1])
	return int(length) + 1, 0, true
}

// answersOffer reports whether a byte is a server's answer to the question for
// encryption.
func answersOffer(b byte) bool { return b == 'S' || b == 'N' || b == 'G' }

// agreed notes whether the server encrypts from here on.
func (s *State) agreed(yes bool) {
	s.offered, s.upgraded = false, yes
	if t := s.waiting(); t != nil {
		t.tls, t.accepted = true, yes
		t.done[decoders.ToClient] = true
	}
}

// response takes a message of the server that answers t.
func (s *State) response(t *Tx, kind byte, body []byte) {
	if kind == backendReady {
		t.done = [2]bool{true, true}
		return
	}
	t.answer(kind, body)
	switch kind {
	case backendAuthentication:
		if len(body) < 4 {
			t.events.Add(EventMalformedResponse)
			return
		}
		switch code := binary.BigEndian.Uint32(body); code {
		case authOK, authSASLFinal: // more is to come before the server is ready
		default:
			s.md5 = s.md5 || code < authSASL
			t.done = [2]bool{true, true}
		}
	case backendError:
		if t.kind != requestQuery {
			t.done = [2]bool{true, true} // the server hangs up
		}
	}
}

// waiting returns the oldest request that is not answered yet.
func (s *State) waiting() *Tx {
	for i := range s.live.Len() {
		if t := s.live.At(i); !t.done[decoders.ToClient] {
			return t
		}
	}
	return nil
}

// begin makes a transaction; false when there are too many, which the last one
// tells.
func (s *State) begin(kind request, body []byte) bool {
	if s.live.Len() >= maxTxs {
		return s.odd(EventTooManyTransactions)
	}
	t := s.live.Add()
	t.kind, t.text = kind, append(t.text, body...)
	t.done[decoders.ToServer] = true
	return true
}

// odd puts an event on the newest transaction, or one of its own. It returns
// false, to end the parsing with.
func (s *State) odd(e app.Event) bool {
	t, ok := s.live.Last()
	if !ok {
		t = s.live.Add()
		t.done = [2]bool{true, true}
	}
	t.events.Add(e)
	return false
}

// Txs returns the transactions that were not released yet.
func (s *State) Txs() []app.Tx { return s.live.Txs() }

// Release forgets the transactions that are complete, logged and inspected.
func (s *State) Release() { s.live.Release() }

// Reset makes the state as new.
func (s *State) Reset() {
	s.live.Reset()
	*s = State{live: s.live}
}
