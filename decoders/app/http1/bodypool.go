package http1

import "math/bits"

// buffers is the memory of bodies that is in no message's use, by size. A body
// that grows takes the next larger size and gives the smaller one back, so that
// in steady state nothing is left to the garbage collector, and idle messages
// hold none.
type buffers struct {
	idle  [bufferClasses][][]byte
	bytes int // of them
}

const (
	smallestBits  = 10 // 1 KiB
	bufferClasses = 12 // up to 2 MiB
	// maxIdleBytes bounds what is kept for reuse.
	maxIdleBytes = 4 << 20
)

// grow returns a buffer with the bytes of kept and room for more behind them,
// and takes the memory of kept.
func (b *buffers) grow(kept []byte, more int) []byte {
	size := len(kept) + more
	class := max(bits.Len(uint(size-1))-smallestBits, 0)
	if class >= bufferClasses {
		out := append(make([]byte, 0, 2*size), kept...)
		b.give(kept)
		return out
	}
	var out []byte
	if n := len(b.idle[class]); n > 0 {
		out = b.idle[class][n-1]
		b.idle[class][n-1] = nil
		b.idle[class] = b.idle[class][:n-1]
		b.bytes -= cap(out)
	} else {
		out = make([]byte, 0, 1<<(smallestBits+class))
	}
	out = append(out[:0], kept...)
	b.give(kept)
	return out
}

// give takes memory that is no longer needed. What is not of one of the sizes,
// or too much, is left to the collector.
func (b *buffers) give(kept []byte) {
	size := cap(kept)
	class := bits.Len(uint(size)) - 1 - smallestBits
	if class < 0 || class >= bufferClasses || size != 1<<(smallestBits+class) || b.bytes+size > maxIdleBytes {
		return
	}
	b.idle[class] = append(b.idle[class], kept[:0])
	b.bytes += size
}
