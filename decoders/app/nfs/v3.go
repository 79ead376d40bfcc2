package nfs

import "spanwatch/decoders"

// maxTransfer bounds what one call reads or writes, in bytes. Linux allows a
// megabyte.
const maxTransfer = 16 << 20

// attributes3 is the size of a file's attributes in version 3 (RFC 1813
// section 2.3.5).
const attributes3 = 84

// optional passes over attributes that may be there.
func (r *reader) optionalAttributes() {
	if r.u32() != 0 {
		r.skip(attributes3)
	}
}

// called3 takes a call of version 3.
func (s *State) called3(c *call, q *request, args *reader) bool {
	var name, newName []byte
	switch c.procedure {
	case v3Access, v3Readdirplus, procGetattr:
		q.handle = append(q.handle, args.opaque(maxHandle)...)
		name = s.names.of(q.handle)
	case v3Lookup, v3Create, v3Mkdir, v3Remove, v3Rmdir:
		handle := args.opaque(maxHandle)
		name = args.opaque(maxName)
		if c.procedure != v3Lookup {
			q.handle = append(q.handle, handle...)
		}
		q.name = append(q.name, name...)
	case v3Rename:
		q.handle = append(q.handle, args.opaque(maxHandle)...)
		name = args.opaque(maxName)
		args.opaque(maxHandle)
		newName = args.opaque(maxName)
	case v3Read:
		return s.reads(c, q, args)
	case v3Write:
		f, size, ok := write3(c, args)
		if ok {
			s.transferred(&f, args.take(int(size)), decoders.ToServer)
		}
		return ok || !args.bad
	case v3Commit:
		s.synchronised(args.opaque(maxHandle), c, v3Commit)
		return !args.bad
	}
	t := s.plain(c, c.procedure, name, q.handle)
	t.newName = append(t.newName, newName...)
	return !args.bad
}

// reads takes a READ of version 3.
func (s *State) reads(c *call, q *request, args *reader) bool {
	q.handle = append(q.handle, args.opaque(maxHandle)...)
	q.offset = args.u64()
	if args.bad {
		return false
	}
	if s.fileOf(q.handle, decoders.ToClient) == nil {
		s.beginFile(c.xid, c.procedure, q.handle, decoders.ToClient).calledBy(&c.creds)
	}
	return true
}

// write3 reads the arguments of a WRITE up to its bytes; false when there are
// none.
func write3(c *call, r *reader) (f transfer, size uint64, ok bool) {
	const fileSync = 2 // the server has all of it when it replies
	f = transfer{xid: c.xid, procedure: c.procedure, handle: r.opaque(maxHandle), offset: r.u64()}
	r.u32() // count, which is the length of the bytes
	f.last = r.u32() == fileSync
	size = uint64(r.u32())
	return f, size, !r.bad && size > 0 && size <= maxTransfer
}

// replied3 takes a reply of version 3.
func (s *State) replied3(p *reply, q *request, results *reader) bool {
	if q.procedure == v3Read {
		f, size, ok := read3(p, q, results)
		if ok {
			s.transferred(&f, results.take(int(size)), decoders.ToClient)
		} else if f.status != 0 {
			s.answered(p, f.status, nil)
		}
		return ok || !results.bad
	}
	status := uint32(0)
	if len(results.rest) > 0 { // NULL has no results
		status = results.u32()
	}
	var handle []byte
	if status == 0 {
		switch q.procedure {
		case v3Lookup:
			handle = results.opaque(maxHandle)
			s.names.learn(handle, q.name)
		case v3Create:
			if results.u32() != 0 {
				handle = results.opaque(maxHandle)
				s.names.learn(handle, q.name)
			}
		case v3Readdirplus:
			s.learnEntries(results)
		}
	}
	s.answered(p, status, handle)
	return !results.bad
}

// read3 reads the reply to a READ up to its bytes; false when there are none.
func read3(p *reply, q *request, r *reader) (f transfer, size uint64, ok bool) {
	f = transfer{xid: p.xid, procedure: q.procedure, handle: q.handle, offset: q.offset, status: r.u32()}
	r.optionalAttributes()
	if f.status != 0 {
		return f, 0, false
	}
	r.u32() // count, which is the length of the bytes
	f.last = r.u32() != 0
	size = uint64(r.u32())
	return f, size, !r.bad && size <= maxTransfer
}

// learnEntries learns the names that READDIRPLUS lists with their handles. A
// list that is cut gives what there is.
func (s *State) learnEntries(r *reader) {
	r.optionalAttributes()
	r.skip(8) // verifier of the cookies
	list := reader{rest: r.rest}
	for list.u32() != 0 && !list.bad {
		list.skip(8) // number of the file
		name := list.opaque(maxName)
		list.skip(8) // cookie
		list.optionalAttributes()
		if list.u32() != 0 {
			s.names.learn(list.opaque(maxHandle), name)
		}
	}
}
