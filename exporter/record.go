package exporter

import (
	"sync/atomic"
	"time"

	"spanwatch/exporter/event"
)

// Record is one finished event. Its slices belong to the batch: a sink reads
// them until Deliver returns and copies what it keeps.
type Record struct {
	Type event.Type
	Time int64    // packet time, nanoseconds since the Unix epoch
	ID   event.ID // event_id
	Key  []byte   // community id; empty for events without a flow
	Body []byte   // one JSON object, without line feed
}

// Batch is a run of records in output order and the memory behind them.
type Batch struct {
	records []Record
	bodies  []byte // never grown while records point into it
	keys    []byte
	bytes   [event.NumTypes]int // of bodies, by type
	begun   time.Time           // when its first record was appended, wall clock
	holders atomic.Int32
}

// Sizes of a batch. A community id has 30 bytes; a batch full of the smallest
// events has about 600.
const (
	// DefaultBatchBytes is large enough that a write costs little per event,
	// and small enough to wait for in a queue.
	DefaultBatchBytes = 128 << 10
	keyBytes          = 24 << 10
)

func newBatch(bodies, keys int) *Batch {
	const typicalEvent = 512 // bytes
	return &Batch{
		records: make([]Record, 0, bodies/typicalEvent+1),
		bodies:  make([]byte, 0, bodies), keys: make([]byte, 0, keys),
	}
}

// begin notes the time of the first record.
func (b *Batch) begin() { b.begun = time.Now() }

func (b *Batch) reset() {
	clear(b.records)
	b.records, b.bodies, b.keys, b.bytes = b.records[:0], b.bodies[:0], b.keys[:0], [event.NumTypes]int{}
}

// size is the bytes of the bodies whose type is one of set.
func (b *Batch) size(set *typeSet) (n int64) {
	for t, bytes := range b.bytes {
		if set[t] {
			n += int64(bytes)
		}
	}
	return n
}

// typeSet is a set of event types.
type typeSet [event.NumTypes]bool

var alertsAlone = typeSet{event.TypeAlert: true}

// fits says whether an event can be added without moving the memory that
// earlier records point into.
func (b *Batch) fits(body, key int) bool {
	return len(b.bodies)+body <= cap(b.bodies) && len(b.keys)+key <= cap(b.keys)
}
