// Package http2 parses HTTP/2 (RFC 9113) with its compressed fields (HPACK,
// RFC 7541).
//
//	stream ──► frame.go: frame header, frames of each type ──► state.go: frames of a stream ──► Tx
//	           table.go, fields.go: fields of a side                 │
//	           content.go: bodies as files ◄───────── DATA ──────────┘
//	                                              buffers.go (rules), record.go (events)
//
// A transaction is a stream of the connection: the request with its response.
// What concerns the whole connection (stream 0: SETTINGS, PING, GOAWAY, …) is
// a transaction a frame. To rules a stream looks like an exchange of HTTP/1:
// its pseudo fields are the method, the URI, the host and the status, its
// fields are lines "name: value".
//
// Ownership: a transaction keeps copies of its fields and frames; they live
// until the State's Release or Reset. Bodies pass through as they come.
//
// Hostile input: a block of fields is at most maxBlock long, the fields of a
// side at most maxFields when decompressed, a table of HPACK at most maxTable;
// a flow has at most maxTxs live transactions. What goes beyond is an event.
package http2
