// Package pop3 parses the Post Office Protocol (RFC 1939) with its capabilities
// (RFC 2449), SASL (RFC 5034) and STLS (RFC 2595).
//
//	stream ──► state.go: lines, commands with their responses ──► Tx ──► record.go (events)
//	               command.go: what a command takes and how its response ends
//
// A command with its response is a transaction, and so are the server's
// greeting and a line of SASL. STLS gives way to TLS. Mail that is fetched is
// passed over.
//
// Ownership: a transaction keeps a copy of its lines; it lives until the
// State's Release or Reset.
//
// Hostile input: of a line maxLine bytes are looked at. Of a response of
// several lines maxData bytes and maxLines lines are kept, the others are
// passed over. A flow has maxTxs live transactions.
package pop3
