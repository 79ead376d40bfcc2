package smb

import (
	"encoding/binary"

	"spanwatch/decoders"
)

const (
	headerV1     = 32
	flagAnswerV1 = 0x80   // of flags
	flagNTStatus = 0x4000 // of flags2
	flagUnicode  = 0x8000
	maxAndX      = 16 // commands in a message
)

// headV1 is the header of a message (MS-CIFS section 2.2.3.1).
type headV1 struct {
	command uint16
	status  uint32
	answer  bool
	dos     bool // status is an error class and code
	unicode bool
	tree    uint16
	user    uint16
	key     uint64 // process and multiplex
}

func parseHeadV1(b []byte) (h headV1, ok bool) {
	if len(b) < headerV1 {
		return h, false
	}
	le := binary.LittleEndian
	return headV1{
		command: uint16(b[4]), status: le.Uint32(b[5:]), answer: b[9]&flagAnswerV1 != 0, unicode: le.Uint16(b[10:])&flagUnicode != 0,
		dos:  le.Uint16(b[10:])&flagNTStatus == 0 && le.Uint32(b[5:]) != 0,
		tree: le.Uint16(b[24:]), user: le.Uint16(b[28:]),
		key: uint64(le.Uint16(b[12:]))<<32 | uint64(le.Uint16(b[26:]))<<16 | uint64(le.Uint16(b[30:])),
	}, true
}

// blockV1 is one command of a message: its words, and its bytes with where
// they are.
type blockV1 struct {
	words reader
	count int // of words
	bytes reader
	at    int // of bytes, from the header
}

func parseBlockV1(m []byte, at int) (b blockV1, ok bool) {
	r := reader{rest: part(m, at, len(m))}
	b.count = int(r.u8())
	b.words = reader{rest: r.take(2 * b.count)}
	n := int(r.u16())
	if r.bad {
		return b, false
	}
	b.at = len(m) - len(r.rest)
	// Writers of large files leave the count at what fits into 16 bits.
	b.bytes = reader{rest: r.rest[:min(n, len(r.rest))]}
	return b, true
}

// messageV1 reads a message and the commands that are chained to it.
func (s *State) messageV1(m []byte, dir decoders.Direction) bool {
	h, ok := parseHeadV1(m)
	if !ok {
		return false
	}
	at := headerV1
	for range maxAndX {
		b, ok := parseBlockV1(m, at)
		if !ok {
			return at > headerV1
		}
		andX := b.words
		if s.wrongWay(h.answer, dir) {
			return true
		}
		if h.answer {
			s.answerV1(h, b, m)
		} else {
			s.requestV1(h, b, m)
		}
		if !chains(h.command) || b.count < 2 {
			return true
		}
		next := uint16(andX.u8())
		andX.skip(1)
		to := int(andX.u16())
		if next == v1NoFurtherAndX || to <= at {
			return true
		}
		h.command, at = next, to
	}
	return true
}

// chains reports whether another command may follow one in its message.
func chains(command uint16) bool {
	switch command {
	case 0x24, 0x2d, v1ReadAndX, v1WriteAndX, v1SessionSetup, 0x74, v1TreeConnect, v1NTCreateAndX:
		return true
	}
	return false
}

func fidV1(fid uint16) (id handleID) {
	binary.LittleEndian.PutUint16(id[:], fid)
	return id
}

func (s *State) newV1(h headV1) *Tx {
	t := s.begin(1, h.command)
	t.session, t.tree = uint64(h.user), uint32(h.tree)
	return t
}

// requestV1 reads a request.
func (s *State) requestV1(h headV1, b blockV1, m []byte) {
	var tx *Tx
	wait := request{key: h.key, command: h.command}
	w := &b.words
	switch h.command {
	case v1Negotiate:
		tx = s.begin(1, h.command)
		tx.kind = kindNegotiate
		wait.key = 0
		for len(b.bytes.rest) > 1 && b.bytes.u8() == 2 {
			tx.dialects.text = b.bytes.text(tx.dialects.text, false)
			tx.dialects.end()
		}
		s.offered.text = append(s.offered.text[:0], tx.dialects.text...)
		s.offered.ends = append(s.offered.ends[:0], tx.dialects.ends...)
	case v1SessionSetup:
		tx = s.newV1(h)
		tx.kind = kindSession
		s.sessionV1(tx, h, b)
	case v1TreeConnect:
		tx = s.newV1(h)
		tx.kind = kindTree
		w.skip(6)
		password := int(w.u16())
		b.bytes.skip(password)
		if h.unicode && (b.at+password)%2 == 1 {
			b.bytes.skip(1)
		}
		name := b.bytes.text(s.text[:0], h.unicode)
		s.text = name
		// EVE lacks the first of the two backslashes.
		tx.set(textName, part(name, 1, len(name)))
		tx.texts[textService] = b.bytes.text(tx.texts[textService][:0], false)
	case v1NTCreateAndX:
		tx = s.newV1(h)
		tx.kind = kindCreate
		w.skip(5)
		n := int(w.u16())
		w.skip(28)
		tx.disposition = w.u32()
		tx.deletes = w.u32()&deleteOnClose != 0
		if h.unicode && b.at%2 == 1 {
			b.bytes.skip(1)
		}
		name := reader{rest: part(b.bytes.rest, 0, n)}
		tx.texts[textName] = name.text(tx.texts[textName][:0], h.unicode)
	case v1Close:
		tx = s.newV1(h)
		s.closeHandle(fidV1(w.u16()))
	case v1WriteAndX:
		tx, wait.handle = s.writeV1(h, b, m)
	case v1ReadAndX:
		w.skip(4)
		wait.handle = fidV1(w.u16())
		wait.offset = uint64(w.u32())
		if b.count >= 12 {
			w.skip(10)
			wait.offset |= uint64(w.u32()) << 32
		}
	case v1Trans:
		tx, wait.handle = s.transV1(h, b, m)
	case v1Trans2:
	default:
		tx = s.newV1(h)
	}
	s.expect(wait, tx)
}

