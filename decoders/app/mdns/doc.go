// Package mdns tells of multicast DNS (RFC 6762), by which the machines of a
// link say their names and what they offer.
//
//	datagram ──► parser.go ──► package dns: header, sections, names ──► Tx ──► buffers.go (rules), record.go (events)
//
// Every message is a transaction of its own in the direction of its datagram.
// There are neither clients nor servers: whoever sends, to the group mostly,
// may ask or answer, which the message itself says.
//
// Ownership: a transaction keeps a copy of its message; that lives until the
// State's Release or Reset. The scratch memory of the parser of DNS is shared
// with DNS, within one worker.
//
// Hostile input: the bounds of package dns hold; at most maxTxs messages of a
// flow wait for their consumers.
package mdns
