package tls

import (
	"bytes"
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/fingerprint"
)

// Extensions that are looked into (IANA, TLS ExtensionType).
const (
	extServerName        = 0
	extGroups            = 10
	extPointFormats      = 11
	extSignatures        = 13
	extALPN              = 16
	extSessionTicket     = 35
	extEarlyData         = 42
	extSupportedVersions = 43
)

const (
	maxNumbers = 4096     // of each kind, over all hellos of a session
	maxNames   = 64 << 10 // bytes of names, over all hellos of a session
	maxSNI     = 255      // the longest domain name
)

// numbers are what the fingerprints of a side are made of, GREASE left out, in
// the order of the hellos.
type numbers struct {
	version    Version // of the first hello
	newest     Version // the highest version named in a hello
	alpn       [2]byte // first and last byte of the first ALPN protocol
	ciphers    []uint16
	extensions []uint16
	groups     []uint16
	formats    []uint16
	signatures []uint16
	// first says how many of each came with the first hello, which is all
	// that JA3 looks at; valid iff whole.
	first [4]int
	whole bool
}

func (n *numbers) reuse() numbers {
	const keep = 256
	return numbers{
		ciphers: reuse(n.ciphers, keep), extensions: reuse(n.extensions, keep), groups: reuse(n.groups, keep),
		formats: reuse(n.formats, keep), signatures: reuse(n.signatures, keep),
	}
}

func addNumber(list []uint16, n uint16) []uint16 {
	if fingerprint.IsGREASE(n) || len(list) >= maxNumbers {
		return list
	}
	return append(list, n)
}

// cursor reads big-endian fields. Behind the end of its bytes it reads zeros
// and says so.
type cursor struct {
	rest  []byte
	short bool
}

