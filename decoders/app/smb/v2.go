package smb

import (
	"encoding/binary"

	"spanwatch/decoders"
)

const (
	headerV2 = 64
	// The parts of requests before their data (MS-SMB2 sections 2.2.19 to
	// 2.2.21), with the header.
	writeV2 = headerV2 + 48
	readV2  = headerV2 + 16

	flagAnswerV2  = 0x01
	flagAsyncV2   = 0x02 // the header has a number where others have their tree
	statusPending = 0x00000103
)

// headV2 is the header of a message (MS-SMB2 section 2.2.1).
type headV2 struct {
	status  uint32
	command uint16
	flags   uint32
	next    uint32
	message uint64
	tree    uint32
	session uint64
}

func parseHeadV2(b []byte) (h headV2, ok bool) {
	if len(b) < headerV2 {
		return h, false
	}
	le := binary.LittleEndian
	h = headV2{
		status: le.Uint32(b[8:]), command: le.Uint16(b[12:]), flags: le.Uint32(b[16:]), next: le.Uint32(b[20:]),
		message: le.Uint64(b[24:]), tree: le.Uint32(b[36:]), session: le.Uint64(b[40:]),
	}
	if h.flags&flagAsyncV2 != 0 {
		h.tree = 0
	}
	return h, true
}

// messagesV2 reads a record, which may have several messages one behind the
// other.
func (s *State) messagesV2(data []byte, dir decoders.Direction) bool {
	for len(data) > 0 {
		h, ok := parseHeadV2(data)
		if !ok || h.next > 0 && h.next < headerV2 {
			return false
		}
		message := data
		if h.next > 0 && int(h.next) < len(data) {
			message, data = data[:h.next], data[h.next:]
		} else {
			data = nil
		}
		switch answer := h.flags&flagAnswerV2 != 0; {
		case s.wrongWay(answer, dir):
		case !answer:
			s.requestV2(h, message)
		case h.status != statusPending:
			s.answerV2(h, message)
		}
	}
	return true
}

// newV2 makes the transaction of a request.
func (s *State) newV2(h headV2) *Tx {
	t := s.begin(2, h.command)
	t.session, t.tree = h.session, h.tree
	return t
}

func handleAt(r *reader) (id handleID) {
	copy(id[:], r.take(len(id)))
	return id
}

// requestV2 reads a request; offsets in it count from its header.
func (s *State) requestV2(h headV2, m []byte) {
	r := reader{rest: m[headerV2:]}
	var tx *Tx
	wait := request{key: h.message, command: h.command}
	switch h.command {
	case v2Negotiate:
		tx = s.begin(2, h.command)
		tx.kind = kindNegotiate
		r.skip(2)
		count := int(r.u16())
		r.skip(8)
		tx.texts[textClientGUID] = appendGUID(tx.texts[textClientGUID][:0], r.take(16))
		r.skip(8)
		for range count {
			if d := r.u16(); !r.bad {
				tx.dialects.text = append(tx.dialects.text, dialectName(d)...)
				tx.dialects.end()
			}
		}
	case v2SessionSetup:
		tx = s.newV2(h)
		tx.kind = kindSession
		r.skip(12)
		at := int(r.u16())
		tx.ntlmssp(part(m, at, int(r.u16())))
	case v2TreeConnect:
		tx = s.newV2(h)
		tx.kind = kindTree
		r.skip(4)
		at := int(r.u16())
		tx.texts[textName] = appendUTF16(tx.texts[textName][:0], part(m, at, int(r.u16())))
	case v2Create:
		tx = s.newV2(h)
		tx.kind = kindCreate
		r.skip(36)
		tx.disposition = r.u32()
		tx.deletes = r.u32()&deleteOnClose != 0
		at := int(r.u16())
		tx.texts[textName] = appendUTF16(tx.texts[textName][:0], part(m, at, int(r.u16())))
	case v2Close:
		tx = s.newV2(h)
		r.skip(8)
		s.closeHandle(handleAt(&r))
	case v2Read:
		r.skip(4)
		if !s.within(uint64(r.u32()), s.parser.config.MaxReadSize, decoders.ToClient) {
			s.oddity(EventReadRequestTooLarge)
		}
		wait.offset = r.u64()
		wait.handle = handleAt(&r)
	case v2Write:
		tx, wait.handle = s.writeV2(h, m)
	case v2IOCTL:
		r.skip(4)
		function := r.u32()
		wait.handle = handleAt(&r)
		at := int(r.u32())
		input := part(m, at, int(r.u32()))
		if f := s.handleOf(wait.handle); function == functionTransceive && f.carriesCalls(input) {
			if tx = s.called(f, input, 2, h.command); tx != nil {
				tx.session, tx.tree = h.session, h.tree
				break
			}
		}
		tx = s.newV2(h)
		tx.kind, tx.function = kindControl, function
	case v2SetInfo:
		tx = s.setInfoV2(h, m)
	case v2GetInfo:
	default:
		tx = s.newV2(h)
	}
	s.expect(wait, tx)
}

