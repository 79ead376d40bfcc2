// Package flow keeps the flow table of one worker: packets in, flows out.
//
// A flow is the packets of one five-tuple (with VLANs and tunnel) in both
// directions, with state and life span, counted exactly in packets and wire
// bytes.
//
//	                 hash                  index
//	Packet ─► key ─────────► slots ─────────────► slab of Flow
//	                         {tag32, index32}      │  ▲ lists by the second in
//	                                               │  │ which a flow is due
//	             Update counts, advances state ◄───┘  └── Advance(packet time)
//	                                                          │
//	      OnEnd(flow, reason) · OnInterval(flow, report) ◄────┘
//	      AppendDeltas: what each flow carried in each second (for analytics)
//
// One goroutine owns a Table; nothing here locks. The slab has no pointers, so
// a million flows cost the garbage collector nothing, and steady state
// allocates nothing. All time is packet time: flows, their order and their
// reports depend on the packets and on the times given to Advance, not on
// clocks and not on the number of workers, as long as no table is full.
//
// A *Flow is borrowed from its table: valid until the next call of a method
// of the table, inside a callback until the callback returns.
package flow
