package pcapfile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// errIsDirectory is the cause when a directory is opened as a file.
var errIsDirectory = errors.New("is a directory")

// maxWindow bounds the memory that a zstd file may ask for, in bytes: what
// "zstd --long" writes and "zstd -d" takes without being told (RFC 8878 section
// 3.1.1.1.2 asks for 8 MiB at least).
const maxWindow = 128 << 20

// packedBuffer is the read size in front of a decompressor, in bytes.
const packedBuffer = 128 << 10

// unpack looks for the magic of a compressed file and, if there is one, puts the
// decompressor between the file and the stream. The decompressors are told not to
// start goroutines.
func (r *Reader) unpack() error {
	s := &r.s
	if !s.more(4) {
		return nil
	}
	b := s.buf[s.pos:s.end]
	magic := binary.LittleEndian.Uint32(b)
	switch {
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b}): // RFC 1952 section 2.3.1
		r.packing = "gzip"
	case magic == 0xfd2fb528, magic&^0xf == 0x184d2a50: // RFC 8878 section 3.1: a frame, a skippable frame
		r.packing = "zstd"
	case magic == 0x184d2204, magic == 0x184c2102: // lz4_Frame_format.md: a frame, a legacy frame
		r.packing = "lz4"
	default:
		return nil
	}
	head := append([]byte(nil), b...)
	in := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(head), s.r), packedBuffer)
	s.pos, s.end, s.err = 0, 0, nil
	var err error
	switch r.packing {
	case "gzip":
		s.r, err = gzip.NewReader(in)
	case "zstd":
		var z *zstd.Decoder
		z, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
		if err == nil {
			s.r, r.inflate = z, z.IOReadCloser()
		}
	case "lz4":
		s.r = lz4.NewReader(in)
	}
	if err != nil {
		s.err = err
		return r.cut(r.packing + " header")
	}
	return nil
}
