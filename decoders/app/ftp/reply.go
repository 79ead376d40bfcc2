package ftp

import "spanwatch/decoders/app"

const (
	maxReplies   = 512      // lines of a transaction
	maxReplyText = 64 << 10 // bytes of them
)

// reply takes a line of the server; false when the flow has too many
// transactions. A reply has a code and a space in its last line, and a code and
// a hyphen in the first when there are others (RFC 959 section 4.2). A line
// without a code outside of one is taken for a final reply.
func (s *State) reply(l line) bool {
	code, separator := replyCode(l.text)
	t := s.replying
	last := separator != '-'
	switch {
	case s.cut:
		if t = s.newTx(); t == nil {
			return false
		}
		s.cut, s.replying = false, t
		last = separator == ' ' && code == s.code
	case t != nil:
		last = separator == ' ' && code == s.code
	default:
		if t = s.oldestWaiting(); t == nil {
			if t = s.newTx(); t == nil {
				return false
			}
		}
	}
	t.addReply(l, separator == ' ')
	if !last {
		if s.replying == nil {
			s.replying, s.code = t, code
		}
		return true
	}
	s.replying = nil
	s.final(t, code, l.text)
	return true
}

// cutReply ends the transaction of a reply whose other lines come with a later
// packet: records tell of what came at once. Those lines are a reply without
// command.
func (s *State) cutReply(now int64) {
	if t := s.replying; t != nil && now != s.time {
		if !t.done {
			s.final(t, s.code, t.replyText(0))
		}
		t.done = true
		s.replying, s.cut = nil, true
	}
	s.time = now
}

// replyCode reads the three digits at the start of a line and what follows
// them: a space, a hyphen, or 0 for anything else.
func replyCode(text []byte) (code [3]byte, separator byte) {
	if len(text) < 3 {
		return code, 0
	}
	for _, c := range text[:3] {
		if c < '0' || c > '9' {
			return code, 0
		}
	}
	code = [3]byte(text)
	if len(text) == 3 {
		return code, ' '
	}
	if text[3] == ' ' || text[3] == '-' {
		separator = text[3]
	}
	return code, separator
}

// final acts on the last line of a reply.
func (s *State) final(t *Tx, code [3]byte, text []byte) {
	if s.auth && t.command == CommandAuthTLS {
		s.auth = false
		s.upgraded = string(code[:]) == "234"
	}
	switch t.command {
	case CommandPASV:
		if string(code[:]) == "227" {
			t.addr, t.port, _ = parsePASV(text[3:])
		}
	case CommandEPSV:
		if string(code[:]) == "229" {
			t.port, _ = parseEPSV(text[3:])
		}
	}
	if t.command.negotiates() && code[0] == '2' && t.port != 0 {
		s.agreed = agreement{addr: t.addr, port: t.port, active: t.command.active()}
	}
	t.done = code[0] != '1' // a preliminary reply leaves the command waiting
}

// oldestWaiting returns the transaction that the next reply is for.
func (s *State) oldestWaiting() *Tx {
	for _, tx := range s.txs {
		if t := tx.(*Tx); !t.done {
			return t
		}
	}
	return nil
}

// noMoreReplies ends all transactions: the server has said its last.
func (s *State) noMoreReplies() {
	s.replying, s.cut = nil, false
	for _, tx := range s.txs {
		t := tx.(*Tx)
		t.unanswered = t.unanswered || !t.done
		t.done = true
	}
}

// addReply keeps a line.
func (t *Tx) addReply(l line, coded bool) {
	if l.cut {
		t.replyCut = true
		t.event(app.EventFTPResponseCommandTooLong)
	}
	if len(t.replies) >= maxReplies || len(t.text)+len(l.text) > maxReplyText {
		return
	}
	start := len(t.text)
	t.text = append(t.text, l.text...)
	t.replies = append(t.replies, replyLine{uint32(start), uint32(len(t.text)), coded})
}
