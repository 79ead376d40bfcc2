// Package snmp parses the Simple Network Management Protocol: version 1 (RFC
// 1157), 2c (RFC 1901, 3416) and 3 with the user-based security model (RFC 3412,
// 3414).
//
//	datagram ──► ber.go: tags and lengths ──► message.go: envelope, PDU ──► Tx: one message
//	                                              buffers.go (rules), record.go (events) ◄─┘
//
// Every message is a transaction of its own. One that cannot be read is told of
// with an event.
//
// Ownership: a transaction keeps a copy of its datagram and the names of its
// variables as text; they live until the State's Release or Reset.
package snmp
