// Package capture delivers frames: from capture files, and from devices.
//
//	file, stdin, device ──► Source.Next(*Batch) ──► []decoders.Frame
//
// A Source fills batches; the frames of a batch borrow the batch's memory and
// live until that batch is given to Next again. One goroutine reads a Source.
package capture

import "spanwatch/decoders"

// Batch is a reusable set of frames and the memory behind them.
type Batch struct {
	Frames []decoders.Frame
	arena  []byte
}

// Source is where frames come from.
type Source interface {
	// Next fills b with the next frames, at least one, and returns nil; the
	// frames live until the next call with the same batch. It returns io.EOF
	// (and no frames) at the end. Any other error tells of a fault; the frames
	// already in b are good and must be processed.
	Next(b *Batch) error
	// Stats may be called from any goroutine.
	Stats() Stats
	Close() error
}

// Stats are a source's counters since it was opened.
type Stats struct {
	Frames, Bytes uint64            // delivered to the caller
	Filtered      uint64            // refused by the BPF filter
	Dropped       map[string]uint64 // kernel or ring drops by reason; nil for files
}
