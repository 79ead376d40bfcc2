package smtp

import "spanwatch/decoders/app"

// replyLine reads a line of the server.
func (s *State) replyLine(line []byte) {
	if len(line) == 0 {
		return
	}
	code, ok := replyCode(line)
	if !ok {
		s.setEvent(app.EventSMTPInvalidReply)
		return
	}
	s.multiline = len(line) > 3 && line[3] == '-'
	if s.answered >= len(s.pending) {
		s.unexpected(code)
		return
	}
	c := s.pending[s.answered]
	switch {
	case c == startTLS && code == 220:
		if s.multiline {
			break
		}
		s.upgraded = true
		if s.cur != nil {
			s.cur.abandon()
		}
	case c == startTLS:
		s.setEvent(app.EventSMTPTLSRejected)
	case c == data && code != 354:
		s.dataRejected()
	case c == data && s.cur != nil:
		s.cur.accepted = true
	case (c == endOfMail || c == bdat) && !s.multiline:
		s.mailAnswered()
	case c == rset && s.resetting && !s.multiline:
		s.resetting = false
		if code == 250 {
			s.endReset()
		}
	case c == auth && code == 334:
		s.authLine = !s.multiline
	}
	if !s.multiline {
		s.answered++
	}
	s.ended = true
}

// mailAnswered completes the oldest mail that waits for an answer.
func (s *State) mailAnswered() {
	for _, tx := range s.txs {
		if t := tx.(*Tx); t.done && !t.answered {
			t.answered = true
			return
		}
	}
}

// unexpected takes a reply that no command waits for: the greeting, or one to
// a command that was lost or taken for mail text.
func (s *State) unexpected(code int) {
	if s.lost && s.mailGap && s.mode == mailText {
		s.endMail(false)
	}
	if code == 354 && s.mode == commands && s.cur != nil && !s.cur.done {
		s.mode = mailText
		s.startMail()
	}
	if s.lost {
		s.mailAnswered()
	}
	if !s.greeted {
		s.greeted = !s.multiline
		if code != 220 {
			s.setEvent(app.EventSMTPInvalidReply)
		}
	}
}

// replyCode reads the three digits of a reply (RFC 5321 section 4.2). The second
// may be any: codes such as 571 are in use.
func replyCode(line []byte) (code int, ok bool) {
	if len(line) < 3 || line[0] < '2' || line[0] > '5' || line[1] < '0' || line[1] > '9' || line[2] < '0' || line[2] > '9' {
		return 0, false
	}
	return int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0'), true
}
