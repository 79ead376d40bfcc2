package capture

import (
	"math"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/pcapfile"
)

// input is one capture file among those that are merged.
type input struct {
	path   string
	named  bool             // rather than found in a directory or by a pattern
	order  int              // place among the arguments; decides between equal times
	next   int64            // time of the next frame, or the smallest if unknown
	reader *pcapfile.Reader // nil while it is not this file's turn yet
	last   uint64           // Frame.Number within the file of the last frame taken

	left, untimed uint64 // what of the reader's counters is accounted for
}

func (in *input) before(other *input) bool {
	return in.next < other.next || in.next == other.next && in.order < other.order
}

// until is the latest time up to which in may be read without a look at other.
func (in *input) until(other *input) int64 {
	if in.order < other.order {
		return other.next
	}
	if other.next == math.MinInt64 {
		return math.MinInt64
	}
	return other.next - 1
}

// merge is a heap of inputs by the time of their next frame. A file is opened
// when the merged time reaches its first frame, so files that follow each other
// are read one after the other, whatever their number, and only those that
// overlap are open together.
type merge struct {
	heap []*input
}

func (m *merge) push(in *input) {
	m.heap = append(m.heap, in)
	for i := len(m.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !m.heap[i].before(m.heap[up]) {
			break
		}
		m.heap[i], m.heap[up] = m.heap[up], m.heap[i]
		i = up
	}
}

// first returns the input whose turn it is, or nil.
func (m *merge) first() *input {
	if len(m.heap) == 0 {
		return nil
	}
	return m.heap[0]
}

// second returns the input that comes after the first, or nil.
func (m *merge) second() *input {
	switch len(m.heap) {
	case 0, 1:
		return nil
	case 2:
		return m.heap[1]
	}
	if m.heap[1].before(m.heap[2]) {
		return m.heap[1]
	}
	return m.heap[2]
}

// fix restores the order after the first input's time has changed.
func (m *merge) fix() {
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(m.heap); child++ {
			if m.heap[child].before(m.heap[least]) {
				least = child
			}
		}
		if least == i {
			return
		}
		m.heap[i], m.heap[least] = m.heap[least], m.heap[i]
		i = least
	}
}

// pop removes the first input.
func (m *merge) pop() {
	last := len(m.heap) - 1
	m.heap[0] = m.heap[last]
	m.heap[last] = nil
	m.heap = m.heap[:last]
	m.fix()
}

// number replaces each frame's place in its file by its place in the merged
// capture, total being the frames before; frames that the reader left out count.
func (in *input) number(frames []decoders.Frame, total uint64) uint64 {
	for i := range frames {
		total += frames[i].Number - in.last
		in.last = frames[i].Number
		frames[i].Number = total
	}
	return total
}
