// Package dhcp parses the Dynamic Host Configuration Protocol (RFC 2131) and
// its options (RFC 2132).
//
//	datagram ──► message.go: fixed part, options ──► Tx
//	                     buffers.go (rules), record.go (events) ◄─┘
//
// Every message is a transaction of its own, in the direction that it travels.
//
// Ownership: a transaction keeps a copy of its message, into which its options
// point; it lives until the State's Release or Reset.
//
// Hostile input: a message has at most maxOptions options; those behind them
// are left out.
package dhcp
