// Package ssh parses what the Secure Shell says before it encrypts: the
// banners and the lists of algorithms (RFC 4253 sections 4.2, 6 and 7).
//
//	stream ──► banner.go: first line ──► state.go: packets ──► kex.go: algorithms ──► Tx
//	                                                                                  │
//	                                         buffers.go (rules), record.go (events) ◄─┘
//
// A connection is one transaction; it is complete when both sides have changed
// to new keys. HASSH texts are kept from the lists on, their digests are made
// when first asked for.
//
// Ownership: a transaction copies what it keeps; what Buffer and Record return
// lives until the State's Release or Reset.
//
// Hostile input: a banner keeps 2 KiB, of which 255 are without an event, a
// list of algorithms is read from packets below 64 KiB. All other packets are
// passed over as they come.
package ssh
