package accounting

import (
	"encoding/binary"
	"sync"

	"spanwatch/bpf"
	"spanwatch/decoders"
)

// fakeKernel counts as the programs do: a table of slots whose flows make room for
// others through a ring that may be full. A flow of number n lives in the slot n
// modulo their number; those above inner are in a tunnel.
type fakeKernel struct {
	mu    sync.Mutex
	slots []bpf.FlowRecord // Generation 0 is free
	last  []uint32         // generation of each slot's last flow
	ring  []bpf.FlowRecord
	room  int // of ring
	stats bpf.Stats
	inner int

	// during is called between two slots that ReadFlows shows, as packets come in
	// meanwhile; torn says that a slot cannot be read just now. Nil is never.
	during func()
	torn   func() bool

	now          int64
	milliseconds []bpf.Millisecond
	attached     error
	drop         error
	reattachable bool
	shunted      map[bpf.FlowKey]bool
	mostShunted  int
	sample       uint32
	closed       bool
}

func newFake(slots, room int) *fakeKernel {
	return &fakeKernel{
		slots: make([]bpf.FlowRecord, slots), last: make([]uint32, slots), room: room, inner: 1 << 30,
		shunted: map[bpf.FlowKey]bool{}, mostShunted: 1 << 20, now: 1_000_000_000,
	}
}

// key is the key of flow n: UDP from 10.0.0.0/8 to 192.0.2.1:7000.
func (k *fakeKernel) key(n int) (key bpf.FlowKey) {
	copy(key.AddrA[:], []byte{10, 0, 0, 0})
	binary.BigEndian.PutUint16(key.AddrA[2:], uint16(n))
	copy(key.AddrB[:], []byte{192, 0, 2, 1})
	key.PortA, key.PortB, key.Proto, key.IPVersion = 1000, 7000, 17, 4
	if n >= k.inner {
		key.Depth, key.Tunnel = 1, bpf.TunnelVXLAN
	}
	return key
}

// packet counts a packet of flow n; dir 0 is towards 192.0.2.1.
func (k *fakeKernel) packet(n, dir, bytes int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.count(n, dir, bytes)
}

func (k *fakeKernel) count(n, dir, bytes int) {
	k.now += 1_000_000
	key := k.key(n)
	total := &k.stats.Total[bpf.Ingress]
	if key.Depth > 0 {
		total = &k.stats.Inner
	}
	total.Add(bpf.Count{Packets: 1, Bytes: uint64(bytes)})
	i := n % len(k.slots)
	s := &k.slots[i]
	if s.Generation == 0 || s.Key != key {
		if s.Generation != 0 {
			k.evict(s)
		}
		k.last[i]++
		k.stats.NewFlows++
		*s = bpf.FlowRecord{Key: key, First: k.now, FirstDir: uint8(dir), Slot: uint32(i), Generation: k.last[i]}
	}
	s.Packets[dir]++
	s.Bytes[dir] += uint64(bytes)
	s.Last = k.now
}

func (k *fakeKernel) evict(s *bpf.FlowRecord) {
	if len(k.ring) < k.room {
		k.ring = append(k.ring, *s)
		k.stats.EvictedFlows++
		return
	}
	k.stats.Lost[inner(s.Key.Depth > 0)].Add(s.Total())
	k.stats.LostFlows++
}

func (k *fakeKernel) ReadFlows(fn func(*bpf.FlowRecord)) error {
	if k.closed {
		return bpf.ErrClosed
	}
	for i := range k.slots {
		k.mu.Lock()
		s := k.slots[i]
		k.mu.Unlock()
		switch {
		case s.Generation == 0:
		case k.torn != nil && k.torn():
			k.stats.TornReads++
		default:
			fn(&s)
		}
		if k.during != nil {
			k.during()
		}
	}
	return nil
}

func (k *fakeKernel) Evictions(limit int, fn func(*bpf.FlowRecord)) (n int, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for ; n < limit && len(k.ring) > 0; n++ {
		fn(&k.ring[0])
		k.ring = k.ring[1:]
	}
	return n, nil
}

func (k *fakeKernel) Stats() (bpf.Stats, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.stats, nil
}

func (k *fakeKernel) VLANs(fn func(uint16, [2]bpf.Count)) error {
	k.mu.Lock()
	total := k.stats.Total
	k.mu.Unlock()
	fn(10, total)
	return nil
}

func (k *fakeKernel) Milliseconds(since int64, dst []bpf.Millisecond) ([]bpf.Millisecond, error) {
	for _, m := range k.milliseconds {
		if m.Start > since {
			dst = append(dst, m)
		}
	}
	return dst, nil
}

func (k *fakeKernel) Shunt(key *bpf.FlowKey) error {
	if !k.shunted[*key] && len(k.shunted) >= k.mostShunted {
		return bpf.ErrShuntFull
	}
	k.shunted[*key] = true
	return nil
}

func (k *fakeKernel) Unshunt(key *bpf.FlowKey) (bpf.Count, bool, error) {
	was := k.shunted[*key]
	delete(k.shunted, *key)
	return bpf.Count{}, was, nil
}

func (k *fakeKernel) Sample(n uint32) error {
	k.sample = n
	return nil
}

func (k *fakeKernel) GuardDrop() error { return k.drop }
func (k *fakeKernel) Attached() error  { return k.attached }

func (k *fakeKernel) Reattach() error {
	if !k.reattachable {
		return bpf.ErrNoDevice
	}
	k.attached = nil
	return nil
}

func (k *fakeKernel) Detach() error { return nil }

func (k *fakeKernel) Close() error {
	k.closed = true
	return nil
}

// seen is a packet of flow n as capture gives it to a flow table.
func (k *fakeKernel) seen(n, dir, bytes int, at int64) *decoders.Packet {
	key := k.key(n)
	p := &decoders.Packet{
		Timestamp: at, WireLen: uint32(bytes), Proto: key.Proto, IPVersion: 4, TTL: 64, Layers: decoders.LayerIPv4 | decoders.LayerUDP,
		Depth: key.Depth, Tunnel: decoders.TunnelKind(key.Tunnel),
	}
	p.Src, p.Dst, p.SrcPort, p.DstPort = key.AddrA, key.AddrB, key.PortA, key.PortB
	if dir == 1 {
		p.Src, p.Dst, p.SrcPort, p.DstPort = p.Dst, p.Src, p.DstPort, p.SrcPort
	}
	return p
}
