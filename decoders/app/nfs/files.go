package nfs

import "spanwatch/decoders"

// transfer says whose bytes a WRITE call or the reply to a READ carries.
type transfer struct {
	xid       uint32
	procedure uint32
	handle    []byte
	offset    uint64 // of the first byte in the file
	last      bool   // the file ends with it
	status    uint32 // of a reply
}

// sink is where bytes that are read or written go: to a file, or nowhere.
type sink struct {
	tx     uint64 // number plus one; 0 is nowhere
	offset uint64 // of the next byte in the file
	xid    uint32
	last   bool
	fresh  bool // the transaction began with it, and it has given no bytes yet
	read   bool
	status uint32
}

// tx returns the transaction with a number plus one, nil when it is gone.
func (s *State) tx(number uint64) *Tx {
	for i := s.live.Len() - 1; i >= 0 && number > 0; i-- {
		if t := s.live.At(i); t.id == number-1 {
			return t
		}
	}
	return nil
}

// fileOf returns the transaction of a file that is read or written, nil when
// there is none.
func (s *State) fileOf(handle []byte, dir decoders.Direction) *Tx {
	for i := s.live.Len() - 1; i >= 0; i-- {
		if t := s.live.At(i); t.isFile && !t.closed && t.content.Dir == dir && string(t.handle) == string(handle) {
			return t
		}
	}
	return nil
}

// beginFile makes the transaction of a file.
func (s *State) beginFile(xid, procedure uint32, handle []byte, dir decoders.Direction) *Tx {
	t := s.begin(xid, procedure)
	t.isFile, t.first = true, true
	t.handle, t.name = append(t.handle, handle...), append(t.name, s.names.of(handle)...)
	t.content.Dir = dir
	t.content.Start(t.name, s.parser.hashes)
	return t
}

// openSink finds or begins the transaction that a transfer is part of.
func (s *State) openSink(f *transfer, dir decoders.Direction) sink {
	k := sink{offset: f.offset, xid: f.xid, last: f.last, read: dir == decoders.ToClient, status: f.status}
	t := s.fileOf(f.handle, dir)
	if t == nil {
		t = s.beginFile(f.xid, f.procedure, f.handle, dir)
		k.fresh = true
	}
	k.tx = t.id + 1
	return k
}

// transferred takes the bytes of a transfer that is there as a whole.
func (s *State) transferred(f *transfer, data []byte, dir decoders.Direction) {
	k := s.openSink(f, dir)
	s.sinkBytes(&k, data)
	s.sinkDone(&k)
}

// sinkBytes writes bytes to the file where they belong. Bytes from before where
// it has come to do not count, since old and new ones together are no file that
// ever was; bytes that are left out are a gap.
func (s *State) sinkBytes(k *sink, data []byte) {
	t := s.tx(k.tx)
	at := k.offset
	k.offset += uint64(len(data))
	if t == nil || t.content.Ended() {
		return
	}
	if k.fresh {
		k.fresh = false
	} else {
		t.chunks++
	}
	if len(data) == 0 {
		return
	}
	switch have := t.content.Size; {
	case at < have:
		return
	case at > have:
		t.content.Skip(at - have)
	}
	t.content.Append(data)
}

func (s *State) sinkGap(k *sink, n uint64) {
	if t := s.tx(k.tx); t != nil && k.offset+n > t.content.Size && !t.content.Ended() {
		t.content.Skip(k.offset + n - t.content.Size)
	}
	k.offset += n
}

// sinkDone says that all bytes of a transfer have come.
func (s *State) sinkDone(k *sink) {
	t := s.tx(k.tx)
	if t == nil || !k.last || t.closed {
		return
	}
	s.closeFile(t, k.xid)
	if k.read {
		t.status = k.status
		t.done = [2]bool{true, true}
	}
}

// closeFile ends a file: no more bytes are to come. Its transaction waits for
// the reply to the call that it began with, if that is a WRITE.
func (s *State) closeFile(t *Tx, xid uint32) {
	t.last, t.closed, t.lastXID = true, true, xid
	t.done[decoders.ToServer] = true
	if !t.content.Ended() {
		t.content.Close()
	}
}

// synchronised ends the file that was written by a handle: COMMIT or CLOSE.
func (s *State) synchronised(handle []byte, c *call, procedure uint32) {
	if t := s.fileOf(handle, decoders.ToServer); t != nil {
		if t.committed = procedure; procedure == v3Commit {
			t.chunks++ // EVE counts it
		}
		s.closeFile(t, c.xid)
	}
}

// transferIn looks for the bytes of a file in the start of a record: from at on,
// size of them. It changes nothing.
func (s *State) transferIn(start []byte, dir decoders.Direction) (at int, size uint64, f transfer, ok bool) {
	r := reader{rest: start}
	xid, kind := r.u32(), r.u32()
	switch {
	case kind == rpcCall && dir == decoders.ToServer:
		c, known := readCall(&r, xid)
		switch {
		case !known || c.gss || c.foreign:
		case c.version == 3 && c.procedure == v3Write:
			f, size, ok = write3(&c, &r)
		case c.version == 4 && c.procedure == v4Compound:
			f, size, ok = findWrite4(&c, &r)
		}
		if ok && s.version == 0 {
			s.version = c.version
		}
	case kind == rpcReply && dir == decoders.ToClient:
		p, known := readReply(&r, xid)
		q := s.requests.find(xid)
		switch {
		case !known || p.failed || q == nil:
		case q.version == 2 && q.procedure == v2Read:
			f, size, ok = read2(&p, q, &r)
		case q.version == 3 && q.procedure == v3Read:
			f, size, ok = read3(&p, q, &r)
		case q.version == 4 && q.procedure == v4Compound:
			f, size, ok = findRead4(&p, q, &r)
		}
		if ok {
			q.used = false
		}
	}
	return len(start) - len(r.rest), size, f, ok && !r.bad && size > 0
}
