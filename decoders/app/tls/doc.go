// Package tls parses the handshakes of SSL 2 and 3 and TLS 1.0 to 1.3 (RFC
// 5246, RFC 8446, RFC 6101): records over segments, messages over records,
// hellos, certificates. What is encrypted is counted past, not looked at.
//
//	stream ──► state.go: records ──► handshake.go: messages ──► hello.go ───────► Tx
//	               │                          │                  certificate.go ──┘│
//	               └ heartbeat.go, sslv2.go   └ kept only when cut               buffers.go (rules)
//	                                                                             record.go (events)
//
// A session is one transaction. Its texts (names of a certificate, digests)
// and fingerprints (JA3, JA3S, JA4) are made when first asked for; their
// ingredients, some 200 bytes of numbers and the certificates in DER, are kept
// from the hellos on.
//
// Ownership: a transaction copies what it keeps; what Buffer and Record return
// lives until the State's Release or Reset. A State keeps its memory for the
// next flow, within bounds.
//
// Hostile input: a record is at most 17 KiB, a handshake message 128 KiB; a
// longer one is skipped with an event. Repeated hellos add at most 4,096
// numbers of each kind and 64 KiB of names; the first certificate message of
// each side counts.
package tls
