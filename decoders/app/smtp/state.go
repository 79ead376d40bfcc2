package smtp

import (
	"bytes"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

const (
	maxWaiting  = 64   // mails without an answer; of more, the oldest is not waited for
	maxLine     = 4096 // bytes of a line that are read at a time; Suricata's limit
	maxLive     = 256  // transactions not released, Suricata's max-tx
	maxUnread   = 4096 // commands without reply
	maxHelo     = 1024 // bytes kept of the client's name
	keptPending = 256  // commands that a State keeps memory for
)

// mode is what the client's bytes are.
type mode uint8

const (
	commands mode = iota
	mailText      // behind DATA
	chunk         // behind BDAT
)

// State is the SMTP of one flow.
type State struct {
	parser *Parser
	frames frames
	nextID uint64
	txs    []app.Tx
	cur    *Tx // nil when there is none yet or it was released
	helo   []byte

	mode      mode
	ended     bool    // a command or reply, since Ended was asked
	midLine   [2]bool // the last piece did not end its line
	skip      [2]bool // the rest of the line is not read
	chunkLeft uint64  // bytes of the BDAT chunk to come
	chunkLast bool
	behind    bool   // the last thing that the client sent was a chunk
	heldLine  []byte // start of a line that goes on in the next chunk

	pending   []command // that the server did not reply to yet, from answered on
	answered  int
	greeted   bool // the server's greeting is complete
	multiline bool // within a reply of several lines
	authLine  bool // the client's next line continues AUTH
	resetting bool // RSET is the client's last command and not answered
	lost      bool // bytes are missing: replies may not fit commands
	mailGap   bool // the end of the mail may be missing
	upgraded  bool
	tooMany   bool
}

var (
	_ app.State    = (*State)(nil)
	_ app.Upgrader = (*State)(nil)
)

// Upgraded reports that the server agreed to STARTTLS.
func (s *State) Upgraded() (app.Upgrade, bool) {
	return app.Upgrade{To: app.ProtoTLS}, s.upgraded
}

// Ended reports, and forgets, whether a command or a reply to one ended. Mail
// text has no end of its own.
func (s *State) Ended() bool {
	ended := s.ended
	s.ended = false
	return ended
}

// Parse reads lines. Behind a gap it goes on with the next line that is
// complete. Behind STARTTLS, Incomplete leaves the rest to the protocol that
// follows.
func (s *State) Parse(in app.Input) app.Result {
	d := in.Dir & 1
	if in.Datagram { // SMTP has no form without a stream
		return app.Result{Status: app.StatusError}
	}
	if s.upgraded {
		return app.Result{Status: app.StatusIncomplete, Need: len(in.Data) + 1}
	}
	if in.Gap > 0 {
		s.gap(d, uint64(in.Gap))
	}
	if d == decoders.ToServer && s.cur != nil && s.cur.open {
		c := &s.cur.content[len(s.cur.content)-1]
		c.trim(max(maxContent, 2*s.parser.config.InspectMin))
	}
	at := 0
	for at < len(in.Data) && !s.upgraded {
		before, auth := s.mode, s.authLine
		n := s.next(d, in.Data[at:], in.EOF)
		if s.frames.log != nil {
			s.markFrame(d, before, auth, at, n, lineEnd(in.Data[at:at+n]))
		}
		if n == 0 {
			return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: len(in.Data) - at + 1}
		}
		if s.tooMany {
			return app.Result{Status: app.StatusError, Consumed: at}
		}
		at += n
	}
	if in.EOF {
		s.end(d)
	}
	if at < len(in.Data) { // the start of another protocol
		return app.Result{Status: app.StatusIncomplete, Consumed: at, Need: len(in.Data) - at + 1}
	}
	return app.Result{Status: app.StatusOK, Consumed: at}
}

