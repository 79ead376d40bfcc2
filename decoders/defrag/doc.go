// Package defrag puts IP fragments back together the way the receiving host
// does.
//
// Input are decoded packets with LayerFragment; output is the datagram they
// were cut from, starting with its IP header, ready for
// decoders.Decoder.DecodeRebuilt. Fragments that overlap with different data
// mean different things to different systems (Novak and Sturges, "Target-Based
// Fragmentation Reassembly", 2005), so the policy is chosen by destination
// address.
//
//	fragments                     one tracker per datagram                datagram
//	┌────┬─────────┐              pieces  [0,24) [24,40)    [80,104)      ┌────┬──────────────┐
//	│ IP │ 0..24   │──┐             │        │       │          │         │ IP │ 0..104       │
//	├────┼─────────┤  ├─► Table ──► └─ pages of 512 bytes, one byte ─┘ ──►└────┴──────────────┘
//	│ IP │ 24..40  │──┘             per position: the policy's winner
//	└────┴─────────┘
//
// The winner of an overlap is decided when a fragment arrives and only its
// bytes are kept, so a datagram never costs more than 64 KiB.
//
// Ownership: Add copies what it keeps. The bytes of a Datagram belong to the
// Table and live until the next Add. A Table is used by one goroutine. Time is
// packet time; memory is bounded by Config and reused, so that nothing is
// allocated once the slabs have grown to what the traffic needs.
//
// Accounting: every packet given to Add is in exactly one of three places: the
// Fragments and WireBytes of one Datagram, those of one Incomplete, or a
// Refused result, which is the caller's to count.
package defrag
