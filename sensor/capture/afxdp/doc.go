// Package afxdp captures from Linux interfaces by AF_XDP sockets: the XDP program
// that counts every frame (bpf.Config.Redirect) writes it into memory of ours,
// before the kernel makes a socket buffer of it. Frames never reach the stack, so
// that this is for ports on which the host has nothing to say: span ports, taps.
//
//	interface ─► driver or generic hook: sw_xdp_feed ─┬─► queue 0: socket ─► Source of worker 0
//	               counts, drops what is shunted      └─► queue 1: socket ─► Source of worker 1
//
//	memory of a socket, in chunks of 2 or 4 KiB, each in one of these places:
//
//	fill ring ─► kernel writes a frame ─► rx ring ─► Next: a batch ─► Next again: fill ring
//
// A Source reads the sockets of one queue or several of each interface. The frames
// of a batch are bytes of chunks, which go back to the kernel when the batch is
// given to Next again. A frame longer than a chunk comes in pieces and is copied
// together. VLAN tags are where they were on the wire, unless the device takes them
// out (rx-vlan-hw-parse), which no XDP program sees: switch that off.
//
// Time stamps are taken by the program when the frame comes in front of it, from
// the monotonic clock, and carried in front of the frame; of devices whose driver
// has no room for them a frame has the time at which it was read
// (InterfaceStats.Unstamped).
//
// The kernel gives a socket zero copies where the driver can (the device writes into
// our memory; untested, for want of such a device), else copies once; neither needs a
// socket buffer. Without frames a Source sleeps for Options.Coalesce before it looks
// again, and then waits for the kernel to wake it, so that at middling rates it is not
// woken for each frame.
//
// A chunk takes a frame whatever its length, so that memory holds fewer frames than the
// blocks of package afpacket, which it packs: of 493 bytes on average, a quarter in
// chunks of 2 KiB. A burst fills it sooner.
//
// All that the program hands to the sockets of an interface is accounted for:
//
//	Seen = Frames + RingFull + FillEmpty + Unread + what waits in rx rings
//
// where Seen is the program's own count. Changes of a link are told as in package
// afpacket, by *link.Change from Next.
//
// The thread that calls Open, and those that call Next, must be in one network
// namespace.
package afxdp