func (c *cursor) take(n int) []byte {
	if n > len(c.rest) {
		c.rest, c.short = nil, true
		return nil
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) u8() int {
	if b := c.take(1); b != nil {
		return int(b[0])
	}
	return 0
}

func (c *cursor) u16() int {
	if b := c.take(2); b != nil {
		return int(binary.BigEndian.Uint16(b))
	}
	return 0
}

// readHello reads a hello as far as it goes.
func (t *Tx) readHello(body []byte, dir decoders.Direction, client bool) {
	s := &t.sides[dir]
	n := &s.numbers
	c := cursor{rest: body}
	version := Version(c.u16())
	if c.short {
		t.event(app.EventTLSHandshakeInvalidLength)
		return
	}
	first := !s.hello
	s.hello = true
	if first {
		n.version = version
	}
	n.named(version)
	t.forget(itemJA4)
	draft := version == VersionTLS13 || version>>8 == 0x7f
	s.version = version
	if version == VersionTLS13 || version > versionEarlyDraft && version < 0x7f10 {
		s.version = versionEarlyDraft
	}
	if random := c.take(len(s.random)); random != nil {
		copy(s.random[:], random)
		s.hasRandom = true
	}
	// Servers of the drafts before the 22nd sent neither session nor
	// compression.
	short := !client && draft
	if short {
		t.certless = true
	} else {
		t.sessionOf(s, c.take(c.u8()), client)
	}
	size := 2
	if client {
		size = c.u16()
	}
	ciphers := c.take(size)
	if size%2 != 0 {
		c.short = true
	}
	if client {
		c.take(c.u8())
	} else if !short {
		c.u8()
	}
	if c.short {
		t.event(app.EventTLSHandshakeInvalidLength)
		return
	}
	for ; len(ciphers) > 0; ciphers = ciphers[2:] {
		n.ciphers = addNumber(n.ciphers, binary.BigEndian.Uint16(ciphers))
	}
	if t.extensions(&c, s, client) && first {
		n.whole = true
		n.first = [4]int{len(n.ciphers), len(n.extensions), len(n.groups), len(n.formats)}
	}
}

func (n *numbers) named(v Version) {
	if !fingerprint.IsGREASE(uint16(v)) {
		n.newest = max(n.newest, v)
	}
}

// sessionOf keeps a side's first session identifier. A server that answers
// with the client's resumes that session.
func (t *Tx) sessionOf(s *side, id []byte, client bool) {
	if len(id) == 0 || s.session != (span{}) {
		return
	}
	s.session = t.keep(id)
	if !client && bytes.Equal(id, t.name(t.sides[decoders.ToServer].session)) {
		t.sameSession = true
	}
}

// keep copies a name; an empty span when the session has too many already.
func (t *Tx) keep(b []byte) span {
	if len(t.names)+len(b) > maxNames {
		return span{}
	}
	start := len(t.names)
	t.names = append(t.names, b...)
	return span{uint32(start), uint32(len(t.names))}
}

func (t *Tx) name(s span) []byte { return t.names[s.start:s.end] }

// outcome of reading one extension.
type outcome uint8

const (
	extensionRead outcome = iota
	extensionBad          // those behind it are not read
)

// extensions reads the list at the end of a hello; false when its lengths are
// wrong. That it is missing is right too.
func (t *Tx) extensions(c *cursor, s *side, client bool) bool {
	if len(c.rest) < 2 {
		return true
	}
	list := cursor{rest: c.take(c.u16())}
	for len(list.rest) > 0 && !c.short {
		kind := uint16(list.u16())
		body := list.take(list.u16())
		if list.short {
			break
		}
		if t.extension(kind, body, s, client) == extensionBad {
			return true
		}
		s.numbers.extensions = addNumber(s.numbers.extensions, kind)
	}
	if c.short || list.short {
		t.event(app.EventTLSHandshakeInvalidLength)
		return false
	}
	return true
}

func (t *Tx) extension(kind uint16, body []byte, s *side, client bool) outcome {
	if len(body) == 0 && kind != extSessionTicket && kind != extEarlyData {
		return extensionRead
	}
	c := cursor{rest: body}
	switch kind {
	case extServerName:
		return t.serverName(&c, s)
	case extGroups:
		s.numbers.groups = pairs(&c, s.numbers.groups)
	case extSignatures:
		s.numbers.signatures = pairs(&c, s.numbers.signatures)
	case extPointFormats:
		for _, f := range c.take(c.u8()) {
			s.numbers.formats = addNumber(s.numbers.formats, uint16(f))
		}
	case extALPN:
		t.alpn(&c, s)
	case extSupportedVersions:
		t.supportedVersions(&c, s, client)
	case extSessionTicket:
		t.ticket = t.ticket || client
	case extEarlyData:
		t.earlyData = t.earlyData || client
	}
	if c.short {
		t.event(app.EventTLSHandshakeInvalidLength)
		return extensionBad
	}
	return extensionRead
}

// pairs adds a list of two-byte numbers behind its length in bytes.
func pairs(c *cursor, list []uint16) []uint16 {
	b := c.take(c.u16())
	for ; len(b) >= 2; b = b[2:] {
		list = addNumber(list, binary.BigEndian.Uint16(b))
	}
	if len(b) > 0 {
		c.short = true
	}
	return list
}

// serverName reads the first name of the list (RFC 6066 section 3). The length
// of the list is not believed: the name is what the server acts on.
func (t *Tx) serverName(c *cursor, s *side) outcome {
	c.u16()
	kind := c.u8()
	if c.short {
		t.event(app.EventTLSHandshakeInvalidLength)
		return extensionBad
	}
	if kind != 0 {
		t.event(app.EventTLSInvalidSNIType)
		return extensionBad
	}
	size := c.u16()
	if c.short {
		t.event(app.EventTLSHandshakeInvalidLength)
		return extensionBad
	}
	name := c.take(size)
	if c.short || size == 0 || size > maxSNI {
		t.event(app.EventTLSInvalidSNILength)
		return extensionBad
	}
	if s.sni != (span{}) {
		t.event(app.EventTLSMultipleSNIExtensions)
		return extensionRead
	}
	s.sni = t.keep(name)
	return extensionRead
}

// alpn reads the list of protocols (RFC 7301 section 3.1).
func (t *Tx) alpn(c *cursor, s *side) {
	list := cursor{rest: c.take(c.u16())}
	for len(list.rest) > 0 {
		p := list.take(list.u8())
		if list.short {
			return
		}
		if len(p) == 0 {
			continue
		}
		if ends, ok := fingerprint.ALPNEnds(p); ok && len(s.protocols) == 0 {
			s.numbers.alpn = ends
		}
		if kept := t.keep(p); kept != (span{}) {
			s.protocols = append(s.protocols, kept)
		}
	}
}

// supportedVersions takes the first version of a client's list that there is,
// or the server's choice (RFC 8446 section 4.2.1).
func (t *Tx) supportedVersions(c *cursor, s *side, client bool) {
	if !client {
		v := Version(c.u16())
		if c.short {
			return
		}
		if t.listsVersion && v > VersionTLS12 {
			t.certless = true
		}
		s.version = v
		return
	}
	size := c.u8()
	if size < 2 {
		c.short = true
		return
	}
	list := c.take(size)
	if c.short {
		return
	}
	t.listsVersion = true
	for ; len(list) >= 2; list = list[2:] {
		if v := Version(binary.BigEndian.Uint16(list)); v.valid() {
			s.version = v
			s.numbers.named(v)
			return
		}
	}
}
