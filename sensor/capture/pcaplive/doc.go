// Package pcaplive captures from an interface through libpcap: the portable way,
// for systems and interfaces that afpacket does not know. It needs cgo; without,
// Open returns capture.ErrNoLibpcap.
//
//	interface ─► libpcap: filter, ring ─► Source.Next: copy ─► memory of the Batch
//
// libpcap's ring gives a frame until the next is asked for, so that each is copied
// into memory that belongs to the batch, and that is used again when the batch is
// given to Next again. VLAN tags are in the frame, as on the wire.
//
// Faults of a link are no end: see LinkError. A Source reads one interface, a
// Set several, and the device "any" of Linux stands for all.
package pcaplive
