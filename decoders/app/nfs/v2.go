package nfs

import "spanwatch/decoders"

// Sizes of version 2 (RFC 1094 section 2.3).
const (
	handle2     = 32
	attributes2 = 68
)

// called2 takes a call of version 2. As in Suricata, only what is read is
// looked into.
func (s *State) called2(c *call, q *request, args *reader) bool {
	if c.procedure == v2Read {
		q.handle = append(q.handle, args.take(handle2)...)
		q.offset = uint64(args.u32())
		return !args.bad
	}
	s.plain(c, c.procedure, nil, nil)
	return true
}

func (s *State) replied2(p *reply, q *request, results *reader) bool {
	if q.procedure == v2Read {
		f, size, ok := read2(p, q, results)
		if ok {
			s.transferred(&f, results.take(int(size)), decoders.ToClient)
		}
		return ok || !results.bad
	}
	status := uint32(0)
	if len(results.rest) > 0 {
		status = results.u32()
	}
	s.answered(p, status, nil)
	return !results.bad
}

// read2 reads the reply to a READ up to its bytes; false when there are none.
// Version 2 does not say where a file ends: what one call gives is all that
// is taken for it when it is less than the size of the file says.
func read2(p *reply, q *request, r *reader) (f transfer, size uint64, ok bool) {
	if r.u32() != 0 {
		return f, 0, false
	}
	attributes := reader{rest: r.take(attributes2)}
	attributes.skip(20) // type, mode, links, owner, group
	total := uint64(attributes.u32())
	size = uint64(r.u32())
	f = transfer{xid: p.xid, procedure: q.procedure, handle: q.handle, offset: q.offset, last: q.offset+size >= total}
	return f, size, !r.bad && size <= maxTransfer
}