const deleteOnClose = 0x00001000 // of CreateOptions

// writeV2 reads a write: bytes of a file, or calls in a pipe.
func (s *State) writeV2(h headV2, m []byte) (*Tx, handleID) {
	at, size, id, offset := writeAt(m)
	f := s.handleOf(id)
	data := part(m, at, int(min(size, 1<<30)))
	if f.carriesCalls(data) {
		tx := s.called(f, data, 2, h.command)
		if tx != nil {
			tx.session, tx.tree = h.session, h.tree
		}
		return tx, id
	}
	to := s.writeSink(h, f, offset, size)
	s.sinkBytes(&to, data)
	return nil, id
}

// writeSink is the sink of what a client writes to a file.
func (s *State) writeSink(h headV2, f *handle, offset, size uint64) sink {
	if s.noFile(h.tree, f, decoders.ToServer) {
		return sink{}
	}
	to := s.fileSink(f, offset, size, decoders.ToServer, 2, h.command)
	if t := s.tx(to.tx); t != nil {
		t.session, t.tree = h.session, h.tree
	}
	return to
}

// writeAt reads where the data of a write is, and where it goes.
func writeAt(m []byte) (at int, size uint64, id handleID, offset uint64) {
	r := reader{rest: m[headerV2:]}
	r.skip(2)
	at, size, offset = int(r.u16()), uint64(r.u32()), r.u64()
	return at, size, handleAt(&r), offset
}

// bulkV2 finds the bytes of a file in a record whose start is there.
func (s *State) bulkV2(m []byte, dir decoders.Direction) (at int, size uint64, to sink, ok bool) {
	h, ok := parseHeadV2(m)
	if !ok || h.next != 0 {
		return 0, 0, to, false
	}
	switch {
	case h.command == v2Write && h.flags&flagAnswerV2 == 0 && len(m) >= writeV2:
		at, size, id, offset := writeAt(m)
		f := s.handleOf(id)
		if at < writeV2 || f.carriesCalls(part(m, at, len(m))) {
			return 0, 0, to, false
		}
		s.expect(request{key: h.message, command: h.command, handle: id}, nil)
		return at, size, s.writeSink(h, f, offset, size), true
	case h.command == v2Read && h.flags&flagAnswerV2 != 0 && len(m) >= readV2:
		at, size := readAt(m)
		wait := s.peek(h.message, h.command)
		if at < readV2 || wait == nil {
			return 0, 0, to, false
		}
		f := s.handleOf(wait.handle)
		if f != nil && f.calls {
			return 0, 0, to, false
		}
		offset := wait.offset
		s.answerTo(h.message, h.command)
		return at, size, s.readSink(h, f, offset, size), true
	}
	return 0, 0, to, false
}

func (s *State) peek(key uint64, command uint16) *request {
	for i := range s.requests {
		if r := &s.requests[i]; r.key == key && r.command == command {
			return r
		}
	}
	return nil
}

// readAt reads where the data of the answer to a read is.
func readAt(m []byte) (at int, size uint64) {
	r := reader{rest: m[headerV2:]}
	r.skip(2)
	at = int(r.u8())
	r.skip(1)
	return at, uint64(r.u32())
}

// readSink is the sink of what a server sends of a file.
func (s *State) readSink(h headV2, f *handle, offset, size uint64) sink {
	if s.noFile(h.tree, f, decoders.ToClient) {
		return sink{}
	}
	to := s.fileSink(f, offset, size, decoders.ToClient, 2, h.command)
	if t := s.tx(to.tx); t != nil {
		t.session, t.tree, t.status, t.hasStatus = h.session, h.tree, h.status, true
	}
	return to
}

// Classes of SET_INFO that are told of (MS-FSCC section 2.4).
const (
	infoFile         = 1
	classRename      = 10
	classDisposition = 13
	renameHeader     = 20
)

