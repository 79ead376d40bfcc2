package smb

import "spanwatch/decoders"

// sink is where bytes that are read or written go: to a file, or nowhere.
type sink struct {
	tx     uint64 // number plus one; 0 is nowhere
	offset uint64 // of the next byte in the file
}

// fileSink opens the sink of size bytes at an offset of a file, with the
// transaction that tells of the file in that direction. What is too large, or
// would have too much wait for what lies before it, goes nowhere.
func (s *State) fileSink(h *handle, offset, size uint64, dir decoders.Direction, version uint8, command uint16) sink {
	if h == nil || s.tooLarge(size, dir) {
		return sink{}
	}
	t := s.tx(h.file[dir])
	if t == nil || t.content.Ended() {
		t = s.begin(version, command)
		t.kind, t.done = kindFile, [2]bool{}
		t.set(textName, h.name)
		t.set(textShare, h.share)
		t.texts[textHandle] = appendHandle(t.texts[textHandle][:0], h.id, version)
		t.content.Dir = dir
		t.content.Start(h.name, s.parser.config.Hashes)
		h.file[dir] = t.id + 1
	}
	if !s.queueHasRoom(t, size) {
		return sink{}
	}
	return sink{t.id + 1, offset}
}

// tooLarge reports that one READ or WRITE moves more than is allowed or was
// agreed on, which is an event.
func (s *State) tooLarge(size uint64, dir decoders.Direction) bool {
	limit, event := s.parser.config.MaxWriteSize, EventWriteRequestTooLarge
	if dir == decoders.ToClient {
		limit, event = s.parser.config.MaxReadSize, EventReadResponseTooLarge
	}
	if s.within(size, limit, dir) {
		return false
	}
	s.oddity(event)
	return true
}

func (s *State) within(size uint64, limit uint32, dir decoders.Direction) bool {
	agreed := s.max[dir]
	return (limit == 0 || size <= uint64(limit)) && (agreed == 0 || size <= uint64(agreed))
}

// sinkBytes writes bytes to the file where they belong. Bytes that were there
// already are an oddity and do not count; bytes that lie further on wait.
func (s *State) sinkBytes(k *sink, data []byte) {
	t := s.tx(k.tx)
	at := k.offset
	k.offset += uint64(len(data))
	if t == nil || t.content.Ended() || len(data) == 0 {
		return
	}
	have := t.content.Size
	if at > have {
		s.enqueue(t, at, data)
		return
	}
	if at < have {
		t.events.Add(EventFileOverlap)
		data = data[min(have-at, uint64(len(data))):]
	}
	t.content.Append(data)
	s.drain(t)
}

// sinkGap leaves out n bytes that were lost.
func (s *State) sinkGap(k *sink, n uint64) {
	if t := s.tx(k.tx); t != nil && k.offset == t.content.Size && !t.content.Ended() {
		t.content.Skip(n)
		s.drain(t)
	}
	k.offset += n
}

// closeHandle ends the files that were read or written by a handle.
func (s *State) closeHandle(id handleID) {
	h := s.handleOf(id)
	if h == nil {
		return
	}
	for _, number := range h.file {
		if t := s.tx(number); t != nil && !t.content.Ended() {
			s.flush(t)
			t.content.Close()
			t.done = [2]bool{true, true}
		}
	}
	h.file = [2]uint64{}
	h.bindings.Reset()
}

// appendHandle appends a handle as EVE shows it.
func appendHandle(dst []byte, id handleID, version uint8) []byte {
	if version == 1 {
		return appendHex(dst, []byte{id[1], id[0]})
	}
	return appendGUID(dst, id[:])
}