// sessionV1 reads a session set-up: who asks, and by what software.
func (s *State) sessionV1(tx *Tx, h headV1, b blockV1) {
	w := &b.words
	w.skip(14)
	skipped := 0
	if b.count == 12 { // with extended security
		blob := b.bytes.take(int(w.u16()))
		tx.ntlmssp(blob)
		skipped = len(blob)
	} else {
		skipped = int(w.u16()) + int(w.u16())
		b.bytes.skip(skipped)
	}
	if h.unicode && (b.at+skipped)%2 == 1 {
		b.bytes.skip(1)
	}
	if b.count != 12 { // account and domain come first
		s.text = b.bytes.text(s.text[:0], h.unicode)
		s.text = b.bytes.text(s.text[:0], h.unicode)
	}
	tx.texts[textNativeOS] = b.bytes.text(tx.texts[textNativeOS][:0], h.unicode)
	tx.texts[textNativeLM] = b.bytes.text(tx.texts[textNativeLM][:0], h.unicode)
}

// dataV1 reads where the data of a write is, and where it goes.
func dataV1(b blockV1) (at int, size uint64, id handleID, offset uint64) {
	w := b.words
	w.skip(4)
	id = fidV1(w.u16())
	offset = uint64(w.u32())
	w.skip(8)
	high := uint64(w.u16())
	size = high<<16 | uint64(w.u16())
	at = int(w.u16())
	if b.count >= 14 {
		offset |= uint64(w.u32()) << 32
	}
	return at, size, id, offset
}

func (s *State) writeV1(h headV1, b blockV1, m []byte) (*Tx, handleID) {
	at, size, id, offset := dataV1(b)
	f := s.handleOf(id)
	data := part(m, at, int(size))
	if f.carriesCalls(data) {
		tx := s.called(f, data, 1, h.command)
		if tx != nil {
			tx.session, tx.tree = uint64(h.user), uint32(h.tree)
		}
		return tx, id
	}
	if s.noFile(uint32(h.tree), f, decoders.ToServer) {
		return s.newV1(h), id
	}
	to := s.fileSink(f, offset, size, decoders.ToServer, 1, h.command)
	s.sinkBytes(&to, data)
	return nil, id
}

// pipeTransact is the function of TRANS that writes to a pipe and reads what
// comes of it.
const pipeTransact = 0x26

// transV1 reads a transaction, of which those on pipes are calls.
func (s *State) transV1(h headV1, b blockV1, m []byte) (*Tx, handleID) {
	w := &b.words
	w.skip(22)
	size, at := int(w.u16()), int(w.u16())
	setup := w.u8()
	w.skip(1)
	if setup < 2 {
		return nil, handleID{}
	}
	function, id := w.u16(), fidV1(w.u16())
	f := s.handleOf(id)
	data := part(m, at, size)
	if function != pipeTransact || !f.carriesCalls(data) {
		return nil, id
	}
	tx := s.called(f, data, 1, h.command)
	if tx != nil {
		tx.session, tx.tree = uint64(h.user), uint32(h.tree)
	}
	return tx, id
}

// bulkV1 finds the bytes of a file in a record whose start is there.
func (s *State) bulkV1(m []byte, dir decoders.Direction) (at int, size uint64, to sink, ok bool) {
	h, ok := parseHeadV1(m)
	if !ok || h.command != v1WriteAndX && h.command != v1ReadAndX {
		return 0, 0, to, false
	}
	b, ok := parseBlockV1(m, headerV1)
	if !ok || b.count < 10 || b.words.rest[0] != v1NoFurtherAndX {
		return 0, 0, to, false
	}
	switch {
	case h.command == v1WriteAndX && !h.answer:
		at, size, id, offset := dataV1(b)
		f := s.handleOf(id)
		if at < b.at || f.carriesCalls(part(m, at, len(m))) || s.noFile(uint32(h.tree), f, decoders.ToServer) {
			return 0, 0, to, false
		}
		s.expect(request{key: h.key, command: h.command, handle: id}, nil)
		return at, size, s.fileSink(f, offset, size, dir, 1, h.command), true
	case h.command == v1ReadAndX && h.answer:
		wait := s.peek(h.key, h.command)
		if wait == nil {
			return 0, 0, to, false
		}
		f := s.handleOf(wait.handle)
		at, size := readAtV1(b)
		if at < b.at || f != nil && f.calls {
			return 0, 0, to, false
		}
		offset := wait.offset
		s.answerTo(h.key, h.command)
		return at, size, s.readSinkV1(h, f, offset, size), true
	}
	return 0, 0, to, false
}

