package kafka

import (
	"errors"
	"fmt"
	"slices"

	"github.com/segmentio/kafka-go/compress"
	"github.com/segmentio/kafka-go/compress/zstd"
)

// Compression is a codec of record batches.
type Compression uint8

// Codecs. The zero value stands for the default.
const (
	compressionDefault Compression = iota
	CompressionNone
	CompressionGzip
	CompressionSnappy
	CompressionLZ4
	CompressionZstd
)

var compressionNames = [...]string{
	compressionDefault: "", CompressionNone: "none", CompressionGzip: "gzip",
	CompressionSnappy: "snappy", CompressionLZ4: "lz4", CompressionZstd: "zstd",
}

// ErrCompression says that a text names no codec.
var ErrCompression = errors.New("must be none, gzip, snappy, lz4 or zstd")

// ParseCompression reads a codec's name; the empty one is the default's.
func ParseCompression(text string) (Compression, error) {
	if i := slices.Index(compressionNames[:], text); i >= 0 {
		return Compression(i), nil
	}
	return 0, fmt.Errorf("%w: %q", ErrCompression, text)
}

// String returns the codec's name.
func (c Compression) String() string {
	if int(c) < len(compressionNames) {
		return compressionNames[c]
	}
	return "unknown"
}

// codec returns the implementation, nil for none. Its code is the number in
// the attributes of a record batch.
func (c Compression) codec() compress.Codec {
	switch c {
	case CompressionGzip:
		return compress.Gzip.Codec()
	case CompressionSnappy:
		return compress.Snappy.Codec()
	case CompressionLZ4:
		return compress.Lz4.Codec()
	case CompressionZstd:
		return &zstd.Codec{Level: zstdLevel}
	}
	return nil
}

// zstdLevel is the fastest: on events of one kind it compresses nearly as well
// as the default level for half the time.
const zstdLevel = 1
