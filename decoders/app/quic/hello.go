package quic

import (
	"encoding/binary"
	"strconv"

	"spanwatch/decoders"
	"spanwatch/decoders/app/fingerprint"
)

// Types of handshake message (RFC 8446 section 4).
const (
	clientHello = 1
	serverHello = 2
)

// Extensions that are looked into (IANA, TLS ExtensionType).
const (
	extServerName        = 0
	extGroups            = 10
	extPointFormats      = 11
	extSignatures        = 13
	extALPN              = 16
	extSupportedVersions = 43
)

const (
	maxNumbers = 2048     // of each kind in a hello
	maxSession = 32       // bytes of a session ID
	anyGREASE  = 0xfafa   // stands for all extensions of RFC 8701
	maxText    = 64 << 10 // bytes that a transaction keeps
)

// outcome of reading a hello.
type outcome uint8

const (
	helloRead  outcome = iota
	helloShort         // it ends within its first fields
	helloBad           // it is none
)

// numbers are those of a hello, with what RFC 8701 has clients put between.
type numbers struct {
	ciphers, extensions, groups, formats []uint16
	// Of JA4, without it.
	client     fingerprint.Client
	signatures []uint16
	kept       []uint16 // scratch
}

func (n *numbers) reset() {
	*n = numbers{
		ciphers: n.ciphers[:0], extensions: n.extensions[:0], groups: n.groups[:0], formats: n.formats[:0],
		signatures: n.signatures[:0], kept: n.kept[:0],
		client: fingerprint.Client{
			Over: fingerprint.OverQUIC, Ciphers: n.client.Ciphers[:0], Extensions: n.client.Extensions[:0], Signatures: n.client.Signatures[:0],
		},
	}
}

// named takes note of a version that the hello names.
func (n *numbers) named(v uint16) {
	if !fingerprint.IsGREASE(v) {
		n.client.Version = max(n.client.Version, v)
	}
}

func add(list []uint16, n uint16) []uint16 {
	if len(list) >= maxNumbers {
		return list
	}
	return append(list, n)
}

func addPlain(list []uint16, n uint16) []uint16 {
	if fingerprint.IsGREASE(n) {
		return list
	}
	return add(list, n)
}

// hello reads a hello into t. The side's handshake is over with it as far as
// anybody can read.
func (s *State) hello(kind byte, body []byte, dir decoders.Direction, t *Tx) outcome {
	if kind != clientHello && kind != serverHello {
		return helloBad
	}
	n := &s.parser.numbers
	n.reset()
	c := cursor{rest: body}
	v := c.u16()
	c.take(32) // random
	session := c.u8()
	if !c.short && session > maxSession {
		return helloBad
	}
	c.take(uint64(session))
	size := uint64(2)
	if kind == clientHello {
		size = uint64(c.u16())
		if !c.short && (size%2 != 0 || size > uint64(len(c.rest))) {
			return helloBad
		}
	}
	ciphers := c.take(size)
	if kind == clientHello {
		c.take(uint64(c.u8())) // compression
	} else {
		c.u8()
	}
	if c.short {
		return helloShort
	}
	n.named(v)
	for ; len(ciphers) > 0; ciphers = ciphers[2:] {
		cipher := binary.BigEndian.Uint16(ciphers)
		n.ciphers = add(n.ciphers, cipher)
		n.client.Ciphers = addPlain(n.client.Ciphers, cipher)
	}
	t.extensionsOf(&c, n, kind == clientHello)
	s.heard[dir] = true
	t.fingerprints(&s.parser.ja4, n, v, kind == clientHello, dir)
	return helloRead
}

// extensionsOf reads the list at the end of a hello as far as it is well formed.
func (t *Tx) extensionsOf(c *cursor, n *numbers, client bool) {
	list := cursor{rest: c.take(uint64(c.u16()))}
	if c.short {
		return
	}
	for len(list.rest) > 0 {
		kind := list.u16()
		body := cursor{rest: list.take(uint64(list.u16()))}
		if list.short {
			return
		}
		first := len(t.values)
		t.extension(kind, &body, n)
		if body.short {
			t.values = t.values[:first]
			return
		}
		n.client.Extensions = addPlain(n.client.Extensions, kind)
		if fingerprint.IsGREASE(kind) {
			kind = anyGREASE
		}
		n.extensions = add(n.extensions, kind)
		if len(t.extensions) < maxNumbers {
			t.extensions = append(t.extensions, extension{kind, first, len(t.values)})
		}
		if kind == extServerName && len(t.values) > first {
			t.sni, t.hasSNI = t.values[first], true
		}
	}
}

