// Package body undoes the content encodings of message bodies: gzip, deflate
// with and without its zlib header, brotli and LZMA, several upon each other.
//
//	piece ──► layer n ──► … ──► layer 1 ──► Sink
//	        (the encoding applied last comes off first)
//
// Input is a body in pieces of any length, output the decoded bytes as early
// as they are known, the same however the pieces are cut. Both are borrowed:
// the input until Decode returns, the output until the Sink returns.
//
// The decoders are lenient where browsers are: a gzip checksum is not looked
// at, what follows the end of the encoded data is skipped, a body that is not
// of the encoding it names is tried as the others of the deflate family and, if
// it is none of them, passed on as it is. A body that breaks off or breaks
// later yields what could be decoded before.
//
// Memory is bounded: a layer has a window of 32 KiB (deflate), of up to 1 MiB
// (LZMA) or as the brotli format demands (16 MiB at most), and belongs to its
// Decoder, which is used by one goroutine and for one body after the other.
package body
