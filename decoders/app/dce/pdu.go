// Package dce reads the protocol data units of DCE/RPC (The Open Group C706,
// chapter 12; MS-RPCE), whatever carries them: TCP and UDP (package dcerpc),
// or named pipes of SMB.
//
//	bytes ──► ParseHeader ──► ParseBind, ParseBindAck, ParseRequest, ParseResponse
//	                          └► Bindings: interfaces of a connection
//
// What the functions return points into the bytes given; Bindings copies.
// Nothing is read beyond the fragment's length, and everything is bounded by
// what a fragment can hold.
package dce

import "encoding/binary"

// Type is the type of a PDU.
type Type uint8

// Types of PDUs.
const (
	Request          Type = 0
	Ping             Type = 1
	Response         Type = 2
	Fault            Type = 3
	Bind             Type = 11
	BindAck          Type = 12
	BindNak          Type = 13
	AlterContext     Type = 14
	AlterContextResp Type = 15
	Auth3            Type = 16
)

var typeNames = [...]string{
	"REQUEST", "PING", "RESPONSE", "FAULT", "WORKING", "NOCALL", "REJECT", "ACK", "CL_CANCEL", "FACK", "CANCELACK",
	"BIND", "BINDACK", "BINDNAK", "ALTER_CONTEXT", "ALTER_CONTEXT_RESP", "AUTH3", "SHUTDOWN", "CO_CANCEL", "ORPHANED", "RTS",
}

// String returns the name of the type in EVE.
func (t Type) String() string {
	if int(t) < len(typeNames) {
		return typeNames[t]
	}
	return "UNKNOWN"
}

// Known reports whether the type is one.
func (t Type) Known() bool { return int(t) < len(typeNames) }

// Binds reports whether a PDU asks for interfaces.
func (t Type) Binds() bool { return t == Bind || t == AlterContext }

// HeaderLen is the length of the header of connection-oriented PDUs.
const HeaderLen = 16

// Flags of a connection-oriented PDU.
const (
	FlagFirst  = 0x01
	FlagLast   = 0x02
	FlagObject = 0x80 // an object UUID stands before the stub data
)

// Header is that of a connection-oriented PDU.
type Header struct {
	Minor  uint8
	Type   Type
	Flags  uint8
	Little bool // byte order of the sender
	Length int  // of the fragment, with this header
	Auth   int  // length of the authentication data at its end
	CallID uint32
}

// ParseHeader reads the header at the start of data, which has HeaderLen bytes
// at least; false when it is none.
func ParseHeader(data []byte) (h Header, ok bool) {
	if len(data) < HeaderLen || data[0] != 5 || data[1] > 1 {
		return h, false
	}
	h = Header{Minor: data[1], Type: Type(data[2]), Flags: data[3], Little: data[4]&0x10 != 0}
	o := Order(h.Little)
	h.Length, h.Auth, h.CallID = int(o.Uint16(data[8:])), int(o.Uint16(data[10:])), o.Uint32(data[12:])
	return h, h.Type.Known() && h.Length >= HeaderLen
}

// Order returns the byte order of numbers.
func Order(little bool) binary.ByteOrder {
	if little {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// UUID of an interface, in the order in which it is written.
type UUID [16]byte

// ParseUUID reads a UUID and turns the first three parts of a little-endian UUID round.
func ParseUUID(b []byte, little bool) (u UUID) {
	copy(u[:], b)
	if little {
		u[0], u[1], u[2], u[3] = u[3], u[2], u[1], u[0]
		u[4], u[5], u[6], u[7] = u[5], u[4], u[7], u[6]
	}
	return u
}

const hexDigits = "0123456789abcdef"

// AppendText appends the UUID as text, with hyphens.
func (u UUID) AppendText(dst []byte) []byte {
	for i, b := range u {
		switch i {
		case 4, 6, 8, 10:
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[b>>4], hexDigits[b&15])
	}
	return dst
}

// Call is what a request or response says.
type Call struct {
	Context uint16
	Opnum   uint16 // of a request
	Stub    []byte
}

// ParseRequest reads a request behind its header; body ends with the fragment.
func ParseRequest(h Header, body []byte) (c Call, ok bool) {
	const fixed = 8
	if len(body) < fixed {
		return c, false
	}
	o := Order(h.Little)
	c.Context, c.Opnum = o.Uint16(body[4:]), o.Uint16(body[6:])
	at := fixed
	if h.Flags&FlagObject != 0 {
		at += len(UUID{})
	}
	if len(body) < at {
		return c, false
	}
	c.Stub = stub(h, body[at:])
	return c, true
}

// ParseResponse reads a response behind its header. As Suricata has it, its
// stub data begins with the hint of size, context and counter before it.
func ParseResponse(h Header, body []byte) (c Call, ok bool) {
	const fixed = 8
	if len(body) < fixed {
		return c, false
	}
	c.Context, c.Stub = Order(h.Little).Uint16(body[4:]), stub(h, body)
	return c, true
}

// authHeader is the length of what stands before authentication data; its
// third byte is how much padding stands before that.
const authHeader = 8

// stub cuts padding and authentication off a body.
func stub(h Header, body []byte) []byte {
	if h.Auth == 0 || h.Auth+authHeader > len(body) {
		return body
	}
	end := len(body) - h.Auth - authHeader
	return body[:max(0, end-int(body[end+2]))]
}
