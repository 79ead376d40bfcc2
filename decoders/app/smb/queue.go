package smb

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Pieces of a file may be read and written in any order. Those that lie behind
// what there is of it wait in the order in which they came.

// maxQueued bounds the bytes that wait in all flows of a worker.
const maxQueued = 256 << 20

// piece is a part of a file that waits for what lies before it.
type piece struct {
	offset uint64
	data   []byte
}

func (p *piece) end() uint64 { return p.offset + uint64(len(p.data)) }

// queueHasRoom reports whether another size bytes of a file may come; if not,
// it is an event.
func (s *State) queueHasRoom(t *Tx, size uint64) bool {
	c := &s.parser.config
	most, count := c.MaxWriteQueueSize, c.MaxWriteQueueCount
	bytes, pieces := app.Event(EventWriteQueueSizeExceeded), app.Event(EventWriteQueueCntExceeded)
	if t.content.Dir == decoders.ToClient {
		most, count = c.MaxReadQueueSize, c.MaxReadQueueCount
		bytes, pieces = EventReadQueueSizeExceeded, EventReadQueueCntExceeded
	}
	var waiting uint64
	for i := range t.queue {
		waiting += uint64(len(t.queue[i].data))
	}
	switch {
	case most > 0 && waiting+size > most, s.parser.queued+size > maxQueued:
		t.events.Add(bytes)
	case count > 0 && len(t.queue) >= count:
		t.events.Add(pieces)
	default:
		return true
	}
	return false
}

// enqueue has bytes at an offset wait. Those of one message come one after the
// other and are one piece.
func (s *State) enqueue(t *Tx, offset uint64, data []byte) {
	s.parser.queued += uint64(len(data))
	if n := len(t.queue); n > 0 && t.queue[n-1].end() == offset {
		t.queue[n-1].data = append(t.queue[n-1].data, data...)
		return
	}
	t.queue = append(t.queue, piece{offset, append([]byte(nil), data...)})
}

// drain takes the pieces that have come to their turn.
func (s *State) drain(t *Tx) {
	for i := 0; i < len(t.queue); {
		p := t.queue[i]
		have := t.content.Size
		if p.offset > have {
			i++
			continue
		}
		if p.end() > have {
			t.content.AppendWaiting(p.data[have-p.offset:])
		}
		s.parser.queued -= uint64(len(p.data))
		t.queue = append(t.queue[:i], t.queue[i+1:]...)
		i = 0
	}
}

// flush takes all pieces when nothing comes any more that lies before them,
// which is a gap.
func (s *State) flush(t *Tx) {
	for len(t.queue) > 0 {
		first := t.queue[0].offset
		for i := range t.queue {
			first = min(first, t.queue[i].offset)
		}
		t.content.Skip(first - t.content.Size)
		s.drain(t)
	}
	s.dequeue(t, 0)
}

// dequeue forgets the queue with its memory; of the first n pieces the bytes
// wait no longer.
func (s *State) dequeue(t *Tx, n int) {
	for _, p := range t.queue[:n] {
		s.parser.queued -= uint64(len(p.data))
	}
	t.queue = nil
}
