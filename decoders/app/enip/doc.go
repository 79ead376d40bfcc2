// Package enip parses EtherNet/IP and the Common Industrial Protocol in it
// (ODVA, The CIP Networks Library, volumes 1 and 2), over TCP and UDP.
//
//	bytes ──► pdu.go: encapsulation header, items ──► cip.go: services ──► state.go: request and response ──► Tx
//	          names.go: what codes are called                                                               │
//	                                                       buffers.go (rules), record.go (events) ◄─────────┘
//
// A transaction is a request with its response: the same command and session,
// and in connected messages the same sequence number.
//
// Ownership: a transaction keeps copies of its messages; they live until the
// State's Release or Reset.
//
// Hostile input: a message is at most 64 KiB, in which items, services, path
// segments and attributes are bounded (the constants of cip.go), and a flow has
// at most maxTxs live transactions.
package enip
