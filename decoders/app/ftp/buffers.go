package ftp

import "spanwatch/decoders/app"

// Modes of app.FTPMode.
const (
	modeActive  = 1
	modePassive = 2
)

// Buffer returns instance i of a buffer.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if i < 0 {
		return nil, false
	}
	switch b {
	case app.FTPReply:
		if i < len(t.replies) {
			return t.replyText(i), true
		}
		return nil, false
	case app.FTPCompletionCode:
		return t.completionCode(i)
	}
	if i > 0 || t.command == CommandNone {
		return nil, false
	}
	switch b {
	case app.FTPCommand:
		return t.name(), true
	case app.FTPCommandData:
		return t.request[t.argument:], t.argument < len(t.request)
	case app.FTPPortAddress:
		if !t.command.active() || !t.addr.IsValid() {
			return nil, false
		}
		t.record.address = t.addr.As16()
		if t.addr.Is4() {
			return t.record.address[12:], true
		}
		return t.record.address[:], true
	}
	return nil, false
}

// name returns the command in capitals.
func (t *Tx) name() []byte {
	t.record.command = append(t.record.command[:0], t.command.String()...)
	return t.record.command
}

// replyText is a line without its code and space.
func (t *Tx) replyText(i int) []byte {
	r := t.replies[i]
	if r.coded {
		return t.text[min(r.start+4, r.end):r.end]
	}
	return t.text[r.start:r.end]
}

// completionCode is the code of the i-th line that has one.
func (t *Tx) completionCode(i int) ([]byte, bool) {
	for _, r := range t.replies {
		if !r.coded {
			continue
		}
		if i == 0 {
			return t.text[r.start : r.start+3], true
		}
		i--
	}
	return nil, false
}

// Integer returns a number of the transaction.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	if i != 0 {
		return 0, false
	}
	switch b {
	case app.FTPMode:
		if t.command.active() {
			return modeActive, true
		}
		return modePassive, t.command.negotiates()
	case app.FTPDynamicPort:
		return uint64(t.port), t.port != 0
	case app.FTPReplyReceived:
		// Of commands that are known: none has come when the flow ends, or the
		// last one is still to come behind a preliminary one.
		switch {
		case t.command == CommandNone:
		case t.unanswered, !t.done && len(t.replies) > 0:
			return 0, true
		case t.done:
			return 1, true
		}
	}
	return 0, false
}
