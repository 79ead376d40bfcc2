package afxdp

import "spanwatch/sensor/capture/link"

// InterfaceStats are the counters of one interface as one Source sees it, since
// Open, in frames and bytes as on the wire.
type InterfaceStats struct {
	Name     string
	Index    int // of the kernel; changes when the interface is made anew
	State    link.State
	Queues   int  // that this Source reads
	ZeroCopy bool // of all of them

	Frames, Bytes uint64 // delivered
	// Seen is what the XDP program gave to the sockets, by its own count.
	Seen uint64
	// RingFull is the number of frames for which the rx ring had no place.
	RingFull uint64
	// FillEmpty is the number of frames for which no chunk was free: all waited to
	// be read, or were leased; or that the kernel refused to cut into pieces.
	FillEmpty uint64
	// Unread is the number of frames that were in rings when they were closed.
	Unread uint64
	// Waiting is the number of frames that are in rings.
	Waiting uint64
	// Pieces counts delivered frames that came in several pieces.
	Pieces uint64
	// Unstamped counts delivered frames with the time at which they were read.
	Unstamped uint64

	// Losses of the interface itself, before any capture; the same for every Source.
	Missed, Overruns uint64

	Downs     uint64 // changes to link.Down
	Removals  uint64 // changes to link.Gone
	Reopens   uint64 // times that sockets were opened after the first
	Failures  uint64 // attempts to open sockets that failed
	LastError error  // of the last such attempt; nil after a success
}
