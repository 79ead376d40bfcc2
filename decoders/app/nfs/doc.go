// Package nfs parses the Network File System, versions 2 (RFC 1094), 3 (RFC
// 1813) and 4 (RFC 7530, RFC 8881), on ONC RPC version 2 (RFC 5531) over TCP
// and UDP.
//
//	stream or datagram ──► state.go: records ──► rpc.go: calls, replies ──► v2.go, v3.go, v4.go: procedures
//	                            └─► files.go: bytes that are read and written ─┐           │
//	                                     buffers.go (rules), record.go (events) ◄── Tx ◄───┘
//
// A call with its reply is a transaction. What is read from a file by one
// handle is one transaction, what is written another: it lives until the end of
// the file is read, or until it is written to disk, closed or synchronised.
// Names of files come from the calls that found or made them.
//
// Other programs on the same connection are passed over.
//
// Bytes of a file are passed on as they come, so that records of a megabyte
// need not be waited for.
//
// Ownership: a transaction copies what it tells; that lives until the State's
// Release or Reset.
//
// Hostile input: records without a file in them are at most maxRecord long;
// names, handles, calls that wait for a reply, operations of a compound and
// live transactions are bounded, the oldest or the one in the same place
// giving way.
package nfs
