// Package dnp3 parses the Distributed Network Protocol (IEEE 1815-2012) over
// TCP.
//
//	stream ──► link.go: frames, CRCs taken out ──► state.go: segments of a fragment ──► Tx: one fragment
//	                                               object.go, point.go: its objects ◄─┘   │
//	                                               layout.go: what points consist of      │
//	                                            buffers.go (rules), record.go (events) ◄──┘
//
// A transaction is one fragment of the application layer, request or response,
// which belongs to the direction that it travels. Confirmations are not told
// of. A broken frame is told of with a transaction that has nothing but events,
// unless one is there to carry them.
//
// Ownership: a transaction keeps a copy of its fragment; objects and points are
// places in it. They live until the State's Release or Reset.
//
// Hostile input: fragments, their objects and points, and live transactions are
// bounded (Config and the constants of state.go).
package dnp3
