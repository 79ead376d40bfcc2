package tls

import (
	"crypto/sha1"

	"spanwatch/decoders"
	"spanwatch/decoders/app/fingerprint"
)

// item is a text that is made when first asked for.
type item uint8

// Items; the certificate's are the client's, with the server's right behind.
const (
	itemSubject item = iota
	_
	itemIssuer
	_
	itemSerial
	_
	itemFingerprint
	_
	itemJA3String
	itemJA3SString
	itemJA3Hash
	itemJA3SHash
	itemJA4
	itemCount
)

// text holds what was formatted so far. Its bytes are only appended to, so
// that slices of them stay what they are.
type text struct {
	bytes    []byte
	made     [itemCount]bool
	spans    [itemCount]span
	altNames [][]byte // of the server's certificate
	altsMade bool
}

func (x *text) reuse() text {
	clear(x.altNames)
	return text{bytes: reuse(x.bytes, keptText), altNames: reuse(x.altNames, 256)}
}

// item returns a text. What it is made of is there and does not change any
// more; see forget.
func (t *Tx) item(i item) []byte {
	x := &t.text
	if !x.made[i] {
		if i == itemJA3Hash || i == itemJA3SHash {
			t.item(i - itemJA3Hash + itemJA3String) // must not be in the way behind start
		}
		start := len(x.bytes)
		x.bytes = t.appendItem(x.bytes, i)
		x.made[i], x.spans[i] = true, span{uint32(start), uint32(len(x.bytes))}
	}
	s := x.spans[i]
	return x.bytes[s.start:s.end:s.end]
}

// forget makes an item be made anew.
func (t *Tx) forget(i item) { t.text.made[i] = false }

func (t *Tx) appendItem(dst []byte, i item) []byte {
	dir := decoders.Direction(i & 1)
	leaf := &t.sides[dir].certs.leaf
	switch i &^ 1 {
	case itemSubject:
		return appendName(dst, leaf.subject)
	case itemIssuer:
		return appendName(dst, leaf.issuer)
	case itemSerial:
		return appendHexUpper(dst, leaf.serial, ':')
	case itemFingerprint:
		return appendFingerprint(dst, leaf.der)
	case itemJA3String:
		return t.sides[dir].numbers.appendJA3(dst, dir == decoders.ToServer)
	case itemJA3Hash:
		return fingerprint.AppendMD5(dst, t.item(itemJA3String+item(dir)))
	case itemJA4:
		return t.appendJA4(dst)
	}
	return dst
}

func appendFingerprint(dst, der []byte) []byte {
	for i, c := range sha1.Sum(der) {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
	}
	return dst
}

// altNames returns the other names of the server's certificate.
func (t *Tx) altNames() [][]byte {
	x := &t.text
	if x.altsMade {
		return x.altNames
	}
	x.altsMade = true
	for rest := t.sides[decoders.ToClient].certs.leaf.altNames; len(rest) > 0 && len(x.altNames) < maxAltNames; {
		var name []byte
		var ok bool
		if name, x.bytes, rest, ok = nextAltName(x.bytes, rest); !ok {
			// One name that can not be read spoils the extension.
			x.altNames = x.altNames[:0]
			break
		}
		x.altNames = append(x.altNames, name)
	}
	return x.altNames
}
