package event

import (
	"crypto/sha256"
	"encoding/binary"
)

// ID names an event for all time: the same packets read by the same sensor in
// the same run give the same id, so that a reader that gets an event twice can
// tell. It has the form of a UUID version 8 (RFC 9562 section 5.8: contents of
// the maker's choice), because Elasticsearch, ClickHouse and SQL databases
// store UUIDs in 16 bytes where 32 hexadecimal digits are a string.
type ID [16]byte

// Append appends the 36 characters of the id.
func (id ID) Append(dst []byte) []byte {
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[b>>4], hexDigits[b&15])
	}
	return dst
}

// String returns the 36 characters of the id.
func (id ID) String() string { return string(id.Append(nil)) }

// idSeed stands for sensor and run.
type idSeed [16]byte

func newIDSeed(sensor, run string) idSeed {
	b := binary.AppendUvarint(nil, uint64(len(sensor)))
	b = append(b, sensor...)
	sum := sha256.Sum256(append(b, run...))
	return idSeed(sum[:])
}

// idInput is how many bytes ID hashes.
const idInput = 53

// ID computes the id of an event from sensor, run, event type, flow id, packet
// number, index within the packet, signature and transaction: 53 bytes, which
// is one block of SHA-256. gid and sid are 0 but for alerts. 122 bits of a
// cryptographic hash make it pointless to search for traffic whose alert a
// reader would drop as a duplicate of another.
func (e *Encoder) ID(t Type, v *Envelope, gid, sid uint32) ID {
	b := &e.idInput // what hash.Hash is given escapes
	*b = [idInput]byte{}
	copy(b[0:16], e.idSeed[:])
	b[16] = byte(t)
	binary.BigEndian.PutUint64(b[17:], v.FlowID)
	binary.BigEndian.PutUint64(b[25:], v.Packet)
	binary.BigEndian.PutUint32(b[33:], v.Index)
	binary.BigEndian.PutUint32(b[37:], gid)
	binary.BigEndian.PutUint32(b[41:], sid)
	if v.HasTx {
		binary.BigEndian.PutUint64(b[45:], v.TxID+1)
	}
	e.idHash.Reset()
	e.idHash.Write(b[:])
	e.idHash.Sum(e.idSum[:0])
	id := ID(e.idSum[:16])
	id[6] = id[6]&0x0f | 0x80 // version 8
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id
}
