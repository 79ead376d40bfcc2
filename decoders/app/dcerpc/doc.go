// Package dcerpc parses DCE/RPC over TCP, where it has connections, and over
// UDP, where it has none (The Open Group C706, chapters 12.5 and 12.6).
//
//	stream ──► state.go: fragments ──► package dce: PDUs ──► Tx: BIND or REQUEST with its answer
//	datagram ─► datagram.go
//
// Ownership: a transaction keeps copies of stub data and interfaces; they live
// until the State's Release or Reset.
//
// Hostile input: stub data is kept up to maxStub a side, interfaces as package
// dce bounds them, and a flow has at most maxTxs live calls.
package dcerpc
