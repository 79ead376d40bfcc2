package nfs

import "spanwatch/decoders"

// Operations of version 4 (RFC 7530 section 16.2, RFC 8881 section 18).
const (
	opAccess             = 3
	opClose              = 4
	opCommit             = 5
	opCreate             = 6
	opDelegreturn        = 8
	opGetattr            = 9
	opGetfh              = 10
	opLink               = 11
	opLookup             = 15
	opLookupp            = 16
	opOpen               = 18
	opOpenConfirm        = 20
	opOpenDowngrade      = 21
	opPutfh              = 22
	opPutpubfh           = 23
	opPutrootfh          = 24
	opRead               = 25
	opReaddir            = 26
	opReadlink           = 27
	opRemove             = 28
	opRename             = 29
	opRenew              = 30
	opRestorefh          = 31
	opSavefh             = 32
	opSetclientidConfirm = 36
	opWrite              = 38
	opSequence           = 53
)

const (
	maxOperations = 64 // of a compound
	maxTag        = 1024
	maxBitmap     = 64
	maxAttributes = 64 << 10
	stateID       = 16
	changeInfo    = 20
)

func (r *reader) bitmap() {
	n := r.u32()
	if n > maxBitmap {
		r.bad, r.rest = true, nil
		return
	}
	r.skip(4 * int(n))
}

func (r *reader) attributes() {
	r.bitmap()
	r.opaque(maxAttributes)
}

// operations reads the head of a compound's arguments.
func operations(r *reader) int {
	r.opaque(maxTag)
	r.u32() // minor version
	return int(min(r.u32(), maxOperations))
}

// called4 takes a compound. Operations that are not known end it, since their
// length is not either; what stood before counts.
func (s *State) called4(c *call, q *request, args *reader) bool {
	var current, name []byte
	main := uint32(0)
	for range operations(args) {
		op := args.u32()
		switch op {
		case opPutfh:
			current = args.opaque(maxHandle)
		case opPutrootfh, opPutpubfh, opLookupp, opRestorefh:
			current = nil
		case opRead:
			args.skip(stateID)
			q.handle, q.offset = append(q.handle[:0], current...), args.u64()
			args.u32()
		case opWrite:
			f, size, ok := write4(c, args, current)
			if ok = ok && size > 0 && padded(size) <= uint64(len(args.rest)); ok {
				s.transferred(&f, args.take(int(padded(size)))[:size:size], decoders.ToServer)
			}
		case opClose, opCommit:
			if op == opClose {
				args.skip(4 + stateID)
			} else {
				args.skip(12)
			}
			if !args.bad {
				s.synchronised(current, c, op)
			}
		case opLookup:
			name, current = args.opaque(maxName), nil
		case opOpen:
			name, current = open4(args), nil
		case opCreate:
			name, main, current = create4(args), op, nil
		case opRemove:
			name, main = args.opaque(maxName), op
		default:
			if !passOver(op, args) {
				args.rest = nil
			}
		}
		if len(args.rest) == 0 {
			break
		}
	}
	q.name = append(q.name, name...)
	if main != 0 && !args.bad {
		s.plain(c, main, name, nil)
	}
	return !args.bad
}

// passOver takes the arguments of an operation that nothing is learnt from;
// false when it is not known.
func passOver(op uint32, r *reader) bool {
	switch op {
	case opAccess:
		r.skip(4)
	case opDelegreturn:
		r.skip(stateID)
	case opGetattr:
		r.bitmap()
	case opGetfh, opReadlink, opSavefh:
	case opLink:
		r.opaque(maxName)
	case opOpenConfirm:
		r.skip(stateID + 4)
	case opOpenDowngrade:
		r.skip(stateID + 12)
	case opReaddir:
		r.skip(24)
		r.bitmap()
	case opRename:
		r.opaque(maxName)
		r.opaque(maxName)
	case opRenew:
		r.skip(8)
	case opSetclientidConfirm:
		r.skip(16)
	case opSequence:
		r.skip(16 + 4*4)
	default:
		return false
	}
	return true
}

// open4 reads the arguments of OPEN and returns the name of the file, nil when
// it is opened by its handle (RFC 7530 section 16.16).
func open4(r *reader) []byte {
	r.skip(4 + 4 + 4 + 8) // sequence, access, deny, client
	r.opaque(maxTag)      // owner
	const create, exclusive, exclusive41 = 1, 2, 3
	if r.u32() == create {
		switch mode := r.u32(); mode {
		case exclusive:
			r.skip(8)
		case exclusive41:
			r.skip(8)
			r.attributes()
		default:
			r.attributes()
		}
	}
	const claimNull, claimPrevious, claimDelegateCurrent = 0, 1, 2
	switch r.u32() {
	case claimNull:
		return r.opaque(maxName)
	case claimPrevious:
		r.skip(4)
	case claimDelegateCurrent:
		r.skip(stateID)
		return r.opaque(maxName)
	}
	return nil
}

