// Package http1 parses HTTP/0.9 to 1.1 (RFC 9112) as a sensor must: nothing
// that a browser or server would still understand may pass unread.
//
//	client ──► request.go  ┐ line.go · header.go · field.go ┌► buffers.go, stream.go (rules)
//	                       ├─► Tx: two messages, one a side ┤
//	server ──► response.go ┘ content.go: chunks, decoding,  └► record.go (events)
//	                         attachment.go: files
//
// A transaction is a request with its response. Requests and responses are
// matched in order; a response whose request was not seen has one by the name
// of UnseenURI. Where senders break the rules, the parser does what Suricata 8
// does, whose HTTP library is libhtp in its IDS personality, so that rules
// written for it see the same: what is a line, a field, a body, and what a URI
// is normalised to. Oddities are events of the transaction.
//
// Ownership: a transaction copies lines, header fields and as much of its
// bodies as inspection can still reach. What it gives out lives until the
// State's Release or Reset. All memory belongs to the Parser of one worker and
// is used again, so that an ordinary exchange allocates nothing.
//
// Hostile input: a field is at most Config.FieldLimit long, a head HeadLimit,
// with MaxHeaders fields; a flow has at most MaxTransactions that were not
// released. What exceeds them ends the parsing of the flow, with an event where
// there is a transaction to have it. Bodies are followed up to their limit and
// decoded no further.
//
// The transactions do not depend on how the network cuts the streams, with one
// exception that libhtp makes as well: bytes that are no HTTP are taken for a
// part of the message before when they came in one piece with its end
// (Stats.Extra counts them).
//
// Differences from Suricata 8, all on purpose: a 304 that announces a body which
// does not come does not swallow the next response; bytes missing in a chunk or
// between messages do not end the parsing of the flow; brotli is decoded, too.
package http1
