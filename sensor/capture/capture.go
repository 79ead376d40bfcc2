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
package capture

import (
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
	// Next fills b with the next frames, at least one, and returns nil; the
	// frames live until the next call with the same batch. It returns io.EOF
	// (and no frames) at the end. Any other error tells of a fault; the frames
	// already in b are good and must be processed. Whether Next may be called
	// again after it, the source says.
	Next(b *Batch) error
	// Stats may be called from any goroutine.
	Stats() Stats
	Close() error
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
}
