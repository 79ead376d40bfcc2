// Package quic parses the handshakes of QUIC: versions 1 and 2 (RFC 9000, RFC
// 9369), their drafts, and Google's first versions Q039 to Q050.
//
//	datagram ──► header.go: packets ──► initial.go: decryption ──► frames.go ──► Tx
//	                                                                 │  tags.go: Google's CHLO
//	                                                                 └─ crypto.go ─► hello.go: TLS hellos
//	                                     buffers.go (rules), record.go (events) ◄── Tx
//
// Every packet with a long header is a transaction of its own until its side's
// hello was seen; what follows it is encrypted. Initial packets are read with
// the keys that anybody can make of the client's first destination connection
// ID (RFC 9001 section 5.2).
//
// Ownership: a transaction copies what it keeps; it lives until the State's
// Release or Reset. A State keeps its memory for the next flow, within bounds;
// keys are made anew for every connection, which costs a few allocations.
//
// Hostile input: CRYPTO frames are put together up to maxCrypto bytes in at
// most maxRanges pieces; a hello has at most maxNumbers numbers of each kind;
// a flow has at most maxTxs live transactions.
package quic
