// Package pcapfile reads one capture file: bytes in, frames out.
//
//	file, pipe ─► gzip · zstd · lz4, by magic ─► slab ─► pcap or pcapng records ─► decoders.Frame
//	                                               ▲                                  │
//	                                               └── Pool ◄── Lease of a batch ◄────┘
//
// The file is read into slabs and frames point into them: nothing is copied but
// the record that straddles two slabs. A slab is shared by the Reader that fills
// it and by every Lease that holds a frame of it, and goes back to its Pool when
// the last lets go. Files are read, not mapped: bytes in the page cache that
// another process truncates away would raise SIGBUS in whichever goroutine looks
// at the frame. Nor would a mapping be faster: a slab that stays in the processor's
// cache costs half of it for frames of 858 bytes (BenchmarkRead and BenchmarkMap of
// package capture: 85 and 177 ns a frame), and 15 ns more for frames of 76 bytes.
//
// No length in a file is believed before it has been compared with its bound. A
// file that is cut short or malformed yields the frames before the fault and then
// a *CorruptError. One goroutine at a time uses a Pool and all that came from it.
package pcapfile