// readAtV1 reads where the data of the answer to a read is.
func readAtV1(b blockV1) (at int, size uint64) {
	w := b.words
	w.skip(10)
	size = uint64(w.u16())
	at = int(w.u16())
	return at, size | uint64(w.u32())<<16
}

func (s *State) readSinkV1(h headV1, f *handle, offset, size uint64) sink {
	if s.noFile(uint32(h.tree), f, decoders.ToClient) {
		return sink{}
	}
	to := s.fileSink(f, offset, size, decoders.ToClient, 1, h.command)
	if t := s.tx(to.tx); t != nil {
		t.session, t.status, t.hasStatus = uint64(h.user), h.status, true
	}
	return to
}

// answerV1 reads an answer.
func (s *State) answerV1(h headV1, b blockV1, m []byte) {
	key := h.key
	if h.command == v1Negotiate {
		key = 0
	}
	wait, ok := s.answerTo(key, h.command)
	if !ok {
		return
	}
	tx := s.tx(wait.tx)
	w := &b.words
	switch h.command {
	case v1Negotiate:
		s.negotiatedV1(tx, b)
	case v1SessionSetup:
		if tx != nil {
			s.sessionAnsweredV1(tx, h, b)
		}
	case v1TreeConnect:
		if tx != nil {
			tx.texts[textServiceServer] = b.bytes.text(tx.texts[textServiceServer][:0], false)
			tx.pipe = string(tx.texts[textServiceServer]) == "IPC"
			tx.tree = uint32(h.tree)
			if h.status == 0 {
				s.addTree(tx.tree, tx.texts[textName], tx.pipe)
			}
		}
	case v1NTCreateAndX:
		if tx != nil && h.status == 0 {
			s.createdV1(h, tx, w)
		}
	case v1ReadAndX:
		at, size := readAtV1(b)
		data := part(m, at, int(size))
		if f := s.handleOf(wait.handle); f != nil && f.calls {
			s.returned(f, data)
		} else if len(data) > 0 {
			to := s.readSinkV1(h, f, wait.offset, size)
			s.sinkBytes(&to, data)
		}
	case v1Trans:
		w.skip(12)
		size, at := int(w.u16()), int(w.u16())
		if f := s.handleOf(wait.handle); f != nil && f.calls && tx != nil {
			s.returned(f, part(m, at, size))
		}
	}
	if tx == nil {
		return
	}
	tx.status, tx.hasStatus, tx.dosStatus = h.status, true, h.dos
	if tx.kind != kindCall || h.command == v1Trans {
		tx.answered(h.status)
	}
}

func (s *State) negotiatedV1(tx *Tx, b blockV1) {
	i := int(b.words.u16())
	s.dialect = s.dialect[:0]
	if i < len(s.offered.ends) {
		s.dialect = append(s.dialect, s.offered.at(i)...)
	}
	if tx != nil && b.count == 17 && len(b.bytes.rest) >= 16 {
		tx.texts[textServerGUID] = appendGUID(tx.texts[textServerGUID][:0], b.bytes.take(16))
	}
}

func (s *State) sessionAnsweredV1(tx *Tx, h headV1, b blockV1) {
	tx.session = uint64(h.user)
	w := &b.words
	w.skip(6)
	skipped := 0
	if b.count == 4 {
		skipped = int(w.u16())
		b.bytes.skip(skipped)
	}
	if h.unicode && (b.at+skipped)%2 == 1 {
		b.bytes.skip(1)
	}
	tx.texts[textNativeOSServer] = b.bytes.text(tx.texts[textNativeOSServer][:0], h.unicode)
	tx.texts[textNativeLMServer] = b.bytes.text(tx.texts[textNativeLMServer][:0], h.unicode)
}

func (s *State) createdV1(h headV1, tx *Tx, w *reader) {
	w.skip(5)
	id := fidV1(w.u16())
	w.skip(4)
	for i := range tx.times {
		tx.times[i] = fileTime(w.u64())
	}
	w.skip(4)
	tx.size = w.u64() // allocated, which is what EVE has
	if w.bad {
		return
	}
	tx.texts[textHandle] = appendHandle(tx.texts[textHandle][:0], id, 1)
	s.addHandle(id, tx.texts[textName], s.treeOf(uint32(h.tree)))
}
