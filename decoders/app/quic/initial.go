package quic

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"

	"spanwatch/decoders"
)

const (
	sampleAt   = 4  // bytes behind the header at which the sample for its protection starts
	sampleSize = 16 // RFC 9001 section 5.4.3
	ivSize     = 12
)

// keys are those of the Initial packets of a connection.
type keys [2]struct { // by the side that sends
	packet cipher.AEAD
	header cipher.Block
	iv     [ivSize]byte
}

// initialKeys makes the keys of a connection (RFC 9001 section 5.2) whose
// client sent its first packet to dcid; nil when they are not known.
func (p *Parser) initialKeys(v version, dcid []byte) *keys {
	salt := v.salt()
	if salt == nil {
		return nil
	}
	labels := [3]string{"quic key", "quic iv", "quic hp"}
	if v == version2 { // RFC 9369 section 3.3.2
		labels = [3]string{"quicv2 key", "quicv2 iv", "quicv2 hp"}
	}
	secret := p.derive.extract(salt, dcid)
	k := new(keys)
	for d, label := range [2]string{decoders.ToServer: "client in", decoders.ToClient: "server in"} {
		var side [sha256.Size]byte
		p.derive.expand(side[:], secret[:], label)
		var key [16]byte
		p.derive.expand(key[:], side[:], labels[0])
		block, err := aes.NewCipher(key[:])
		if err != nil {
			return nil
		}
		if k[d].packet, err = cipher.NewGCM(block); err != nil {
			return nil
		}
		p.derive.expand(k[d].iv[:], side[:], labels[1])
		p.derive.expand(key[:], side[:], labels[2])
		if k[d].header, err = aes.NewCipher(key[:]); err != nil {
			return nil
		}
	}
	return k
}

// open decrypts a packet of size header bytes; what it returns is in the
// parser's memory until the next call. False when the packet is not what the
// keys are for.
func (p *Parser) open(k *keys, dir decoders.Direction, packet []byte, size int) ([]byte, bool) {
	side := &k[dir]
	if len(packet) < size+sampleAt+sampleSize {
		return nil, false
	}
	p.plain = append(p.plain[:0], packet...)
	mask := p.mask[:]
	side.header.Encrypt(mask, packet[size+sampleAt:size+sampleAt+sampleSize])
	first := &p.plain[0]
	if *first&bitLong != 0 {
		*first ^= mask[0] & 0x0f
	} else {
		*first ^= mask[0] & 0x1f
	}
	n := int(*first&3) + 1 // bytes of the packet number
	number := uint64(0)
	for i := range n {
		p.plain[size+i] ^= mask[1+i]
		number = number<<8 | uint64(p.plain[size+i])
	}
	p.nonce = side.iv
	for i := range 8 {
		p.nonce[ivSize-1-i] ^= byte(number >> (8 * i))
	}
	sealed := p.plain[size+n:]
	out, err := side.packet.Open(sealed[:0], p.nonce[:], sealed, p.plain[:size+n])
	return out, err == nil
}
