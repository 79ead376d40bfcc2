//go:build linux && (amd64 || arm64)

package bpf

import (
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
)

// ringReader reads the ring buffer of flows that had to make room.
type ringReader struct {
	reader *ringbuf.Reader
	record ringbuf.Record
}

func (r *ringReader) open(m *ebpf.Map) (err error) {
	r.reader, err = ringbuf.NewReader(m)
	if err != nil {
		return fmt.Errorf("open ring buffer: %w", err)
	}
	// Never waits: the kernel does not wake anybody for an eviction.
	r.reader.SetDeadline(time.Unix(1, 0))
	return nil
}

func (r *ringReader) close() error {
	if r.reader == nil {
		return nil
	}
	return r.reader.Close()
}

// Evictions calls fn for every flow that had to make room since the last call,
// in the order of each CPU, but for at most limit, and returns their number. It
// does not wait: call it some times a second. The ring buffer holds
// EvictionBytes/136 flows; what finds it full is counted in Stats.Lost. The
// record is borrowed until fn returns.
func (p *Programs) Evictions(limit int, fn func(*FlowRecord)) (n int, err error) {
	if p.closed.Load() {
		return 0, ErrClosed
	}
	if p.ring.reader == nil {
		return 0, nil
	}
	p.clock.follow()
	for n < limit {
		err := p.ring.reader.ReadInto(&p.ring.record)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return n, nil
		}
		if err != nil {
			return n, fmt.Errorf("read ring buffer: %w", err)
		}
		sample := p.ring.record.RawSample
		if len(sample) < int(unsafe.Sizeof(accountFlowSlot{})) {
			return n, fmt.Errorf("read ring buffer: record of %d bytes", len(sample))
		}
		// The reader's copy is the start of an allocation of its own, so
		// aligned for every type.
		slot := (*accountFlowSlot)(unsafe.Pointer(unsafe.SliceData(sample)))
		p.fill(slot)
		p.record.Slot = slot.Head.Seq
		fn(&p.record)
		n++
	}
	return n, nil
}
