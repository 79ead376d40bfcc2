// Package ftp parses the File Transfer Protocol (RFC 959, RFC 2428, RFC 4217):
// commands and replies of the control connection, and the data connections
// that they agree on.
//
//	control stream ──► line.go ──► command.go, reply.go ──► Tx (one a command) ──► buffers.go, record.go
//	                                   │ address.go
//	                                   ▼
//	                              Expectation ──► (the pipeline) ──► data.go ──► DataTx with a File
//
// A command and the replies up to the first final one are a transaction; a
// reply that answers no command, such as the greeting, is one by itself. Lines
// of a multi-line reply belong to one reply, however the network cuts them.
// Commands that are not in the table make no transaction.
//
// Ownership: transactions copy what they keep; what they give out lives until
// the State's Release or Reset, data of files as app.Streamed says. Memory
// returns to the Parser, which one worker owns.
//
// Hostile input: a line keeps 4,096 bytes, a transaction 512 lines and 64 KiB
// of replies, a flow 1,024 transactions that wait for a reply; one more ends
// the parsing with an event. At most 64 data connections are expected at once.
package ftp
