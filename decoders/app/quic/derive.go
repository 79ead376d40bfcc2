package quic

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// derivation is HKDF with SHA-256 (RFC 5869) for secrets of at most a block and
// output of at most one sum. A connection needs nine of its HMACs before its first
// packet can be read; crypto/hkdf makes new hashes for each of them.
type derivation struct {
	hash    hash.Hash
	key     [sha256.BlockSize]byte
	message []byte
	sum     [sha256.Size]byte
}

// hmac computes the HMAC (RFC 2104) of d.message. The result is d's until the next
// call.
func (d *derivation) hmac(secret []byte) []byte {
	if d.hash == nil {
		d.hash = sha256.New()
	}
	const inner, outer = 0x36, 0x5c
	clear(d.key[copy(d.key[:], secret):])
	for i := range d.key {
		d.key[i] ^= inner
	}
	d.hash.Reset()
	d.hash.Write(d.key[:])
	d.hash.Write(d.message)
	sum := d.hash.Sum(d.sum[:0])
	for i := range d.key {
		d.key[i] ^= inner ^ outer
	}
	d.hash.Reset()
	d.hash.Write(d.key[:])
	d.hash.Write(sum)
	return d.hash.Sum(d.sum[:0])
}

// extract is HKDF-Extract.
func (d *derivation) extract(salt, secret []byte) (key [sha256.Size]byte) {
	d.message = append(d.message[:0], secret...)
	copy(key[:], d.hmac(salt))
	return key
}

// expand fills out with HKDF-Expand-Label of RFC 8446 section 7.1 without a
// context.
func (d *derivation) expand(out, secret []byte, label string) {
	const prefix = "tls13 "
	m := binary.BigEndian.AppendUint16(d.message[:0], uint16(len(out)))
	m = append(m, byte(len(prefix)+len(label)))
	m = append(append(m, prefix...), label...)
	d.message = append(m, 0, 1) // no context; the first and only block
	copy(out, d.hmac(secret))
}
