package nfs

import "hash/crc32"

// maxNames is how many names of files a flow remembers, by handle. One that
// falls into the place of another takes it.
const maxNames = 1024

// maxRequests is how many calls of a flow wait for their reply; the oldest
// gives way.
const maxRequests = 256

// nameTable has the names of files by the checksum of their handles.
type nameTable struct{ entries []fileName }

type fileName struct{ handle, name []byte }

func slot(handle []byte) uint32 { return crc32.ChecksumIEEE(handle) % maxNames }

// learn remembers the name of a file. An empty name tells nothing.
func (t *nameTable) learn(handle, name []byte) {
	if len(handle) == 0 || len(name) == 0 {
		return
	}
	if t.entries == nil {
		t.entries = make([]fileName, maxNames)
	}
	e := &t.entries[slot(handle)]
	e.handle, e.name = append(e.handle[:0], handle...), append(e.name[:0], name...)
}

// of returns the name of a file, nil when it is not known.
func (t *nameTable) of(handle []byte) []byte {
	if t.entries == nil {
		return nil
	}
	if e := &t.entries[slot(handle)]; string(e.handle) == string(handle) {
		return e.name
	}
	return nil
}

func (t *nameTable) reset() {
	for i := range t.entries {
		e := &t.entries[i]
		e.handle, e.name = e.handle[:0], e.name[:0]
	}
}

// request is a call that waits for its reply.
type request struct {
	used      bool
	xid       uint32
	version   uint32
	procedure uint32
	creds     credentials // without a name of the machine
	offset    uint64      // READ
	handle    []byte      // of the file or folder that it is about
	name      []byte      // of the file that the reply will give the handle of
}

// requests is a ring of calls.
type requests struct {
	ring []request
	next int
}

// add returns the place of another call.
func (q *requests) add(c *call) *request {
	switch n := len(q.ring); {
	case n == maxRequests:
		q.next = (q.next + 1) % maxRequests
	case n < cap(q.ring):
		q.ring, q.next = q.ring[:n+1], n // with the memory of an earlier flow
	default:
		q.ring, q.next = append(q.ring, request{}), n
	}
	r := &q.ring[q.next]
	*r = request{used: true, xid: c.xid, version: c.version, procedure: c.procedure, handle: r.handle[:0], name: r.name[:0]}
	r.creds = c.creds
	r.creds.machine = nil
	return r
}

// find returns the call with an xid, nil when it is not known. Most replies
// are to one of the last calls.
func (q *requests) find(xid uint32) *request {
	n := len(q.ring)
	for i := range n {
		at := q.next - i
		if at < 0 {
			at += n
		}
		if r := &q.ring[at]; r.used && r.xid == xid {
			return r
		}
	}
	return nil
}

func (q *requests) reset() {
	q.ring, q.next = q.ring[:0], 0
}
