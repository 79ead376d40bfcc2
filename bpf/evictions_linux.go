//go:build linux && (amd64 || arm64)

package bpf

import (
	"sync/atomic"
	"unsafe"
)

// evictionRings are the flows that had to make room, one ring for each CPU: lines
// that the kernel writes, and marks of how far both sides are. Mapped.
type evictionRings struct {
	lines   []accountFlowSlot // perRing of each CPU
	perRing uint64            // a power of two
	marks   []accountEvictionMarks
}

// Evictions calls fn for every flow that had to make room since the last call, in
// the order of each CPU, but for at most limit, and returns their number. It does
// not wait and asks nothing of the kernel: call it some times a second. What finds
// the ring of its CPU full is counted in Stats.Lost. The record is borrowed until
// fn returns.
func (p *Programs) Evictions(limit int, fn func(*FlowRecord)) (n int, err error) {
	if p.closed.Load() {
		return 0, ErrClosed
	}
	p.clock.follow()
	for cpu := range p.rings.marks {
		if n == limit {
			break
		}
		n += p.readRing(cpu, limit-n, fn)
	}
	return n, nil
}

// readRing reads at most limit flows of one CPU's ring.
func (p *Programs) readRing(cpu, limit int, fn func(*FlowRecord)) (n int) {
	r := &p.rings
	marks := &r.marks[cpu]
	lines := r.lines[uint64(cpu)*r.perRing:][:r.perRing]
	read := marks.Read // nobody else writes it
	// Each is given back when it was read: the kernel may wait for room.
	for written := atomic.LoadUint64(&marks.Written); n < limit && read != written; n++ {
		slot, name := &lines[read&(r.perRing-1)], (*accountFlowName)(nil)
		read++
		if slot.Id[1] == 0 { // not plain: its name follows
			name = (*accountFlowName)(unsafe.Pointer(&lines[read&(r.perRing-1)]))
			read++
		}
		p.fill(slot, name)
		p.record.Slot = slot.Seq
		atomic.StoreUint64(&marks.Read, read)
		fn(&p.record)
	}
	return n
}
