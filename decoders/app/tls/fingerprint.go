package tls

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app/fingerprint"
)

// appendJA3 appends the text behind JA3 or, of a server, JA3S: what the first
// hello has.
func (n *numbers) appendJA3(dst []byte, client bool) []byte {
	ciphers, extensions := n.ciphers[:n.first[0]], n.extensions[:n.first[1]]
	if !client {
		return fingerprint.AppendJA3(dst, uint16(n.version), ciphers, extensions)
	}
	return fingerprint.AppendJA3(dst, uint16(n.version), ciphers, extensions, n.groups[:n.first[2]], n.formats[:n.first[3]])
}

// appendJA4 appends the client's JA4. It counts in all hellos of the session.
func (t *Tx) appendJA4(dst []byte) []byte {
	n := &t.sides[decoders.ToServer].numbers
	return t.parser.ja4.AppendJA4(dst, &fingerprint.Client{
		Over: fingerprint.OverTCP, Version: uint16(n.newest), ALPN: n.alpn,
		Ciphers: n.ciphers, Extensions: n.extensions, Signatures: n.signatures,
	})
}