// setInfoV2 reads a change of a file's name or its deletion.
func (s *State) setInfoV2(h headV2, m []byte) *Tx {
	r := reader{rest: m[headerV2:]}
	r.skip(2)
	kind, class, length, at := r.u8(), r.u8(), int(r.u32()), int(r.u16())
	r.skip(6)
	f := s.handleOf(handleAt(&r))
	data := part(m, at, length)
	if kind != infoFile {
		return nil
	}
	switch {
	case class == classRename && len(data) >= renameHeader:
		tx := s.newV2(h)
		tx.kind = kindRename
		name := part(data, renameHeader, int(binary.LittleEndian.Uint32(data[16:])))
		tx.texts[textRenamed] = appendUTF16(tx.texts[textRenamed][:0], name)
		if f != nil {
			tx.set(textName, f.name)
		}
		return tx
	case class == classDisposition && len(data) > 0:
		tx := s.newV2(h)
		tx.kind, tx.deletes = kindDisposition, data[0] == 1
		if f != nil {
			tx.set(textName, f.name)
			tx.texts[textHandle] = appendHandle(tx.texts[textHandle][:0], f.id, 2)
		}
		return tx
	}
	return nil
}

// answerV2 reads an answer.
func (s *State) answerV2(h headV2, m []byte) {
	wait, ok := s.answerTo(h.message, h.command)
	if !ok && h.command == v2Negotiate {
		// The answer to a negotiation of version 1 that offers version 2.
		wait, ok = s.answerTo(0, v1Negotiate)
	}
	if !ok {
		return
	}
	tx := s.tx(wait.tx)
	r := reader{rest: m[headerV2:]}
	success := h.status == 0
	switch h.command {
	case v2Negotiate:
		s.negotiatedV2(tx, &r)
	case v2SessionSetup:
		if tx != nil {
			tx.session = h.session
		}
	case v2TreeConnect:
		s.connectedV2(h, tx, &r)
	case v2Create:
		if tx != nil && success {
			s.createdV2(h, tx, &r)
		}
	case v2Read:
		at, size := readAt(m)
		data := part(m, at, int(min(size, 1<<30)))
		if f := s.handleOf(wait.handle); f != nil && f.calls {
			s.returned(f, data)
		} else if success && len(data) > 0 {
			to := s.readSink(h, f, wait.offset, size)
			s.sinkBytes(&to, data)
		}
	case v2Write:
		if f := s.handleOf(wait.handle); f != nil {
			if t := s.tx(f.file[decoders.ToServer]); t != nil {
				t.status, t.hasStatus = h.status, true
			}
		}
	case v2IOCTL:
		r.skip(32)
		at := int(r.u32())
		if f := s.handleOf(wait.handle); f != nil && f.calls && tx != nil && tx.kind == kindCall {
			s.returned(f, part(m, at, int(r.u32())))
		}
	}
	if tx == nil {
		return
	}
	tx.status, tx.hasStatus = h.status, true
	if tx.kind != kindCall || h.command == v2IOCTL || h.status != 0 {
		tx.answered(h.status)
	}
}

func (s *State) negotiatedV2(tx *Tx, r *reader) {
	r.skip(4)
	s.dialect = append(s.dialect[:0], dialectName(r.u16())...)
	r.skip(2)
	server := r.take(16)
	r.skip(8)
	maxRead, maxWrite := r.u32(), r.u32()
	c := &s.parser.config
	if c.MaxReadSize != 0 && maxRead > c.MaxReadSize {
		s.oddity(EventNegotiateMaxReadSizeTooLarge)
	}
	if c.MaxWriteSize != 0 && maxWrite > c.MaxWriteSize {
		s.oddity(EventNegotiateMaxWriteSizeTooLarge)
	}
	s.max[decoders.ToClient], s.max[decoders.ToServer] = maxRead, maxWrite
	if tx != nil {
		tx.texts[textServerGUID] = appendGUID(tx.texts[textServerGUID][:0], server)
		tx.maxRead, tx.maxWrite = maxRead, maxWrite
	}
}

func (s *State) connectedV2(h headV2, tx *Tx, r *reader) {
	if tx == nil {
		return
	}
	r.skip(2)
	if h.status == 0 {
		tx.shareType = r.u8()
		tx.pipe = tx.shareType == sharePipe
		s.addTree(h.tree, tx.texts[textName], tx.pipe)
	}
	tx.tree = h.tree
}

// sharePipe is the type of a share that has pipes.
const sharePipe = 2

func (s *State) createdV2(h headV2, tx *Tx, r *reader) {
	r.skip(8)
	for i := range tx.times {
		tx.times[i] = fileTime(r.u64())
	}
	r.skip(8)
	tx.size = r.u64()
	r.skip(8)
	id := handleAt(r)
	if r.bad {
		return
	}
	tx.texts[textHandle] = appendHandle(tx.texts[textHandle][:0], id, 2)
	s.addHandle(id, tx.texts[textName], s.treeOf(h.tree))
}
