// Package stream follows the TCP sessions of one worker and puts their
// segments into order: packets of a flow in, in-order bytes and explicit gaps
// per direction out.
//
//	                    ┌─ handshake, closing, resets, windows, timestamps ─┐
//	Packet(f, p, dir) ─►│ session: state, stream events                     ├─► Verdict
//	                    └───────────────┬───────────────────────────────────┘
//	                                    │ payload that the receiver will take
//	                                    ▼
//	one direction:  ──[ run ]──(hole)──[ run ]──►   policy of the receiving host
//	                  │    │                        decides overlaps
//	   base ──────────┘    │
//	   app progress, raw progress ──► acknowledged: what is due
//	      │               │
//	      ▼               ▼
//	   NextApp         NextRaw ──► rules on stream payload, in chunks
//	   Consumed ──► parser of the application protocol
//
// After each Packet the caller asks both directions for what is due:
//
//	v := e.Packet(f, p, dir)
//	for _, d := range [2]decoders.Direction{dir.Opposite(), dir} {
//		for c, ok := e.NextApp(f, d); ok; c, ok = e.NextApp(f, d) {
//			e.Consumed(f, d, parse(c)) // may be less than len(c.Data)
//		}
//	}
//	for c, ok := e.NextRaw(f, dir); ok; c, ok = e.NextRaw(f, dir) {
//		inspect(c)
//	}
//
// Data becomes due when its receiver has acknowledged it, since only then is
// it certain that the receiver got it, and which copy of it: so it is the
// packet with the acknowledgment that brings the other side's data. With
// Config.Inline data is due when it comes.
//
// When the frames of a batch are about to be reused, Retain copies what is
// still needed of them. When a flow ends, Finish makes everything due that is
// left, and Close gives the session back.
//
// Bytes in Chunk and Raw are borrowed: read-only, and valid until the next
// call of a method of the Engine other than Consumed, TriggerRaw, DisableApp
// and DisableRaw. A segment that came in order is handed on where it lies in
// its packet; it is copied only when it has to wait: beyond its batch for the
// acknowledgment, or for what follows, when a parser or a chunk wants more.
//
// One goroutine owns an Engine; nothing here locks or asks the clock. Sessions
// are a pointer-free slab and name themselves in flow.Flow.Stream. Memory is
// bounded per flow and in all; what is given up is counted in Stats.
package stream
