// Package smb parses the Server Message Block protocol, versions 1 (MS-CIFS,
// MS-SMB) and 2 to 3.1.1 (MS-SMB2), over TCP with or without NetBIOS.
//
//	stream ──► state.go: NetBIOS records ──► v1.go, v2.go: commands ──┬─► Tx: a request with its answer
//	                                                                  ├─► files.go: a Tx for each file that is read or written
//	                                                                  └─► pipes.go: a Tx for each remote call (package dce)
//	                                buffers.go (rules), record.go (events) ◄────────────────────────────┘
//
// What the commands mean depends on earlier ones: on the tree that a share or
// pipe was connected to, and on the name that a file was opened by. sessions.go
// has that memory.
//
// Ownership: a transaction keeps copies of what it tells; they live until the
// State's Release or Reset.
//
// Hostile input: records that carry no file and are longer than maxRecord are
// passed over; trees, open files and unanswered requests are bounded, the oldest
// give way. Config bounds transactions, of which one too many ends the parsing,
// what a message may read or write, and the pieces of files that wait for what
// lies before them (queue.go), maxQueued those of all flows. Encrypted and
// compressed messages are passed over.
package smb
