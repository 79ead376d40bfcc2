package rdp

import (
	"encoding/binary"
	"slices"
	"unicode/utf16"
	"unicode/utf8"

	"spanwatch/decoders/app"
)

// fields takes little-endian numbers off the front of a block.
type fields struct {
	rest []byte
	ok   bool // so far everything was there
}

func (f *fields) take(n int) []byte {
	if !f.ok || len(f.rest) < n {
		f.ok = false
		return nil
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) u8() uint8 {
	if b := f.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (f *fields) u16() uint16 {
	if b := f.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (f *fields) u32() uint32 {
	if b := f.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// client is what a client says of itself in its core block ([MS-RDPBCGR]
// section 2.2.1.3.2).
type client struct {
	version                 uint32
	width, height           uint16
	depth                   uint16 // code of color depth
	layout, build           uint32
	name                    []byte // UTF-16, as ime and id
	keyboard, subtype, keys uint32
	ime                     []byte
	optional                fields // the members that older clients leave out
}

const (
	nameSize = 32
	imeSize  = 64
	idSize   = 64
)

// readClient reads what all clients say; false when it is not all there.
func readClient(b []byte) (c client, ok bool) {
	f := fields{b, true}
	c.version = f.u32()
	c.width, c.height, c.depth = f.u16(), f.u16(), f.u16()
	f.u16() // sequence of secure access
	c.layout, c.build = f.u32(), f.u32()
	c.name = f.take(nameSize)
	c.keyboard, c.subtype, c.keys = f.u32(), f.u32(), f.u32()
	c.ime = f.take(imeSize)
	c.optional = f
	return c, f.ok
}

// bits returns the depth that a code of section 2.2.1.3.2 stands for; 0 when it
// is none.
func bits(code uint16) uint64 {
	depths := [...]uint64{4, 8, 15, 16, 24}
	if i := int(code) - 0xca00; i >= 0 && i < len(depths) {
		return depths[i]
	}
	return 0
}

// highDepths are the values of highColorDepth; 0 says nothing.
var highDepths = []uint16{0, 4, 8, 15, 16, 24}

// appendClient adds a client's core block. Members that older clients leave
// out come one behind the other: what follows one that is impossible is not
// told.
func (t *Tx) appendClient(r *app.Record, c *client) {
	r.Object("client")
	defer r.End()
	r.Word("version", versionName(c.version))
	r.Uint("desktop_width", uint64(c.width))
	r.Uint("desktop_height", uint64(c.height))

	rest := c.optional
	post := rest.u16()
	postOK := rest.ok && (post == 0 || bits(post) > 0)
	rest.ok = postOK
	product, serial, high := rest.u16(), rest.u32(), rest.u16()
	hasProduct, hasSerial := postOK && len(c.optional.rest) >= 4, postOK && len(c.optional.rest) >= 8
	rest.ok = rest.ok && slices.Contains(highDepths, high)
	var depth uint64
	if rest.ok {
		depth = uint64(high)
	}
	if depth == 0 && postOK {
		depth = bits(post)
	}
	if depth == 0 && c.depth <= 0xca01 {
		depth = bits(c.depth)
	}
	if depth > 0 {
		r.Uint("color_depth", depth)
	}
	r.Word("keyboard_layout", localeName(c.layout))
	r.Word("build", buildName(c.build))
	t.wide(r, "client_name", c.name)
	if c.keyboard < uint32(len(keyboardNames)) && c.keyboard > 0 {
		r.Word("keyboard_type", keyboardNames[c.keyboard])
	}
	optionalUint(r, "keyboard_subtype", c.subtype)
	optionalUint(r, "function_keys", c.keys)
	t.wide(r, "ime", c.ime)
	if hasProduct {
		r.Uint("product_id", uint64(product))
	}
	if hasSerial {
		optionalUint(r, "serial_number", serial)
	}
	rest.u16() // depths that are supported
	capabilities := rest.u16()
	if rest.ok && capabilities != 0 {
		flagNames(r, "capabilities", uint32(capabilities), capabilityNames)
	}
	if id := rest.take(idSize); id != nil {
		t.wide(r, "id", id)
	}
	if hint := rest.u8(); rest.ok {
		rest.ok = int(hint) < len(hintNames)
		if rest.ok && hint > 0 {
			r.Word("connection_hint", hintNames[hint])
		}
	}
	rest.u8()  // padding
	rest.u32() // protocol that the server has selected
	appendDesktop(r, &rest)
}

// appendDesktop adds size, orientation and scale of the screen, as far as they
// are possible.
func appendDesktop(r *app.Record, rest *fields) {
	number := func(name string, v uint32, possible bool) bool {
		rest.ok = rest.ok && possible
		if rest.ok {
			r.Uint(name, uint64(v))
		}
		return rest.ok
	}
	size := func(v uint32) bool { return v >= 10 && v <= 10000 } // millimetres
	v := rest.u32()
	if !number("physical_width", v, size(v)) {
		return
	}
	v = rest.u32()
	if !number("physical_height", v, size(v)) {
		return
	}
	v = uint32(rest.u16())
	if !number("desktop_orientation", v, v%90 == 0 && v <= 270) {
		return
	}
	v = rest.u32()
	if !number("scale_factor", v, v >= 100 && v <= 500) {
		return
	}
	v = rest.u32()
	number("device_scale_factor", v, v == 100 || v == 140 || v == 180)
}

// appendChannels adds the virtual channels that a client asks for (section
// 2.2.1.3.4).
func appendChannels(r *app.Record, b []byte) {
	const nameLength, definition = 8, 12
	f := fields{b, true}
	count := f.u32()
	if count == 0 || len(f.rest) < definition {
		return
	}
	r.List("channels")
	for ; count > 0 && len(f.rest) >= definition; count-- {
		r.Text("", untilZero(f.take(definition)[:nameLength]))
	}
	r.End()
}

// wide adds a text of UTF-16 that ends with a zero, unless it is empty.
func (t *Tx) wide(r *app.Record, name string, b []byte) {
	start := len(t.text)
	for ; len(b) >= 2; b = b[2:] {
		c := rune(binary.LittleEndian.Uint16(b))
		if c == 0 {
			break
		}
		if utf16.IsSurrogate(c) {
			var second rune
			if len(b) >= 4 {
				second = rune(binary.LittleEndian.Uint16(b[2:]))
			}
			if c = utf16.DecodeRune(c, second); c != utf8.RuneError {
				b = b[2:]
			}
		}
		t.text = utf8.AppendRune(t.text, c)
	}
	r.OptionalText(name, t.text[start:])
}

func optionalUint(r *app.Record, name string, v uint32) {
	if v != 0 {
		r.Uint(name, uint64(v))
	}
}
