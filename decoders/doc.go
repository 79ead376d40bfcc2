// Package decoders turns frames into packets: bytes in, meaning out.
//
// Input is a Frame (borrowed bytes, a timestamp, a wire length and the link
// type they start with). Output is a Packet: one reusable struct of offsets
// into the same bytes, the scalars every later stage needs, a typed Reason
// when the frame can not be handled further, and a set of decoder Events for
// what is odd but not fatal.
//
//	Frame.Data
//	┌──────────┬──────┬──────────────┬─────────────┬───────────────────────┐
//	│ Ethernet │ VLAN │ IPv4 / IPv6  │ TCP/UDP/…   │ payload      │ trailer │
//	└──────────┴──────┴──────────────┴─────────────┴───────────────────────┘
//	           │      └ IPOffset     └ L4Offset    └ PayloadOffset
//	           └ VLANs[0..VLANCount)               │◄ PayloadLen ►│
//
// A tunnel is not unwrapped silently: Decode stops at the outer packet and
// says that an inner one follows; the caller asks for it with DecodeInner, so
// that both packets are accounted for and inspected, and nesting is bounded.
//
// Ownership: a Packet owns nothing. Packet.Data aliases Frame.Data and dies
// with it. Decoders keep no state between packets (IP fragments are the
// business of decoders/defrag), never allocate, never ask the clock, and may
// be used by one goroutine at a time per Decoder.
package decoders
