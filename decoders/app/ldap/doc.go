// Package ldap parses the Lightweight Directory Access Protocol (RFC 4511), over
// TCP and, as CLDAP, over UDP.
//
//	stream or datagram ──► state.go: messages, requests with their responses ──► Tx
//	                           message.go: operations                          │
//	                             buffers.go (rules), record.go (events) ◄──────┘
//
// A request with its responses is a transaction; a response to no request that
// is known is one of its own. StartTLS gives way to TLS.
//
// Ownership: a transaction keeps a copy of its messages and reads what it is
// asked for; it lives until the State's Release or Reset.
//
// Hostile input: a message is at most maxMessage long; a transaction keeps at
// most maxResponses responses of maxKept bytes in all, a flow maxTxs live
// transactions. Filters of searches are passed over unless they are simple, so
// that nothing follows their depth.
package ldap
