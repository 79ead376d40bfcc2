package dce

// maxInterfaces bounds the interfaces remembered of a connection; clients ask
// for a handful.
const maxInterfaces = 64

// Interface is one that a client asked for.
type Interface struct {
	UUID         UUID
	Major, Minor uint16
	Context      uint16
	First        bool // asked for in the first fragment of a PDU
	Answered     bool
	Result       uint16 // of the answer; 0 is accepted
	Reason       uint16
}

// Accepted reports that the server accepted the interface.
func (i *Interface) Accepted() bool { return i.Answered && i.Result == 0 }

// Bindings are the interfaces of a connection, of which the last bind counts.
// The zero value has none.
type Bindings struct {
	list []Interface
}

// List returns the interfaces, valid until the next call of a method.
func (b *Bindings) List() []Interface { return b.list }

// Reset forgets all.
func (b *Bindings) Reset() { b.list = b.list[:0] }

const contextLen = 24 // of a context with no transfer syntax

// Bind takes the interfaces that a PDU asks for behind its header. It returns
// false when the PDU ends early; what was read until then counts.
func (b *Bindings) Bind(h Header, body []byte) bool {
	const fixed = 12
	if h.Type == Bind {
		b.list = b.list[:0]
	}
	if len(body) < fixed {
		return false
	}
	o := Order(h.Little)
	n, rest := int(body[8]), body[fixed:]
	for range n {
		if len(rest) < contextLen {
			return false
		}
		if len(b.list) < maxInterfaces {
			b.list = append(b.list, Interface{
				Context: o.Uint16(rest), UUID: ParseUUID(rest[4:20], h.Little), Major: o.Uint16(rest[20:]), Minor: o.Uint16(rest[22:]),
				First: h.Flags&FlagFirst != 0,
			})
		}
		size := contextLen + 20*int(rest[2])
		if len(rest) < size {
			return false
		}
		rest = rest[size:]
	}
	return true
}

// Acknowledge takes a server's answer to a bind: one result for each interface
// that is not answered yet, in order.
func (b *Bindings) Acknowledge(h Header, body []byte) bool {
	const fixed, resultLen = 8, 24
	if len(body) < fixed+2 {
		return false
	}
	o := Order(h.Little)
	// The address behind the fixed part has a length and ends at a multiple of
	// four bytes from the start of the PDU.
	at := fixed + 2 + int(o.Uint16(body[fixed:]))
	at = (at + 3) &^ 3
	if len(body) < at+4 {
		return false
	}
	n, rest := int(body[at]), body[at+4:]
	for i := range b.list {
		if b.list[i].Answered {
			continue
		}
		if n == 0 {
			break
		}
		if len(rest) < resultLen {
			return false
		}
		b.list[i].Answered, b.list[i].Result, b.list[i].Reason = true, o.Uint16(rest), o.Uint16(rest[2:])
		rest = rest[resultLen:]
		n--
	}
	return true
}

// AppendRule appends an interface as rules look at it: UUID, major version in
// two bytes, 1 when it was asked for in a first fragment.
func (i *Interface) AppendRule(dst []byte) []byte {
	dst = append(dst, i.UUID[:]...)
	first := byte(0)
	if i.First {
		first = 1
	}
	return append(dst, byte(i.Major>>8), byte(i.Major), first)
}

// AppendVersion appends the version as "1.0".
func (i *Interface) AppendVersion(dst []byte) []byte {
	dst = appendDecimal(dst, i.Major)
	return appendDecimal(append(dst, '.'), i.Minor)
}

func appendDecimal(dst []byte, v uint16) []byte {
	if v >= 10 {
		dst = appendDecimal(dst, v/10)
	}
	return append(dst, '0'+byte(v%10))
}
