// Package mqtt parses the Message Queuing Telemetry Transport, versions 3.1,
// 3.1.1 and 5 (OASIS standards of the same names).
//
//	stream ──► message.go: fixed header, packet of its type ──► state.go: packets that belong together ──► Tx
//	           property.go: properties of version 5                                                        │
//	                                                     buffers.go (rules), record.go (events) ◄──────────┘
//
// A transaction is an exchange: CONNECT with its CONNACK, PUBLISH with what its
// quality of service asks for, SUBSCRIBE with SUBACK, or a packet that has no
// answer. It belongs to the side that began it, and is inspected and told of
// once it is complete.
//
// Ownership: a transaction keeps copies of its packets; they live until the
// State's Release or Reset.
//
// Hostile input: Config bounds the packets that are kept with their content, how
// many a transaction has, and the live transactions of a flow; maxExchange
// bounds the bytes of a transaction. What goes beyond is an event.
package mqtt
