package kafka

import (
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/spool"
)

// fate is what became of a record of a flight.
type fate uint8

const (
	fateOpen fate = iota
	fateDelivered
	fateTooLarge // beyond what the broker takes; a note went to the dead letters
	fateRejected // refused by the broker for another reason
)

// flight is a run of records of one lane on their way. The records are
// borrowed, from Deliver or from the spool, until own is called.
type flight struct {
	records []exporter.Record
	fates   []fate
	open    int // records without a fate
	parts   []*part

	logged bool           // the records, or those open when it was parked, are in the spool
	end    spool.Position // of them, when logged
	parked bool           // Deliver has reported on it, or it came from the spool
	late   []bool         // records open when Deliver reported; nil for all
}

// part is a record batch of a flight.
type part struct {
	topic  *topic
	number int32   // of the partition
	index  []int32 // records of the flight
	batch  []byte
	rest   backoff

	stamped  bool // producer and sequence stand in the batch; it may have been sent
	producer producer
	sequence int32
	settled  bool
	retimed  bool // carries the time of delivery
}

// settle gives all records of p a fate.
func (f *flight) settle(p *part, what fate) {
	for _, i := range p.index {
		if f.fates[i] == fateOpen {
			f.fates[i] = what
			f.open--
		}
	}
	p.settled = true
}

// own copies what the flight borrows.
func (f *flight) own() {
	size := 0
	for i := range f.records {
		size += len(f.records[i].Body) + len(f.records[i].Key)
	}
	memory := make([]byte, 0, size)
	records := make([]exporter.Record, len(f.records))
	keep := func(b []byte) []byte {
		start := len(memory)
		memory = append(memory, b...)
		return memory[start:len(memory):len(memory)]
	}
	for i, r := range f.records {
		r.Body, r.Key = keep(r.Body), keep(r.Key)
		records[i] = r
	}
	f.records = records
}

// assign sorts the open records into parts, by partition and within
// batchBytes. It keeps their order.
func (f *flight) assign(t *topic, e *batchEncoder, batchBytes int, overhead int) {
	f.parts = f.parts[:0]
	n := t.available()
	turn := t.turn % int32(n)
	t.turn = turn + 1
	current := make([]*part, n)
	sizes := make([]int, n)
	for i := range f.records {
		if f.fates[i] != fateOpen {
			continue
		}
		r := &f.records[i]
		at := turn
		if k := e.keyOf(r); len(k) > 0 {
			at = partitionOf(k, n)
		}
		size := len(r.Body) + len(e.keyOf(r)) + overhead
		if current[at] == nil || sizes[at]+size > batchBytes {
			current[at] = &part{topic: t, number: at}
			sizes[at] = 0
			f.parts = append(f.parts, current[at])
		}
		current[at].index = append(current[at].index, int32(i))
		sizes[at] += size
	}
}

// split replaces p by two parts with half of its records each, which keep its
// place.
func (f *flight) split(p *part) {
	half := len(p.index) / 2
	first := &part{topic: p.topic, number: p.number, index: p.index[:half:half], retimed: p.retimed}
	second := &part{topic: p.topic, number: p.number, index: p.index[half:], retimed: p.retimed}
	parts := make([]*part, 0, len(f.parts)+1)
	for _, old := range f.parts {
		if old == p {
			parts = append(parts, first, second)
		} else {
			parts = append(parts, old)
		}
	}
	f.parts = parts
}

// request is a produce request in flight.
type request struct {
	parts    []flown
	message  *rawRequest
	sent     time.Time
	deadline time.Time
}

// flown is a part and whose it is. The lane may have another flight by the
// time of the answer.
type flown struct {
	lane   *lane
	flight *flight
	part   *part
}
