// Package flow keeps the flow table of one worker: packets in, flows out.
//
// A flow is the packets of one five-tuple (with VLANs and tunnel) in both
// directions, with state and life span, counted exactly in packets and wire
// bytes. All time is packet time. One goroutine owns a Table; nothing here
// locks, and steady state allocates nothing.
package flow
