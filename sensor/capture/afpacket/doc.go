// Package afpacket captures from Linux interfaces without copying: it reads the
// rings that the kernel writes for packet(7) sockets (TPACKET_V3).
//
//	interface ─► kernel: filter ─► fanout ─► ring of worker 0 ─► Sources()[0].Next(*Batch)
//	                                  └────► ring of worker 1 ─► Sources()[1].Next(*Batch)
//
//	ring:   block 0        block 1        block 2 …      each some 1 MiB, many frames
//	        leased by      being read     written
//	        two batches                   by the kernel
//
// A Source reads one ring of each interface. The frames of a batch are bytes of
// a ring's block: the batch holds a lease of it, which ends when the batch is
// given to Next again, and the kernel has the block back when its last lease has
// ended. So a batch never holds more than one block, and a caller with n batches
// at most n; a caller that keeps them all for long makes the kernel drop, and
// count. The bytes are only read: the mapping is shared with the kernel.
//
// Close wakes Next at once. Bytes that are still leased live on until their
// batch is given to Next, which answers capture.ErrClosed; nothing that a worker
// looks at is ever unmapped under it.
//
// Faults of a link are no end: a Source reports each change of an interface's
// state once, as a *link.Change from Next, goes on with the other interfaces, and
// captures from it again when it is up again, also when it was removed and made
// anew. Frames of one interface come in the order of the ring. Of several
// interfaces the ring with the older next frame goes first, but a frame may wait
// in the kernel for Options.BlockTimeout, so that times of different interfaces
// are in order only to that extent.
//
// The thread that calls Open, and those that call Next, must be in one network
// namespace.
package afpacket
