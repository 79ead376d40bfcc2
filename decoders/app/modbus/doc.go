// Package modbus parses Modbus over TCP (MODBUS Application Protocol 1.1b3 and
// MODBUS Messaging on TCP/IP 1.0b).
//
//	stream ──► message.go: MBAP header, function, its data ──► state.go: request and response ──► Tx
//	           function.go: names and kinds of functions                                        │
//	                                           condition.go (rules), record.go (events) ◄─────────┘
//
// A transaction is a request with its response, which have the same
// transaction, unit and function. A message that breaks the protocol is kept
// with what could be read of it and with events.
//
// Ownership: a transaction keeps copies of its messages; they live until the
// State's Release or Reset.
//
// Hostile input: a message is at most maxLength bytes; what claims to be longer
// is told of and passed over, as far as it is there. Beyond maxTxs requests without response new
// messages are dropped until old ones are answered.
package modbus
