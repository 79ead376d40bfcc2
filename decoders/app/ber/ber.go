// Package ber reads values in the Basic Encoding Rules (ITU-T X.690), as
// Kerberos, LDAP and SNMP write them.
//
//	bytes ──► Length (is all of it there?) ──► Reader ──► body of a value ──► Reader, Int, ObjectID, …
//
// Input is borrowed, and so are the bodies that come out: they are parts of
// it. Nothing is copied, allocated or followed by recursion; a caller that
// walks nested values bounds its own depth.
//
// Left out: indefinite lengths and tags with numbers above 30, which the
// protocols rule out (RFC 4511 section 5.1) or do not have. They are malformed
// here.
package ber

import "errors"

// Tag is the first byte of a value: class, whether it is made of others, and
// number.
type Tag byte

// Universal tags.
const (
	Boolean     Tag = 0x01
	Integer     Tag = 0x02
	BitString   Tag = 0x03
	OctetString Tag = 0x04
	Null        Tag = 0x05
	OID         Tag = 0x06
	Enumerated  Tag = 0x0a
	Sequence    Tag = 0x30
	Set         Tag = 0x31
	GeneralText Tag = 0x1b // GeneralString
	TimeText    Tag = 0x18 // GeneralizedTime
)

const (
	number      Tag = 0x1f
	constructed Tag = 0x20
	application Tag = 0x40
	context     Tag = 0x80
)

// Context is the tag of a primitive value with a number of the context.
func Context(n int) Tag { return context | Tag(n)&number }

// In is the tag of a constructed value with a number of the context, such as
// an explicit tag.
func In(n int) Tag { return context | constructed | Tag(n)&number }

// Application is the tag of a primitive value of class application.
func Application(n int) Tag { return application | Tag(n)&number }

// ApplicationOf is the tag of a constructed value of class application.
func ApplicationOf(n int) Tag { return application | constructed | Tag(n)&number }

// Number of the tag within its class.
func (t Tag) Number() int { return int(t & number) }

// Constructed reports that the value is made of others.
func (t Tag) Constructed() bool { return t&constructed != 0 }

// IsApplication reports that the tag is of class application.
func (t Tag) IsApplication() bool { return t&0xc0 == application }

// IsContext reports that the tag is of class context.
func (t Tag) IsContext() bool { return t&0xc0 == context }

// Errors of Header, Length and Next.
var (
	ErrShort     = errors.New("BER value is not complete")
	ErrMalformed = errors.New("no BER value of definite length")
)

// maxDigits is how many bytes a length may take, beside the one that says so:
// no message is longer than 4 GiB.
const maxDigits = 4

// Header reads tag and length of the first value of b. n is how many bytes
// they take themselves, length how many follow. The error is ErrShort when
// they are not all there, and ErrMalformed.
func Header(b []byte) (tag Tag, n, length int, err error) {
	if len(b) == 0 {
		return 0, 0, 0, ErrShort
	}
	tag = Tag(b[0])
	if tag&number == number {
		return tag, 0, 0, ErrMalformed
	}
	if len(b) < 2 {
		return tag, 0, 0, ErrShort
	}
	if b[1] < 0x80 {
		return tag, 2, int(b[1]), nil
	}
	digits := int(b[1] & 0x7f)
	if digits == 0 || digits > maxDigits {
		return tag, 0, 0, ErrMalformed
	}
	if len(b) < 2+digits {
		return tag, 0, 0, ErrShort
	}
	for _, d := range b[2 : 2+digits] {
		length = length<<8 | int(d)
	}
	return tag, 2 + digits, length, nil
}

// Length returns the tag of the first value of b and how many bytes it takes
// with its header, whether or not they are all there. Errors are Header's.
func Length(b []byte) (tag Tag, whole int, err error) {
	tag, n, length, err := Header(b)
	return tag, n + length, err
}

// Next cuts the first value off b. The error is ErrShort when b ends before it
// does, and ErrMalformed.
func Next(b []byte) (tag Tag, body, rest []byte, err error) {
	tag, n, length, err := Header(b)
	if err != nil {
		return tag, nil, b, err
	}
	if length > len(b)-n {
		return tag, nil, b, ErrShort
	}
	return tag, b[n : n+length : n+length], b[n+length:], nil
}

// Reader takes values off the front of some bytes. After the first that could
// not be read it gives nothing any more, and Bad says so; a caller may read a
// whole message and ask once.
type Reader struct {
	rest []byte
	bad  bool
}

// Read makes a Reader of the values in a body.
func Read(body []byte) Reader { return Reader{rest: body} }

// Bad reports that a value was missing, or of another kind than expected.
func (r *Reader) Bad() bool { return r.bad }

// Fail makes the Reader bad, for a value that says something impossible.
func (r *Reader) Fail() { r.bad, r.rest = true, nil }

// Done reports that there is nothing more to read.
func (r *Reader) Done() bool { return len(r.rest) == 0 }

// Rest returns the bytes that were not read.
func (r *Reader) Rest() []byte { return r.rest }

// Peek returns the tag of the next value; 0, which is no tag of any protocol,
// when there is none.
func (r *Reader) Peek() Tag {
	if len(r.rest) == 0 {
		return 0
	}
	return Tag(r.rest[0])
}

// Any takes the next value, whatever it is.
func (r *Reader) Any() (Tag, []byte) {
	tag, body, rest, err := Next(r.rest)
	if err != nil {
		r.Fail()
		return 0, nil
	}
	r.rest = rest
	return tag, body
}

// Take takes the next value, which has to have the tag.
func (r *Reader) Take(want Tag) []byte {
	if r.Peek() != want {
		r.Fail()
		return nil
	}
	_, body := r.Any()
	return body
}

// Optional takes the next value if it has the tag.
func (r *Reader) Optional(want Tag) (body []byte, ok bool) {
	if r.Peek() != want {
		return nil, false
	}
	_, body = r.Any()
	return body, !r.bad
}

// In takes the next value, which has to have the tag, as a Reader of what is
// in it. It is bad when this one is.
func (r *Reader) In(want Tag) Reader {
	body := r.Take(want)
	return Reader{rest: body, bad: r.bad}
}

// Int takes the next value, which has to have the tag and be a number.
func (r *Reader) Int(want Tag) int64 {
	n, ok := Int(r.Take(want))
	if !ok {
		r.Fail()
		return 0
	}
	return n
}

// Int reads the body of an integer or enumerated value; false when it is empty
// or larger than 64 bits.
func Int(body []byte) (n int64, ok bool) {
	if len(body) == 0 || len(body) > 8 {
		return 0, false
	}
	n = int64(int8(body[0]))
	for _, b := range body[1:] {
		n = n<<8 | int64(b)
	}
	return n, true
}

// Uint reads the body of an integer that is not negative, up to 64 bits.
func Uint(body []byte) (n uint64, ok bool) {
	if len(body) == 9 && body[0] == 0 {
		body = body[1:]
	} else if len(body) == 0 || len(body) > 8 || body[0]&0x80 != 0 {
		return 0, false
	}
	for _, b := range body {
		n = n<<8 | uint64(b)
	}
	return n, true
}
