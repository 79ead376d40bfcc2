// Package offload asks a network device what it does to frames before anybody
// can capture them, and can have it stop.
//
//	interface ─► Read ─► State ─► Warnings    what capture would miss or see wrongly
//	                └──► Fix ─► Undo          off now, on again as it was
//
// A device or the kernel that merges segments (GRO, LRO) gives the capture frames
// that never were on the wire: their number, their sizes, the times between them
// and TCP's behaviour are not what happened. The rest is of less weight: what the
// host itself sends is cut into segments (TSO, GSO) and given its checksum only
// after it was captured.
package offload
