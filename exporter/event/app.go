package event

import (
	"encoding/base64"
	"math"
	"strconv"
)

// App is a transaction of an application protocol whose record the caller has
// written with an Object.
type App struct {
	Envelope
	Type Type
	// Object is the record with its braces, borrowed.
	Object []byte
	// Beside are members that stand beside it, of protocols below; borrowed.
	Beside []byte
}

// AppendApp appends the event without its closing brace; see Finish.
func (e *Encoder) AppendApp(dst []byte, a *App) []byte {
	dst = e.appendEnvelope(dst, &a.Envelope, a.Type)
	return AppendAppMember(append(dst, ','), a.Type, a.Object, a.Beside)
}

// AppendAppMember appends the member `"sip":{…}`, and those beside it, that
// alerts carry too.
func AppendAppMember(dst []byte, t Type, object, beside []byte) []byte {
	if len(beside) > 0 {
		dst = append(append(dst, beside...), ',')
	}
	dst = append(dst, '"')
	dst = append(dst, t.String()...)
	dst = append(dst, `":`...)
	return append(dst, object...)
}

// Object writes a JSON object member by member. Names are plain ASCII; in a
// list they are empty. The caller closes what it opens.
type Object struct {
	text []byte
	// first says that the innermost object or list has no member yet.
	first bool
	ends  []byte // closing characters of what is open
}

// Begin starts an object at the end of dst, whose memory is used.
func (o *Object) Begin(dst []byte) {
	o.text = append(dst, '{')
	o.ends = append(o.ends[:0], '}')
	o.first = true
}

// Finish closes everything and returns the text.
func (o *Object) Finish() []byte {
	for len(o.ends) > 0 {
		o.End()
	}
	return o.text
}

// Object opens an object.
func (o *Object) Object(name string) { o.open(name, '{', '}') }

// List opens a list.
func (o *Object) List(name string) { o.open(name, '[', ']') }

func (o *Object) open(name string, start, end byte) {
	o.name(name)
	o.text = append(o.text, start)
	o.ends = append(o.ends, end)
	o.first = true
}

// End closes the innermost object or list.
func (o *Object) End() {
	last := len(o.ends) - 1
	o.text = append(o.text, o.ends[last])
	o.ends = o.ends[:last]
	o.first = false
}

func (o *Object) name(name string) {
	if !o.first {
		o.text = append(o.text, ',')
	}
	o.first = false
	if name != "" {
		o.text = append(o.text, '"')
		o.text = append(o.text, name...)
		o.text = append(o.text, '"', ':')
	}
}

// Text writes bytes from the wire; see AppendText.
func (o *Object) Text(name string, b []byte) {
	o.name(name)
	o.text = AppendText(o.text, b)
}

// CutText writes the start of bytes from the wire, and that more of them
// follow, in the words of EVE.
func (o *Object) CutText(name string, b []byte, more uint64) {
	o.Text(name, b)
	o.text = append(o.text[:len(o.text)-1], "[truncated "...)
	o.text = strconv.AppendUint(o.text, more, 10)
	o.text = append(o.text, ` additional bytes]"`...)
}

// String writes a text.
func (o *Object) String(name, s string) {
	o.name(name)
	o.text = AppendString(o.text, s)
}

// Address writes an IP address of 4 or 16 bytes.
func (o *Object) Address(name string, b []byte) {
	o.name(name)
	var a Addr
	version := uint8(4)
	if copy(a[:], b) == len(a) {
		version = 6
	}
	o.text = append(appendAddr(append(o.text, '"'), a, version), '"')
}

// MAC writes a link-layer address of any length.
func (o *Object) MAC(name string, b []byte) {
	o.name(name)
	o.text = append(o.text, '"')
	for i, c := range b {
		if i > 0 {
			o.text = append(o.text, ':')
		}
		o.text = append(o.text, hexDigits[c>>4], hexDigits[c&15])
	}
	o.text = append(o.text, '"')
}

// Uint writes a number.
func (o *Object) Uint(name string, v uint64) {
	o.name(name)
	o.text = strconv.AppendUint(o.text, v, 10)
}

// Int writes a number.
func (o *Object) Int(name string, v int64) {
	o.name(name)
	o.text = strconv.AppendInt(o.text, v, 10)
}

// Base64 writes bytes in base 64.
func (o *Object) Base64(name string, b []byte) {
	o.name(name)
	o.text = append(base64.StdEncoding.AppendEncode(append(o.text, '"'), b), '"')
}

// Float writes a number; null for what is none.
func (o *Object) Float(name string, v float64) {
	o.name(name)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		o.text = append(o.text, "null"...)
		return
	}
	o.text = strconv.AppendFloat(o.text, v, 'f', -1, 64)
}

// Bool writes true or false.
func (o *Object) Bool(name string, v bool) {
	o.name(name)
	o.text = strconv.AppendBool(o.text, v)
}
