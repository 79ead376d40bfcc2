package afpacket

import "spanwatch/sensor/capture/link"

// InterfaceStats are the counters of one interface as one Source sees it, since
// Open. Numbers of frames and bytes are as on the wire: a VLAN tag that the
// kernel took out counts its four bytes.
//
// What the kernel's socket took = Frames + RingFull + Unread + what waits in the ring.
type InterfaceStats struct {
	Name  string
	Index int // of the kernel; changes when the interface is made anew
	State link.State
	MTU   int // bytes

	Frames, Bytes uint64 // delivered
	// Seen is the number of frames that passed the filter and were this worker's,
	// by the kernel's count: Frames and RingFull and what waits in the ring.
	Seen uint64
	// RingFull is the number of frames dropped because all blocks of the ring were
	// full or leased, and Freezes how often that began.
	RingFull, Freezes uint64
	// Unread is the number of frames that were in rings when they were closed.
	Unread uint64
	// Merged counts delivered frames that were several on the wire: those that the
	// kernel marks as TCP segments merged by GRO, LRO or the sending host's TSO,
	// and all that are longer than the MTU and the longest usual link header
	// (Ethernet and one tag beside the one the kernel takes out).
	Merged uint64
	// Truncated counts delivered frames of which the filter's program cut bytes.
	Truncated uint64
	// OtherTags counts delivered frames whose outermost VLAN tag, which the kernel
	// took out, was not 802.1Q's 0x8100 but, say, a service tag: Frame.VLAN has
	// the TCI only.
	OtherTags uint64
	// Unsummed counts delivered frames of this host whose transport checksum is
	// left to the device, so that the one in the frame is wrong.
	Unsummed uint64
	// SoftwareTimes counts delivered frames with a time of the kernel's although
	// the device's was asked for.
	SoftwareTimes uint64

	// Losses of the interface itself, before any capture, by the kernel's struct
	// rtnl_link_stats64: frames for which the host had no room, and overruns of the
	// device. The same for every Source, so that one must not add them up.
	Missed, Overruns uint64
	// Dropped is the kernel's rx_dropped. Not all of them are losses: a CPU's full
	// backlog counts here, and so does a frame that nobody but the capture wanted.
	Dropped uint64

	Downs     uint64 // changes to link.Down
	Removals  uint64 // changes to link.Gone
	Reopens   uint64 // rings opened after the first
	Failures  uint64 // attempts to open a ring that failed
	LastError error  // of the last such attempt; nil after a success
}