// extension takes what one extension says; c is short when it is malformed.
func (t *Tx) extension(kind uint16, c *cursor, n *numbers) {
	switch kind {
	case extServerName:
		if len(c.rest) == 0 {
			return
		}
		names := cursor{rest: c.take(uint64(c.u16()))}
		for len(names.rest) > 0 {
			names.u8() // type
			name := names.take(uint64(names.u16()))
			if names.short {
				return
			}
			t.value(name)
		}
	case extALPN:
		protocols := cursor{rest: c.take(uint64(c.u16()))}
		for first := true; len(protocols.rest) > 0; first = false {
			p := protocols.take(uint64(protocols.u8()))
			if protocols.short {
				return
			}
			if ends, ok := fingerprint.ALPNEnds(p); ok && first {
				n.client.ALPN = ends
			}
			t.value(p)
		}
	case extSignatures:
		for b := c.take(uint64(c.u16())); len(b) >= 2; b = b[2:] {
			v := binary.BigEndian.Uint16(b)
			n.client.Signatures = addPlain(n.client.Signatures, v)
			t.formatted(func(dst []byte) []byte { return strconv.AppendUint(dst, uint64(v), 10) })
		}
	case extGroups:
		b := c.take(uint64(c.u16()))
		c.short = c.short || len(b)%2 != 0
		for ; len(b) >= 2; b = b[2:] {
			n.groups = add(n.groups, binary.BigEndian.Uint16(b))
		}
	case extPointFormats:
		for _, f := range c.take(uint64(c.u8())) {
			n.formats = add(n.formats, uint16(f))
		}
	case extSupportedVersions:
		b := c.rest // of a server its choice alone
		if len(b) != 2 {
			b = c.take(uint64(c.u8()))
		}
		for ; len(b) >= 2; b = b[2:] {
			v := binary.BigEndian.Uint16(b)
			n.named(v)
			t.formatted(func(dst []byte) []byte { return appendTLSVersion(dst, v) })
		}
	}
}

// appendTLSVersion appends a version as Suricata's records write it.
func appendTLSVersion(dst []byte, v uint16) []byte {
	switch {
	case v == 0x0300:
		return append(dst, "Ssl30"...)
	case v >= 0x0301 && v <= 0x0304:
		return append(dst, 'T', 'l', 's', '1', '0'+byte(v)-1)
	case v >= 0x7f12 && v <= 0x7f17:
		return strconv.AppendUint(append(dst, "Tls13Draft"...), uint64(v&0xff), 10)
	}
	dst = strconv.AppendUint(append(dst, "TlsVersion("...), uint64(v), 10)
	return append(strconv.AppendUint(append(dst, " / 0x"...), uint64(v), 16), ')')
}

// fingerprints makes JA3 or JA3S of a hello, and JA4 of a client's. JA3 is as
// Suricata has it for QUIC: what RFC 8701 has clients put between stays in.
func (t *Tx) fingerprints(maker *fingerprint.Maker, n *numbers, v uint16, client bool, dir decoders.Direction) {
	start := len(t.text)
	if client {
		t.text = fingerprint.AppendJA3(t.text, v, n.ciphers, n.extensions, n.groups, n.formats)
	} else {
		t.text = fingerprint.AppendJA3(t.text, v, n.ciphers, n.extensions)
	}
	t.ja3 = print{text: span{uint32(start), uint32(len(t.text))}}
	start = len(t.text)
	t.text = fingerprint.AppendMD5(t.text, t.get(t.ja3.text))
	t.ja3.hash = span{uint32(start), uint32(len(t.text))}
	if dir == decoders.ToServer && client {
		start = len(t.text)
		t.text = maker.AppendJA4(t.text, &n.client)
		t.ja4 = span{uint32(start), uint32(len(t.text))}
	}
}
