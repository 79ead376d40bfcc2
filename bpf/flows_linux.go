//go:build linux && (amd64 || arm64)

package bpf

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/cilium/ebpf"
)

// ways is WAYS of types.h: slots of a set.
const ways = 4

// The record of a flow is a reinterpretation of the kernel's; a test compares
// both field by field.
const _ = -(unsafe.Sizeof(FlowKey{}) ^ unsafe.Sizeof(accountFlowKey{}))
const _ = -(unsafe.Sizeof(Count{}) ^ unsafe.Sizeof(accountCount{}))

// An eviction ring holds slots and names in lines of one size.
const _ = -(unsafe.Sizeof(accountFlowSlot{}) ^ unsafe.Sizeof(accountFlowName{}))

// maxTornReads is how often a slot is read again while the kernel writes it. A
// write takes nanoseconds, so only a CPU that was stopped in it gets there.
const maxTornReads = 1000

// ReadFlows calls fn for every flow that the kernel holds, on every CPU, in no
// order. Without system calls: it walks the mapped tags, and copies the slots
// in use. The record is borrowed until fn returns. Packets counted meanwhile
// may or may not be included; each record is consistent in itself.
func (p *Programs) ReadFlows(fn func(*FlowRecord)) error {
	if p.closed.Load() {
		return ErrClosed
	}
	p.clock.follow()
	if p.cfg.Store == StoreLRU {
		return p.readLRU(fn)
	}
	for first := 0; first < len(p.tags); first += tagBlock {
		// Most sets of most tables are free: a look at several at once is no
		// more than a hint, which a packet that comes now may outdate.
		block := p.tags[first:min(first+tagBlock, len(p.tags))]
		if len(block) == tagBlock {
			t := (*[tagBlock / 2]uint64)(unsafe.Pointer(unsafe.SliceData(block)))
			if t[0]|t[1]|t[2]|t[3]|t[4]|t[5]|t[6]|t[7] == 0 {
				continue
			}
		}
		for i := range block {
			if word := atomic.LoadUint32(&block[i]); word != 0 {
				p.readSet(first+i, word, fn)
			}
		}
	}
	return nil
}

// tagBlock is the tags in a cache line.
const tagBlock = 16

// readSet reads the slots of a set that are in use by its tags.
func (p *Programs) readSet(set int, tags uint32, fn func(*FlowRecord)) {
	for way := range ways {
		if tags>>(8*way)&0xff == 0 {
			continue
		}
		slot := set*ways + way
		if !p.readSlot(slot) {
			p.torn.Add(1)
			continue
		}
		p.record.Slot = uint32(slot)
		fn(&p.record)
	}
}

// readSlot copies a slot into p.record between two looks at its sequence number.
func (p *Programs) readSlot(slot int) bool {
	s, name := &p.slots[slot], &p.names[slot]
	for range maxTornReads {
		before := atomic.LoadUint32(&s.Seq)
		if before&1 != 0 {
			continue
		}
		p.fill(s, name)
		readBarrier()
		if atomic.LoadUint32(&s.Seq) == before {
			return true
		}
	}
	return false
}

// readBarrier keeps the copy before the second look. amd64 never reorders
// loads; on arm64 an atomic exchange is a barrier.
func readBarrier() {
	if runtime.GOARCH != "amd64" {
		var fence uint32
		atomic.SwapUint32(&fence, 1)
	}
}

// packetBits is PACKET_BITS of types.h.
const packetBits = 48

// fill makes p.record of a slot, and of its name unless the flow is plain.
func (p *Programs) fill(s *accountFlowSlot, name *accountFlowName) {
	r := &p.record
	if s.Id[1] != 0 {
		r.Key = p.plainKey(s.Id)
	} else {
		r.Key = *(*FlowKey)(unsafe.Pointer(&name.Key))
	}
	r.Packets = [2]uint64{s.Packets[0] & (1<<packetBits - 1), s.Packets[1] & (1<<packetBits - 1)}
	r.Bytes = s.Bytes
	first := s.Packets[0]>>packetBits | s.Packets[1]>>packetBits<<16 | uint64(s.FirstTop)<<32
	r.First, r.Last = p.clock.unix(p.clock.whole(first, 40)), p.clock.unix(p.clock.whole(uint64(s.Last), 32))
	r.TCPFlags, r.FirstDir, r.Sides = s.TcpFlags, s.Sides>>7, s.Sides&0x7f
	r.Generation = s.Generation
}

// plainKey is key_of_plain of flow_id.h.
func (p *Programs) plainKey(id [2]uint64) (k FlowKey) {
	w := (*[unsafe.Sizeof(k) / 8]uint64)(unsafe.Pointer(&k))
	w[0] = id[0] & (1<<32 - 1)
	w[2] = id[0] >> 32
	w[4] = id[1] & (1<<48 - 1)
	w[5] = id[1] >> 48 << 16
	k.Source = p.cfg.Source
	return k
}

// lruReader holds what reading the LRU hash needs.
type lruReader struct {
	keys   []accountFlowKey
	counts []lruCounts // of each key, one for each CPU
}

// lruCounts is struct flow_counts.
type lruCounts = struct {
	Packets  [2]uint64
	Bytes    [2]uint64
	First    uint64
	Last     uint64
	TcpFlags [2]uint8
	FirstDir uint8
	Sides    uint8
	Zero     uint32
}

const lruBatch = 4096

func (r *lruReader) open(shards int) {
	r.keys = make([]accountFlowKey, lruBatch)
	r.counts = make([]lruCounts, lruBatch*shards)
}

func (p *Programs) readLRU(fn func(*FlowRecord)) error {
	var cursor ebpf.MapBatchCursor
	for {
		n, err := p.maps.LRUFlows.BatchLookup(&cursor, p.lru.keys, p.lru.counts, nil)
		if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("read flows: %w", err)
		}
		for i := range n {
			for cpu, c := range p.lru.counts[i*p.shards : (i+1)*p.shards] {
				if c.First == 0 {
					continue
				}
				p.fillLRU(&p.lru.keys[i], &c, cpu)
				fn(&p.record)
			}
		}
		if err != nil {
			return nil
		}
	}
}

func (p *Programs) fillLRU(key *accountFlowKey, c *lruCounts, cpu int) {
	r := &p.record
	r.Key = *(*FlowKey)(unsafe.Pointer(key))
	r.Packets, r.Bytes = c.Packets, c.Bytes
	r.First, r.Last = p.clock.unix(c.First), p.clock.unix(c.Last)
	r.TCPFlags, r.FirstDir, r.Sides = c.TcpFlags, c.FirstDir, c.Sides
	r.Slot, r.Generation = uint32(cpu), 0
}
