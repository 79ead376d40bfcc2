package spool

import (
	"encoding/binary"
	"hash/crc32"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

// A segment is magic followed by frames, integers little-endian:
//
//	0  length of the payload, 4 bytes
//	4  CRC-32C of the payload, 4 bytes
//	8  payload: number 8, packet time 8, event id 16, key length 2, key, body
//
// The number stands under the checksum, so that a frame of an earlier life of
// the same disk block is not taken for one of this log.
const (
	magic        = "spwspl1\n"
	frameHead    = 8
	payloadHead  = 8 + 8 + 16 + 2
	maxPayload   = 64 << 20 // far more than a Kafka broker takes
	maxKey       = 1<<16 - 1
	minFrameSize = frameHead + payloadHead
)

// castagnoli is the polynomial that processors have an instruction for.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func frameSize(r *exporter.Record) int { return minFrameSize + len(r.Key) + len(r.Body) }

// storable says whether a frame can hold r.
func storable(r *exporter.Record) bool { return len(r.Key) <= maxKey && frameSize(r) <= maxPayload }

func appendFrame(dst []byte, number uint64, r *exporter.Record) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, frameHead)...)
	dst = binary.LittleEndian.AppendUint64(dst, number)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Time))
	dst = append(dst, r.ID[:]...)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(r.Key)))
	dst = append(dst, r.Key...)
	dst = append(dst, r.Body...)
	payload := dst[start+frameHead:]
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(payload)))
	binary.LittleEndian.PutUint32(dst[start+4:], crc32.Checksum(payload, castagnoli))
	return dst
}

// parsed is what parseFrame found at the start of its input.
type parsed uint8

const (
	frameNone parsed = iota // no frame with a number in the range
	frameMore               // a frame may begin here, but the input ends before it
	frameGood
)

// parseFrame reads the frame at the start of b if its number is in [low, high).
// record points into b; its type is left to the caller. The cheap conditions
// come first, so that looking for the next frame in damaged bytes is fast.
func parseFrame(b []byte, low, high uint64) (record exporter.Record, number uint64, size int, what parsed) {
	if len(b) < frameHead+8 {
		return record, 0, 0, frameMore
	}
	n := int(binary.LittleEndian.Uint32(b))
	number = binary.LittleEndian.Uint64(b[frameHead:])
	if n < payloadHead || n > maxPayload || number < low || number >= high {
		return record, 0, 0, frameNone
	}
	size = frameHead + n
	if len(b) < size {
		return record, 0, size, frameMore
	}
	payload := b[frameHead:size]
	key := int(binary.LittleEndian.Uint16(payload[32:]))
	if payloadHead+key > n || crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return record, 0, 0, frameNone
	}
	record.Time = int64(binary.LittleEndian.Uint64(payload[8:]))
	record.ID = event.ID(payload[16:32])
	end := payloadHead + key
	record.Key = payload[payloadHead:end:end]
	record.Body = payload[end:]
	return record, number, size, frameGood
}
