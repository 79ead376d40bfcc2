// Package pgsql parses the protocol of PostgreSQL, version 3 (PostgreSQL
// documentation, chapter "Frontend/Backend Protocol").
//
//	stream ──► state.go: messages, requests with their responses ──► Tx ──► buffers.go (rules), record.go (events)
//
// A request with all that answers it is a transaction: a step of the log-in, a
// query up to the server's being ready for the next. A server that agrees to
// encryption gives way to TLS. What goes on in the extended query protocol
// (prepared statements) is passed over, as Suricata does: pgsql.query does not
// see it.
//
// Ownership: a transaction copies what it tells; that lives until the State's
// Release or Reset.
//
// Hostile input: rows and copied data are counted and passed over; other
// messages longer than maxMessage are passed over as well. A transaction keeps
// at most maxResponses responses of maxKept bytes in all, a flow maxTxs live
// transactions.
package pgsql
