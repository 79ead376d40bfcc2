package smtp

import (
	"bytes"
	"strconv"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/mime"
)

var rawName = []byte("rawmsg") // of a mail that is taken as a file

// dataCommand starts the text of a mail.
func (s *State) dataCommand() {
	if s.cur.hasData {
		s.setEvent(app.EventSMTPUnparsableContent)
		return
	}
	s.await(data)
	s.startMail()
	s.mode = mailText
	s.mailGap = false
}

func (s *State) startMail() {
	tx, c := s.cur, &s.parser.config
	tx.hasData = true
	switch {
	case c.RawExtraction:
		s.openFile(rawName)
	case c.DecodeMIME && !tx.hasMail:
		tx.hasMail = true
		tx.mail.Reset(&c.MIME)
	}
}

// dataRejected takes back what DATA started.
func (s *State) dataRejected() {
	s.setEvent(app.EventSMTPDataCommandRejected)
	if s.mode != mailText {
		return
	}
	s.mode = commands
	s.skip[decoders.ToServer] = s.midLine[decoders.ToServer]
	s.cur.hasData = false
	s.cur.truncate()
	if s.cur.hasMail {
		s.cur.mail.Reset(&s.parser.config.MIME)
	}
}

// mailLine reads a line of mail text, or a piece of one. The dot before a dot
// is taken off (RFC 5321 section 4.5.2).
func (s *State) mailLine(text, eol []byte, first bool) {
	if first && len(text) > 0 && text[0] == '.' {
		if len(text) == 1 && len(eol) > 0 {
			s.endMail(true)
			return
		}
		if text = text[1:]; len(text) == 0 && len(eol) == 0 {
			return // the stream ends within the end of the mail
		}
	}
	s.text(text, eol)
}

func (s *State) text(text, eol []byte) {
	tx := s.cur
	switch {
	case s.parser.config.RawExtraction:
		tx.write(text)
		tx.write(eol)
	case tx.hasMail:
		step, data := tx.mail.Line(text, eol)
		switch step {
		case mime.Open:
			s.openFile(tx.mail.Filename())
		case mime.Data:
			tx.write(data)
		case mime.Close:
			tx.closeFile()
		}
		tx.addOddities()
	}
}

// endMail completes the mail; whole is false when its end was not seen.
func (s *State) endMail(whole bool) {
	s.mode = commands
	tx := s.cur
	if whole {
		s.await(endOfMail)
	} else {
		tx.truncate()
	}
	if tx.hasMail {
		tx.mail.End()
		tx.addOddities()
	}
	tx.complete()
	tx.answered = !whole // nobody can tell which reply is to it
}

// bdatCommand reads BDAT size [LAST].
func (s *State) bdatCommand(line []byte) {
	size, rest, _ := bytes.Cut(bytes.TrimLeft(line[len("bdat"):], " "), []byte(" "))
	n, ok := parseSize(size)
	if !ok {
		s.setEvent(app.EventSMTPInvalidBDAT)
		s.await(otherCommand)
		return
	}
	s.await(bdat)
	if !s.cur.hasChunks {
		s.cur.hasChunks = true
		if s.parser.config.DecodeChunks {
			s.startMail()
		}
	}
	s.mode = chunk
	s.chunkLeft = n
	s.chunkLast = verbIs(bytes.TrimLeft(rest, " "), "last")
	s.endChunkPiece()
}

// parseSize reads at most ten digits: chunks are of less than 4 GiB in
// Suricata.
func parseSize(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 10 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b), 10, 32)
	return n, err == nil
}

// chunkData takes bytes of a chunk; 0 when a line of it is not complete.
func (s *State) chunkData(data []byte, eof bool) int {
	data = data[:min(uint64(len(data)), s.chunkLeft)]
	n := len(data)
	if s.parser.config.DecodeChunks {
		if n = s.chunkLine(data, eof); n == 0 {
			return 0
		}
	}
	s.chunkLeft -= uint64(n)
	s.endChunkPiece()
	return n
}

// chunkLine reads a line of a chunk. One that the chunk does not end is held
// until the next chunk brings the rest.
func (s *State) chunkLine(data []byte, eof bool) int {
	room := maxLine - len(s.heldLine)
	if room <= 0 {
		s.text(s.heldLine, nil)
		s.heldLine = s.heldLine[:0]
		room = maxLine
	}
	data = data[:min(len(data), room)]
	text, eol, ok := cutLine(data, eof)
	if !ok && uint64(len(data)) < s.chunkLeft && len(data) < room {
		return 0
	}
	n := len(text) + len(eol)
	if len(eol) == 0 || len(s.heldLine) > 0 {
		s.heldLine = append(s.heldLine, data[:n]...)
		if len(eol) == 0 {
			return n
		}
		text, eol, _ = cutLine(s.heldLine, true)
	}
	s.text(text, eol)
	s.heldLine = s.heldLine[:0]
	return n
}

// endChunkPiece ends the chunk when all of it has come.
func (s *State) endChunkPiece() {
	if s.chunkLeft > 0 {
		return
	}
	s.mode = commands
	s.behind = true
	if !s.chunkLast {
		return
	}
	if s.parser.config.DecodeChunks && s.cur.hasData {
		if len(s.heldLine) > 0 {
			s.text(s.heldLine, nil)
			s.heldLine = s.heldLine[:0]
		}
		if s.cur.hasMail {
			s.cur.mail.End()
			s.cur.addOddities()
		}
	}
	s.cur.complete()
}
