// Package capture delivers frames: from capture files, and from devices.
//
//	file, stdin, device ──► Source.Next(*Batch) ──► []decoders.Frame
//
// A Source fills batches; the frames of a batch borrow the batch's memory and
// live until that batch is given to Next again, so several batches may be on
// their way at once. One goroutine reads a Source.
//
// OpenFiles is the Source of capture files:
//
//	paths ─► pcapfile.Reader … ─► merge by time ─► BPF filter ─► limits ─► pacing ─► Batch
//
// Devices are captured from by packages afpacket, afxdp and pcaplive. Which of them is
// taken by default follows a measurement (make bench-live on veth, one worker, 32,377
// rules, 960,158 frames of 493 bytes again and again, rings of 64 MiB, one run on two
// loaded processors; microseconds of CPU a frame, of the sensor and, sending, of the
// sender with all that the kernel does until the source has the frame):
//
//	                       160,000 frames/s         240,000 frames/s
//	                       sensor sending lost      sensor sending lost    counted only
//	AF_PACKET              4.99   3.33    0         5.42   3.72    12.3 %
//	… and eBPF feed        5.08   3.40    0         4.56   3.38    3.8 %
//	… that holds back TLS  4.34   3.48    0         3.97   3.36    0        7 to 11 %
//	AF_XDP, copying        5.12   3.11    0         4.45   3.00    3.7 %
//	… that holds back TLS  4.68   3.07    0         4.15   3.06    0.6 %    9 to 18 %
//	libpcap                5.43   3.97    0         4.83   4.23    13.6 %
//	Suricata 7.0.10        6.60   3.20    0.001 %   5.10   3.14    9.7 %
//
// The losses are those of one run, and those of others differ: a search right after it
// had the feed without loss up to 159,396 frames/s (190,756 holding back TLS), AF_XDP up
// to 135,634, Suricata up to 239,114. Figures of the same run, of CPU, are to be compared.
//
// Of TLS elephants, 99 % of the frames are counted only: 0.07 and 0.08 microseconds of
// the sensor a frame by feed and AF_XDP, 0.90 when all are handed up, 0.41 by Suricata
// with its own bypass.
//
// What capture costs the sensor is small beside inspection, so that holding back what
// needs none is worth more than the way of a frame. AF_PACKET with the feed does so on
// every interface and its ring holds more frames; AF_XDP saves a tenth of the kernel's
// part, for the price of the host's own traffic. So the former is the default.
package capture

import (
	"time"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/pcapfile"
)

// DefaultBatchFrames is how many frames a Batch holds when its maker has not set
// another capacity of Frames: enough to spread the cost of a call and of a
// hand-off to another goroutine over, few enough that their bytes stay within a
// core's cache; 32 to 1024 measure alike in BenchmarkRead.
const DefaultBatchFrames = 256

// Batch is a reusable set of frames and the memory behind them. The zero value is
// ready; its first use allocates room for DefaultBatchFrames. A capacity given to
// Frames beforehand is what Next keeps to.
type Batch struct {
	Frames []decoders.Frame
	lease  pcapfile.Lease
}

// Source is where frames come from.
type Source interface {
	// Next fills b with the next frames and returns nil; the frames live until the
	// next call with the same batch. A capture file gives at least one frame; a
	// device none when it was silent for IdleAfter, so that whoever reads it can do
	// what is due by the clock. Next returns io.EOF (and no frames) at the end. Any
	// other error tells of a fault; the frames already in b are good and must be
	// processed. Whether Next may be called again after it, the source says.
	Next(b *Batch) error
	// Stats may be called from any goroutine.
	Stats() Stats
	Close() error
}

// IdleAfter is for how long a device may be silent until Next returns without
// frames.
const IdleAfter = 100 * time.Millisecond

// Live is a Source whose frames come whether they are read or not.
type Live interface {
	Source
	// Load says how far the reader is behind. For the goroutine of Next.
	Load() Load
}

// Load is how far the reader of a Live source is behind.
type Load struct {
	// Fill is the part of the buffer that waits to be read, from 0 to 1: of several
	// buffers the fullest.
	Fill float64
	// Lost is how many frames were dropped so far because it was full, as far as is
	// known at the time of the frames that Next has last returned.
	Lost uint64
}

// Stats are a source's counters since it was opened. For a capture file that was
// read to its end, frames stored = Frames + Filtered + Unhandled + Outside.
type Stats struct {
	Frames, Bytes uint64            // delivered to the caller; bytes as on the wire
	Filtered      uint64            // refused by the BPF filter
	Unhandled     uint64            // left out of a file of several link types, because theirs has no decoder
	Outside       uint64            // before or after the time that was asked for
	Untimed       uint64            // came without a usable time and were given that of the frame before
	Dropped       map[string]uint64 // kernel or ring drops by reason; nil for files
	Interfaces    []InterfaceStats  // of a Live source: what it captures from
}

// InterfaceStats are the counters of one interface as one Source sees it. When
// nothing is being captured,
//
//	Seen = Frames + Dropped[DropRingFull] + Dropped[DropFillEmpty] + Dropped[DropUnread] + Waiting
type InterfaceStats struct {
	Name          string
	Up            bool   // frames are captured
	Changes       uint64 // times that capture has stopped because the link was down, gone or failed
	Reopens       uint64 // times that the interface was opened anew
	Frames, Bytes uint64 // delivered
	Seen          uint64 // by the kernel's count: passed the filter and were this Source's
	Waiting       uint64 // in the buffer, to be read
	Dropped       map[string]uint64
}

// Reasons in Dropped.
const (
	DropRingFull  = "ring_full"         // the reader was too slow, and the buffer full
	DropFillEmpty = "fill_ring_empty"   // the same where the buffer is made of chunks for a frame each: none was free
	DropUnread    = "unread"            // in the buffer when it was closed
	DropMissed    = "interface_missed"  // the host had no room for what the device received
	DropOverrun   = "interface_overrun" // the device had none
	DropInterface = "interface_dropped" // libpcap does not say which of these
)
