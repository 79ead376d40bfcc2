// Package websocket parses what follows an upgrade of HTTP/1 to WebSocket (RFC
// 6455), with messages that permessage-deflate compressed (RFC 7692).
//
//	stream ──► frame.go: frames, unmasked ──► state.go: messages over frames ──► Tx
//	                                          message.go: decompression          │
//	                                     buffers.go (rules), record.go (events) ◄┘
//
// Every frame is a transaction; the last one of a message has the payload of
// all of them. Control frames may come between, and belong to no message.
//
// Ownership: a transaction keeps a copy of its payload; it lives until the
// State's Release or Reset. A decompressor, with its window of 32 KiB, is kept
// for each side that compresses, until the flow ends.
//
// Hostile input: of a frame and of a message maxPayload bytes are kept, the
// rest is passed over with an event; a message that decompresses to more than
// maxInflated ends the decompression of its side; at maxTxs live transactions
// parsing waits until they were looked at.
package websocket
