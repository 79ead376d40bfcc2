package kafka

import (
	"encoding/binary"
	"errors"

	"github.com/segmentio/kafka-go/protocol"
)

// Answers are read here and not by the library, which makes arrays of any
// length that the peer names. A peer need not be a broker.

// errShort says that an answer ends before its fields do, or that a length in
// it is longer than the answer.
var errShort = errors.New("kafka: truncated answer")

// reader takes fields from an answer, big-endian. After the first error all
// fields are zero. flexible says that the version has the compact encoding
// (KIP-482).
type reader struct {
	b        []byte
	flexible bool
	err      error
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.fail()
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) fail() {
	if r.err == nil {
		r.err = errShort
	}
	r.b = nil
}

func (r *reader) int16() int16 {
	if b := r.take(2); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (r *reader) int32() int32 {
	if b := r.take(4); b != nil {
		return int32(binary.BigEndian.Uint32(b))
	}
	return 0
}

func (r *reader) int64() int64 {
	if b := r.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// text reads a string, nullable or not.
func (r *reader) text() string {
	n := int(r.int16())
	if n < 0 {
		return ""
	}
	return string(r.take(n))
}

func (r *reader) bytes() []byte {
	n := int(r.int32())
	if n < 0 {
		return nil
	}
	return r.take(n)
}

// array reads the length of an array whose elements take at least size bytes.
// A longer array than the answer has room for is an error.
func (r *reader) array(size int) int {
	n := int(r.int32())
	if n < 0 {
		return 0
	}
	if n > len(r.b)/size {
		r.fail()
		return 0
	}
	return n
}

// skip passes over an array of int32.
func (r *reader) skipInts() { r.take(4 * r.array(4)) }

// tags passes over the tagged fields of a flexible version.
func (r *reader) tags() {
	if !r.flexible {
		return
	}
	for n := r.uvarint(); n > 0 && r.err == nil; n-- {
		r.uvarint()
		r.take(int(min(r.uvarint(), maxAnswer)))
	}
}

// producedAnswer is one partition in the answer to a produce request.
type producedAnswer struct {
	topic     string
	partition int32
	code      int16
}

// readProduce reads versions 3 to 8.
func readProduce(b []byte, version int16) (list []producedAnswer, err error) {
	r := reader{b: b}
	for range r.array(6) {
		topic := r.text()
		for range r.array(14) {
			p := producedAnswer{topic: topic, partition: r.int32(), code: r.int16()}
			r.int64() // base offset
			if version >= 2 {
				r.int64() // append time
			}
			if version >= 5 {
				r.int64() // start of the log
			}
			if version >= 8 {
				for range r.array(6) {
					r.int32() // index of a record, and
					r.text()  // what is wrong with it
				}
				r.text() // message
			}
			list = append(list, p)
		}
	}
	return list, r.err
}

// clusterAnswer is the answer to a metadata request.
type clusterAnswer struct {
	brokers []brokerAnswer
	topics  []topicAnswer
}

type brokerAnswer struct {
	id   int32
	host string
	port int32
}

type topicAnswer struct {
	code       int16
	name       string
	partitions []partitionAnswer
}

type partitionAnswer struct{ number, leader int32 }

// readMetadata reads versions 1 to 8.
func readMetadata(b []byte, version int16) (m clusterAnswer, err error) {
	r := reader{b: b}
	if version >= 3 {
		r.int32() // throttle time
	}
	for range r.array(12) {
		m.brokers = append(m.brokers, brokerAnswer{r.int32(), r.text(), r.int32()})
		r.text() // rack
	}
	if version >= 2 {
		r.text() // cluster id
	}
	r.int32() // controller
	for range r.array(9) {
		t := topicAnswer{code: r.int16(), name: r.text()}
		r.take(1) // internal
		for range r.array(18) {
			r.int16() // the partition's error; without a leader there is none to send to
			p := partitionAnswer{r.int32(), r.int32()}
			if version >= 7 {
				r.int32() // leader epoch
			}
			r.skipInts() // replicas
			r.skipInts() // those in sync
			if version >= 5 {
				r.skipInts() // those offline
			}
			t.partitions = append(t.partitions, p)
		}
		if version >= 8 {
			r.int32() // authorised operations
		}
		m.topics = append(m.topics, t)
	}
	return m, r.err
}

// readProducerID reads versions 0 to 4.
func readProducerID(b []byte, version int16) (p producer, code int16, err error) {
	r := reader{b: b, flexible: version >= 2}
	r.tags() // of the header
	r.int32()
	code = r.int16()
	p = producer{r.int64(), r.int16()}
	r.tags()
	return p, code, r.err
}

// readVersions reads version 0 and chooses for each request the newest version
// that both sides have.
func readVersions(b []byte) (versions map[protocol.ApiKey]int16, code int16, err error) {
	r := reader{b: b}
	code = r.int16()
	versions = map[protocol.ApiKey]int16{}
	for range r.array(6) {
		key, least, most := protocol.ApiKey(r.int16()), r.int16(), r.int16()
		versions[key] = key.SelectVersion(least, most)
	}
	return versions, code, r.err
}

// readHandshake reads versions 0 and 1; the list of mechanisms is left.
func readHandshake(b []byte) (code int16, err error) {
	r := reader{b: b}
	code = r.int16()
	return code, r.err
}

// readAuthenticate reads versions 0 and 1.
func readAuthenticate(b []byte) (challenge []byte, code int16, err error) {
	r := reader{b: b}
	code = r.int16()
	r.text() // message
	challenge = r.bytes()
	return challenge, code, r.err
}
