package pcapfile

// slabSize is what one read asks of a plain file, in bytes. The two or three slabs
// that a run-to-completion caller cycles through stay within a core's L2 cache (1
// to 2 MiB): 64 KiB to 1 MiB measure alike in BenchmarkRead, 4 MiB costs more.
const slabSize = 256 << 10

// slab is a block of capture file bytes. Bytes before the fill level never
// change, so frames may point at them while more is read behind.
type slab struct {
	buf  []byte
	refs int // the Reader that fills it, and every Lease that holds it
}

// Pool owns the slabs of the Readers that were opened with it.
type Pool struct {
	free []*slab
}

// Lease keeps the memory of a batch of frames in place. The zero value holds
// nothing.
type Lease struct {
	pool  *Pool
	slabs []*slab
	bytes int // of all slabs
}

// maxLease is how many bytes of slabs a batch may hold before it counts as full,
// so that frames that are each in a slab of their own, as a hostile file can have
// them, do not fill the memory. A batch of 256 frames of 9,000 bytes takes a third.
const maxLease = 8 << 20

// Full reports whether the batch should be handed on although it has room.
func (l *Lease) Full() bool { return l.bytes >= maxLease }

// Release ends l: no frame read with it may be used any longer. A lease of
// another pool is only forgotten, and its slabs are left to the collector.
func (p *Pool) Release(l *Lease) {
	if l.pool == p {
		for _, s := range l.slabs {
			p.drop(s)
		}
	}
	clear(l.slabs)
	l.slabs, l.bytes = l.slabs[:0], 0
	l.pool = p
}

// get returns a slab of at least n bytes with one reference.
func (p *Pool) get(n int) *slab {
	if n > slabSize {
		return &slab{buf: make([]byte, n), refs: 1}
	}
	if last := len(p.free) - 1; last >= 0 {
		s := p.free[last]
		p.free[last] = nil
		p.free = p.free[:last]
		s.refs = 1
		return s
	}
	return &slab{buf: make([]byte, slabSize), refs: 1}
}

// drop gives up one reference. Slabs made larger for one record are not kept.
func (p *Pool) drop(s *slab) {
	s.refs--
	if s.refs == 0 && len(s.buf) == slabSize {
		p.free = append(p.free, s)
	}
}

// hold adds s to the lease.
func (l *Lease) hold(s *slab) {
	s.refs++
	l.slabs = append(l.slabs, s)
	l.bytes += len(s.buf)
}
