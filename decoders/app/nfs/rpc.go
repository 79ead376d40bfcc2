package nfs

import "encoding/binary"

// reader takes XDR values (RFC 4506) off the front of rest; bad says that one
// was not there.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.bad, r.rest = true, nil
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) skip(n int) { r.take(n) }

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// padded is a length with what fills it up to a multiple of four.
func padded(n uint64) uint64 { return (n + 3) &^ 3 }

// opaque reads bytes behind their length, of which there are at most limit.
func (r *reader) opaque(limit int) []byte {
	n := r.u32()
	if n > uint32(limit) {
		r.bad, r.rest = true, nil
		return nil
	}
	b := r.take(int(padded(uint64(n))))
	if b == nil {
		return nil
	}
	return b[:n:n]
}

// Limits of what is read (RFC 5531 section 8.2, RFC 8881 section 3.2 and what
// file systems have).
const (
	maxAuth   = 400
	maxName   = 1024 // of a file or machine
	maxHandle = 128
)

// RPC numbers (RFC 5531 section 9).
const (
	rpcCall, rpcReply = 0, 1
	rpcVersion        = 2
	programNFS        = 100003
	replyDenied       = 1
	authUnix          = 1
	authGSS           = 6
)

// credentials say who calls.
type credentials struct {
	flavour  uint32
	unix     bool // the rest is valid
	machine  []byte
	uid, gid uint32
}

// call is the head of a call, which its procedure's arguments follow.
type call struct {
	xid       uint32
	version   uint32 // of NFS
	procedure uint32
	creds     credentials
	gss       bool // the arguments are sealed or signed by GSS
	foreign   bool // of another program on the same connection, such as NFSACL
}

// readCall reads a call behind its xid and type; false when it is none.
func readCall(r *reader, xid uint32) (c call, ok bool) {
	c.xid = xid
	version, program := r.u32(), r.u32()
	c.version, c.procedure = r.u32(), r.u32()
	c.creds.flavour = r.u32()
	body := reader{rest: r.opaque(maxAuth)}
	switch c.creds.flavour {
	case authUnix:
		body.u32() // stamp
		c.creds.machine = body.opaque(maxName)
		c.creds.uid, c.creds.gid = body.u32(), body.u32()
		c.creds.unix = !body.bad
	case authGSS:
		body.u32() // version
		procedure, _, service := body.u32(), body.u32(), body.u32()
		const noService = 1 // the arguments are as they are
		c.gss = body.bad || procedure != 0 || service != noService
	}
	r.u32() // verifier
	r.opaque(maxAuth)
	c.foreign = program != programNFS
	return c, !r.bad && version == rpcVersion
}

// reply is the head of a reply, which the results follow.
type reply struct {
	xid    uint32
	status uint32 // accepted or denied
	failed bool   // there are no results
}

// readReply reads a reply behind its xid and type.
func readReply(r *reader, xid uint32) (p reply, ok bool) {
	p.xid, p.status = xid, r.u32()
	if p.status == replyDenied {
		p.failed = true
		return p, !r.bad
	}
	r.u32() // verifier
	r.opaque(maxAuth)
	p.failed = r.u32() != 0
	return p, !r.bad && p.status < replyDenied
}