// next reads one line, one piece of a long line or one piece of a chunk and
// returns how many bytes that took; 0 when the line is not complete. It looks
// at no more than maxLine bytes, so that pieces of long lines are the same
// however the stream is cut.
func (s *State) next(d decoders.Direction, data []byte, eof bool) int {
	if d == decoders.ToServer && s.mode == chunk {
		return s.chunkData(data, eof)
	}
	text, eol, ok := cutLine(data, eof)
	if !ok {
		return 0
	}
	n := len(text) + len(eol)
	first := !s.midLine[d]
	s.midLine[d] = len(eol) == 0
	switch {
	case s.skip[d]:
		s.skip[d] = s.midLine[d]
	case d == decoders.ToClient:
		s.skip[d] = s.midLine[d]
		s.replyLine(text)
	case s.mode == mailText:
		s.mailLine(text, eol, first)
	default:
		s.skip[d] = s.midLine[d]
		s.commandLine(text, s.midLine[d] && !eof)
		s.ended = true
	}
	return n
}

// cutLine cuts the first line off data; eol is empty for a piece of a line of
// more than maxLine bytes, and for the last line of a stream.
func cutLine(data []byte, eof bool) (text, eol []byte, ok bool) {
	data = data[:min(len(data), maxLine)]
	lf := bytes.IndexByte(data, '\n')
	switch {
	case lf > 0 && data[lf-1] == '\r':
		return data[:lf-1], data[lf-1 : lf+1], true
	case lf >= 0:
		return data[:lf], data[lf : lf+1], true
	case len(data) < maxLine:
		return data, nil, eof
	case data[maxLine-1] == '\r': // its line feed may come next
		return data[:maxLine-1], nil, true
	}
	return data, nil, true
}

// gap takes note of n bytes that never came.
func (s *State) gap(d decoders.Direction, n uint64) {
	s.lost = true
	s.skip[d], s.midLine[d] = true, true
	if d == decoders.ToClient {
		s.multiline = false
		return
	}
	s.behind = false
	switch s.mode {
	case mailText:
		s.mailGap = true
		s.cur.gap(n)
	case chunk:
		s.cur.gap(min(n, s.chunkLeft))
		s.heldLine = s.heldLine[:0]
		if n <= s.chunkLeft {
			// The count tells where the chunk ends: no line has to be found.
			s.skip[d], s.midLine[d] = false, false
			s.chunkLeft -= n
			s.endChunkPiece()
			return
		}
		s.mode = commands
	}
}

// end ends what a side did not end.
func (s *State) end(d decoders.Direction) {
	if d == decoders.ToClient { // no answer is to come
		for _, tx := range s.txs {
			t := tx.(*Tx)
			t.answered = t.answered || t.done
		}
		return
	}
	if s.cur == nil || s.cur.done {
		return
	}
	s.cur.truncate()
	if s.cur.hasMail {
		s.cur.mail.End()
		s.cur.addOddities()
	}
}

// begin makes the transaction that a command belongs to.
func (s *State) begin() *Tx {
	if len(s.txs) >= maxLive {
		s.tooMany = true
		s.parser.stats.GivenUp++
		s.setEvent(app.EventSMTPTooManyTransactions)
		return s.cur
	}
	if len(s.txs) >= maxWaiting {
		s.mailAnswered()
	}
	tx := s.parser.take()
	tx.id = s.nextID
	tx.flow = s
	s.nextID++
	s.txs = append(s.txs, tx)
	s.cur = tx
	return tx
}

// setEvent notes an oddity of the current transaction. Before the first there
// is nothing that could carry one.
func (s *State) setEvent(e app.Event) {
	if s.cur != nil {
		s.cur.events.add(e)
	}
}

// Txs returns the mails that were not released yet, oldest first.
func (s *State) Txs() []app.Tx { return s.txs }

// Release gives up the transactions that are complete, logged and inspected.
func (s *State) Release() {
	kept := s.txs[:0]
	for _, t := range s.txs {
		tx := t.(*Tx)
		if !tx.released() {
			kept = append(kept, t)
			continue
		}
		if tx == s.cur {
			s.cur = nil
		}
		s.parser.give(tx)
	}
	clear(s.txs[len(kept):])
	s.txs = kept
}

// Reset makes the state as new.
func (s *State) Reset() {
	for _, t := range s.txs {
		s.parser.give(t.(*Tx))
	}
	clear(s.txs)
	pending := s.pending[:0]
	if cap(pending) > keptPending {
		pending = nil
	}
	*s = State{parser: s.parser, txs: s.txs[:0], helo: s.helo[:0], heldLine: s.heldLine[:0], pending: pending}
}
