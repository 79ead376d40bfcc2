// Package ike parses the Internet Key Exchange, versions 1 (RFC 2408, RFC 2409)
// and 2 (RFC 7296), over UDP.
//
//	datagram ──► message.go: header, payloads ──► v1.go: transforms · v2.go: proposals, notifications ──► Tx
//	                                                  buffers.go (rules), record.go (events) ◄──────────────┘
//
// Each message is a transaction of its own. What the two sides agreed on, and of
// version 1 their keys and nonces, is remembered by the flow, since records of
// later messages tell it again.
//
// Ownership: a transaction keeps a copy of its datagram until the State's
// Release or Reset.
//
// Hostile input: payloads, proposals and transforms of a message are bounded by
// maxPayloads, maxTransforms and the length of a datagram; a flow has at most
// maxTxs live transactions.
package ike
