package smtp

import "spanwatch/decoders/app"

// command is what matters about a command when its reply comes.
type command uint8

const (
	otherCommand command = iota
	startTLS
	data
	bdat
	rset
	auth
	endOfMail
)

// commandLine reads a line of the client that is no mail text.
func (s *State) commandLine(line []byte, cut bool) {
	if s.behind {
		s.behind = false
		if !isCommand(line) {
			s.beginUnless(line)
			s.setEvent(app.EventSMTPBDATChunkLenExceeded)
		}
	}
	if s.authLine {
		s.authLine = false
		s.await(auth)
		return
	}
	if s.resetting { // what follows RSET without waiting is another mail
		s.endReset()
	}
	s.beginUnless(line)
	if s.tooMany {
		return
	}
	if cut {
		s.setEvent(app.EventSMTPTruncatedLine)
	}
	if !s.greeted {
		s.setEvent(app.EventSMTPNoServerWelcomeMessage)
	}
	switch {
	case verbIs(line, "starttls"):
		s.await(startTLS)
	case verbIs(line, "data"):
		s.dataCommand()
	case verbIs(line, "bdat"):
		s.bdatCommand(line)
	case verbIs(line, "helo"), verbIs(line, "ehlo"):
		if len(s.helo) > 0 {
			s.setEvent(app.EventSMTPDuplicateFields)
		} else {
			helo := argument(line, len("helo"))
			s.helo = append(s.helo, helo[:min(len(helo), maxHelo)]...)
		}
		s.await(otherCommand)
	case verbIs(line, "mail from"):
		if s.cur.hasFrom {
			s.setEvent(app.EventSMTPDuplicateFields)
		} else {
			s.cur.hasFrom = true
			s.cur.mailFrom = append(s.cur.mailFrom, argument(line, len("mail from"))...)
		}
		s.await(otherCommand)
	case verbIs(line, "rcpt to"):
		s.cur.addRecipient(argument(line, len("rcpt to")))
		s.await(otherCommand)
	case verbIs(line, "rset"):
		s.resetting = true
		s.heldLine = s.heldLine[:0]
		s.await(rset)
	case verbIs(line, "auth"):
		s.await(auth)
	default:
		s.await(otherCommand)
	}
}

// beginUnless makes a transaction when a line needs one: RSET and QUIT behind
// a complete mail belong to it.
func (s *State) beginUnless(line []byte) {
	complete := s.cur == nil || s.cur.done
	if complete && (s.nextID == 0 || !verbIs(line, "rset") && !verbIs(line, "quit")) {
		s.begin()
	}
}

// endReset completes what RSET gave up.
func (s *State) endReset() {
	s.resetting = false
	if s.cur != nil {
		s.cur.abandon()
	}
}

// await remembers a command until its reply comes.
func (s *State) await(c command) {
	waiting := s.pending[s.answered:]
	if n := len(waiting); n > 0 && (waiting[n-1] == startTLS || waiting[n-1] == data) && c != endOfMail {
		s.setEvent(app.EventSMTPInvalidPipelinedSequence)
	}
	if len(waiting) >= maxUnread {
		// The server does not answer: what it may say later can not be matched.
		s.parser.stats.RepliesLost++
		s.forget()
	}
	if s.answered > 0 && s.answered == len(s.pending) {
		s.pending, s.answered = s.pending[:0], 0
	}
	s.pending = append(s.pending, c)
}

func (s *State) forget() {
	s.pending, s.answered = s.pending[:0], 0
	s.lost = true
}

// verbIs compares the start of a line with a command in lower case; like
// Suricata, it does not ask what follows.
func verbIs(line []byte, lower string) bool {
	if len(line) < len(lower) {
		return false
	}
	for i := range len(lower) {
		c := line[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// isCommand reports whether a line starts with a command that servers know.
func isCommand(line []byte) bool {
	for _, verb := range [...]string{
		"bdat", "data", "ehlo", "expn", "helo", "help", "mail", "noop", "quit", "rcpt", "rset", "vrfy", "auth",
		"starttls", "etrn",
	} {
		if verbIs(line, verb) {
			return true
		}
	}
	return false
}

// argument returns what follows a command of n bytes and its separator, up to
// the next space: behind it come parameters such as SIZE (RFC 1870).
func argument(line []byte, n int) []byte {
	line = line[min(n+1, len(line)):]
	for len(line) > 0 && line[0] == ' ' {
		line = line[1:]
	}
	for i, c := range line {
		if c == ' ' {
			return line[:i]
		}
	}
	return line
}
