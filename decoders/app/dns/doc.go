// Package dns parses the Domain Name System: RFC 1035 messages with EDNS0
// (RFC 6891), over UDP one message a datagram, over TCP with a length before
// each (RFC 7766).
//
//	datagram ───────────┐   message.go: header, sections   ┌► buffers.go (rules)
//	stream ──► state.go ┴──► name.go: names, loop guards ──► Tx ──► record.go (events)
//
// Multicast DNS (RFC 6762), by which the machines of a link say their names and
// what they offer, has the same messages, and rules and records of its own:
//
//	datagram ──► multicast.go ──► message.go ──► MulticastTx ──► multicasttx.go (rules), multicastrecord.go (events)
//
// Every message is a transaction of its own, as in Suricata since version 6:
// requests and responses are not paired, so a flood of one without the other
// costs no memory.
//
// Ownership: a transaction copies its message; names and data of its Record
// are slices of that copy and live until the State's Release or Reset. Memory
// returns to the Parser, which one worker owns, and is used again.
//
// Hostile input: a name follows at most 255 labels and pointers and keeps at
// most 1,025 bytes; a message keeps at most 256 KiB of names and takes at most
// 131,072 label steps. A message of 60 KiB built to come near these bounds, with
// 3,300 records, was measured at 2 ms. Large messages give their memory up on
// Release.
package dns
