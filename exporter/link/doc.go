// Package link delivers records over one connection and finds it again when it
// is lost: what the Unix socket and syslog sinks have in common.
//
//	records ─► frame ─► write ─► (confirm) ─► delivered
//	              ▲        │ fault
//	              └─ dial again, after a growing pause; what is not sure to
//	                 have arrived is sent again
//
// A fault holds Deliver up for GiveUpAfter at most; from then on records are
// dropped as unreachable until a connection stands again, which is tried at the
// same pauses. So a dead peer costs the queue in front, which is bounded, and
// nothing else.
//
// Delivered means that the kernel has the record, or, where the connection can
// tell (TCP on Linux), that the peer's kernel has acknowledged it. A connection
// that breaks before that makes the whole write be sent again: a peer can get a
// record twice, with the same event_id, and misses none but what its kernel had
// taken and the program behind did not read any more.
package link