// create4 reads the arguments of CREATE and returns the name.
func create4(r *reader) []byte {
	const block, character, link = 3, 4, 5
	switch r.u32() {
	case link:
		r.opaque(maxAttributes)
	case block, character:
		r.skip(8)
	}
	name := r.opaque(maxName)
	r.attributes()
	return name
}

// write4 reads the arguments of WRITE up to its bytes; false when there are
// none.
func write4(c *call, r *reader, handle []byte) (f transfer, size uint64, ok bool) {
	const fileSync = 2
	r.skip(stateID)
	f = transfer{xid: c.xid, procedure: opWrite, handle: handle, offset: r.u64(), last: r.u32() == fileSync}
	size = uint64(r.u32())
	return f, size, !r.bad && size <= maxTransfer
}

// findWrite4 looks for the bytes of a WRITE behind the operations that usually
// stand before it, without taking any note of them.
func findWrite4(c *call, r *reader) (f transfer, size uint64, ok bool) {
	var current []byte
	for range operations(r) {
		switch op := r.u32(); op {
		case opPutfh:
			current = r.opaque(maxHandle)
		case opWrite:
			return write4(c, r, current)
		default:
			if !passOver(op, r) || r.bad {
				return f, 0, false
			}
		}
	}
	return f, 0, false
}

// results4 reads the head of a compound's results.
func results4(r *reader) (status uint32, operations int) {
	status = r.u32()
	r.opaque(maxTag)
	return status, int(min(r.u32(), maxOperations))
}

// replied4 takes the results of a compound, as far as their length is known.
func (s *State) replied4(p *reply, q *request, r *reader) bool {
	status, n := results4(r)
	for range n {
		op := r.u32()
		failed := r.u32() != 0
		if failed || r.bad {
			break
		}
		switch op {
		case opGetfh:
			s.names.learn(r.opaque(maxHandle), q.name)
		case opRead:
			f := transfer{xid: p.xid, procedure: opRead, handle: q.handle, offset: q.offset, last: r.u32() != 0}
			data := r.opaque(maxTransfer)
			if !r.bad {
				s.transferred(&f, data, decoders.ToClient)
			}
		default:
			if !passOverResult(op, r) {
				r.rest = nil
			}
		}
		if len(r.rest) == 0 {
			break
		}
	}
	s.answered(p, status, nil)
	return !r.bad
}

// passOverResult takes the results of an operation that nothing is learnt
// from; false when it is not known.
func passOverResult(op uint32, r *reader) bool {
	switch op {
	case opPutfh, opPutpubfh, opPutrootfh, opLookup, opLookupp, opRestorefh, opSavefh, opRenew:
	case opAccess, opCommit:
		r.skip(8)
	case opClose, opOpenConfirm, opOpenDowngrade:
		r.skip(stateID)
	case opCreate:
		r.skip(changeInfo)
		r.bitmap()
	case opGetattr:
		r.attributes()
	case opLink, opRemove:
		r.skip(changeInfo)
	case opRename:
		r.skip(2 * changeInfo)
	case opReadlink:
		r.opaque(maxAttributes)
	case opOpen:
		return openResult(r)
	case opWrite:
		r.skip(16)
	case opSequence:
		r.skip(16 + 5*4)
	default:
		return false
	}
	return true
}

// openResult takes the results of OPEN; false when a delegation has a form
// that is not known.
func openResult(r *reader) bool {
	r.skip(stateID + changeInfo + 4)
	r.bitmap()
	const none, read, write = 0, 1, 2
	switch r.u32() {
	case none:
		return true
	case read:
		r.skip(stateID + 4)
	case write:
		r.skip(stateID + 4)
		r.skip(4 + 8) // what is limited, and to how much
	default:
		return false
	}
	r.skip(12) // kind, flags and mask of the entry for access control
	r.opaque(maxName)
	return true
}

// findRead4 looks for the bytes of a READ in the results of a compound.
func findRead4(p *reply, q *request, r *reader) (f transfer, size uint64, ok bool) {
	_, n := results4(r)
	for range n {
		op := r.u32()
		failed := r.u32() != 0
		switch {
		case failed || r.bad:
			return f, 0, false
		case op == opRead:
			f = transfer{xid: p.xid, procedure: opRead, handle: q.handle, offset: q.offset, last: r.u32() != 0}
			size = uint64(r.u32())
			return f, size, !r.bad && size <= maxTransfer
		case !passOverResult(op, r):
			return f, 0, false
		}
	}
	return f, 0, false
}
