// Package sip parses the Session Initiation Protocol (RFC 3261) and the
// session descriptions it carries (SDP, RFC 8866).
//
//	datagram, or stream cut into messages ──► message.go: start line, headers ──► Tx
//	                                          sdp.go: body                       │
//	                               buffers.go (rules), record.go (events) ◄──────┘
//
// Every message is a transaction of its own: requests to the server, answers
// to the client, as Suricata has them.
//
// Ownership: a transaction keeps a copy of its message, into which its fields
// point; it lives until the State's Release or Reset.
//
// Hostile input: the head of a message is bounded by maxHead, a body that is
// read by maxBody; longer bodies are passed over. The numbers of header fields
// and of lines of a session description are bounded by these.
package sip
