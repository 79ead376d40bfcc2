package kafka

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/segmentio/kafka-go/compress"

	"spanwatch/exporter"
)

// Offsets in a record batch of format 2 (Kafka protocol guide, "Record
// Batch"), after the four bytes of size that a produce request puts before it.
const (
	sizeBytes     = 4
	offLength     = sizeBytes + 8
	offCRC        = sizeBytes + 17
	offAttributes = sizeBytes + 21
	offLastDelta  = sizeBytes + 23
	offFirstTime  = sizeBytes + 27
	offMaxTime    = sizeBytes + 35
	offProducer   = sizeBytes + 43
	offEpoch      = sizeBytes + 51
	offSequence   = sizeBytes + 53
	offCount      = sizeBytes + 57
	batchHead     = sizeBytes + 61
	batchMagic    = 2

	// recordOverhead is more than what the broker counts for a record beside
	// key, value and headers: the batch's head and the record's own fields.
	recordOverhead = batchHead + 24
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// batchEncoder makes record batches. Its scratch memory is used again.
type batchEncoder struct {
	codec     compress.Codec
	headers   headers
	key       Key
	sensor    []byte // the key, under KeySensor
	timestamp Timestamp
	plain     []byte
	scratch   []byte
}

// encode appends the batch of the given records, with room for stamp to fill
// in producer and sequence. now is the time of delivery. force overrides
// packet time where the broker did not like it.
func (e *batchEncoder) encode(dst []byte, records []exporter.Record, index []int32, now time.Time, force bool) ([]byte, error) {
	start := len(dst)
	dst = append(dst, make([]byte, batchHead)...)
	millis := func(r *exporter.Record) int64 {
		if force || e.timestamp == TimestampDelivery {
			return now.UnixMilli()
		}
		return r.Time / int64(time.Millisecond)
	}
	first := millis(&records[index[0]])
	latest := first
	out := e.plain[:0]
	if e.codec == nil {
		out = dst
	}
	for delta, i := range index {
		r := &records[i]
		at := millis(r)
		latest = max(latest, at)
		out = e.appendRecord(out, r, at-first, int64(delta))
	}
	if e.codec == nil {
		dst = out
	} else {
		e.plain = out
		w := appendWriter{dst}
		z := e.codec.NewWriter(&w)
		if _, err := z.Write(out); err != nil {
			return dst, fmt.Errorf("kafka: compress: %w", err)
		}
		if err := z.Close(); err != nil {
			return dst, fmt.Errorf("kafka: compress: %w", err)
		}
		dst = w.b
	}
	b := dst[start:]
	binary.BigEndian.PutUint32(b, uint32(len(b)-sizeBytes))
	binary.BigEndian.PutUint32(b[offLength:], uint32(len(b)-offLength-4))
	binary.BigEndian.PutUint32(b[offLength+4:], ^uint32(0)) // leader epoch: none
	b[offCRC-1] = batchMagic
	if e.codec != nil {
		binary.BigEndian.PutUint16(b[offAttributes:], uint16(e.codec.Code()))
	}
	binary.BigEndian.PutUint32(b[offLastDelta:], uint32(len(index)-1))
	binary.BigEndian.PutUint64(b[offFirstTime:], uint64(first))
	binary.BigEndian.PutUint64(b[offMaxTime:], uint64(latest))
	binary.BigEndian.PutUint32(b[offCount:], uint32(len(index)))
	return dst, nil
}

// stamp fills in who sends the batch, and the checksum, which comes last.
func stamp(b []byte, p producer, sequence int32) {
	binary.BigEndian.PutUint64(b[offProducer:], uint64(p.id))
	binary.BigEndian.PutUint16(b[offEpoch:], uint16(p.epoch))
	binary.BigEndian.PutUint32(b[offSequence:], uint32(sequence))
	binary.BigEndian.PutUint32(b[offCRC:], crc32.Checksum(b[offAttributes:], castagnoli))
}

func (e *batchEncoder) appendRecord(dst []byte, r *exporter.Record, timeDelta, offsetDelta int64) []byte {
	key := e.keyOf(r)
	// The length stands before the record, so its parts are measured first.
	e.scratch = e.headers.append(e.scratch[:0], r)
	n := 1 + varintSize(timeDelta) + varintSize(offsetDelta) + len(e.scratch) +
		varintSize(int64(len(r.Body))) + len(r.Body)
	if len(key) == 0 {
		n += varintSize(-1)
	} else {
		n += varintSize(int64(len(key))) + len(key)
	}
	dst = binary.AppendVarint(dst, int64(n))
	dst = append(dst, 0) // attributes: none are defined
	dst = binary.AppendVarint(dst, timeDelta)
	dst = binary.AppendVarint(dst, offsetDelta)
	if len(key) == 0 {
		dst = binary.AppendVarint(dst, -1) // null
	} else {
		dst = binary.AppendVarint(dst, int64(len(key)))
		dst = append(dst, key...)
	}
	dst = binary.AppendVarint(dst, int64(len(r.Body)))
	dst = append(dst, r.Body...)
	return append(dst, e.scratch...)
}

// varintSize is the length of v as binary.AppendVarint writes it.
func varintSize(v int64) int {
	u := uint64(v)<<1 ^ uint64(v>>63)
	n := 1
	for u >= 0x80 {
		u >>= 7
		n++
	}
	return n
}

// appendWriter is an io.Writer that appends.
type appendWriter struct{ b []byte }

func (w *appendWriter) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}
