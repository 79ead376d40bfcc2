package defrag

import (
	"math/bits"

	"spanwatch/decoders"
)

// trackerID names a tracker; 0 is none.
type trackerID uint32

// key names a datagram: RFC 791 section 3.2 takes addresses, identification
// and protocol, RFC 8200 section 4.5 leaves the protocol out. VLANs and tunnel
// keep equal addresses of different networks apart.
type key struct {
	src, dst decoders.Addr
	id       uint32
	tunnelID uint32
	vlans    [3]uint16
	proto    uint8
	version  uint8
	depth    uint8
	tunnel   decoders.TunnelKind
}

func keyOf(p *decoders.Packet) key {
	k := key{
		src: p.Src, dst: p.Dst, id: p.IPID,
		version: p.IPVersion, depth: p.Depth, tunnel: p.Tunnel, tunnelID: p.TunnelID,
	}
	copy(k.vlans[:], p.VLANs[:min(int(p.VLANCount), len(p.VLANs))])
	if p.IPVersion == 4 {
		k.proto = p.Proto
	}
	return k
}

// hash mixes the key with the secret seed by 64×64→128 bit multiplication, so
// that a sender can not aim fragments at one bucket.
func (k *key) hash(seed uint64) uint64 {
	const (
		m0 = 0xa0761d6478bd642f
		m1 = 0xe7037ed1a0b428db
		m2 = 0x8ebc6af09c88c6e3
	)
	rest := uint64(k.vlans[0]) | uint64(k.vlans[1])<<16 | uint64(k.vlans[2])<<32 | uint64(k.proto)<<48 | uint64(k.version)<<56
	ids := uint64(k.id) | uint64(k.tunnelID)<<32
	h := fold(word(k.src[:8])^m0, word(k.src[8:])^seed) ^ fold(word(k.dst[:8])^m1, word(k.dst[8:])^seed)
	return fold(h^ids, rest^m2^seed^uint64(k.depth)<<8^uint64(k.tunnel))
}

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func word(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// tracker is one datagram in the making.
type tracker struct {
	key          key
	bucket       uint32
	next         trackerID // in the bucket, or in the free list
	older, newer trackerID // by arrival of the first fragment

	policy  Policy
	overlap Overlap // the worst seen
	last    bool    // the fragment that reaches end is the last one

	nextAt int  // see fragment
	nextIP byte // see fragment.next

	headLen    uint32 // bytes of head; 0 until a fragment with offset 0 won its place
	covered    uint32 // bytes held
	end        uint32 // highest position that any fragment reached
	pieces     pieceID
	lastPiece  pieceID // the piece placed last; a hint for meet
	pieceCount int
	head, data pageID

	fragments     uint32
	wireBytes     uint64
	first, recent int64
}

// complete reports whether every byte up to a known end is there.
func (d *tracker) complete() bool { return d.last && d.covered == d.end }

// contradicts reports whether f does not fit the end of the datagram as the
// policy's hosts know it, so that they drop f.
func (d *tracker) contradicts(f *fragment) bool {
	if d.policy.endMoves() {
		return false
	}
	beyond := d.last && f.to > d.end
	tooSoon := !f.more && f.to < d.end
	return beyond || tooSoon
}

// extend moves the end of the datagram as f says.
func (d *tracker) extend(f *fragment) {
	if f.to > d.end {
		d.end, d.last = f.to, !f.more
	} else if f.to == d.end && !f.more {
		d.last = true
	}
}

func (d *tracker) incomplete(why Reason) Incomplete {
	k := &d.key
	return Incomplete{
		Src: k.src, Dst: k.dst, VLANs: k.vlans, ID: k.id,
		IPVersion: k.version, Proto: k.proto, Depth: k.depth,
		Reason: why, Overlap: d.overlap,
		First: d.first, Last: d.recent,
		Fragments: d.fragments, WireBytes: d.wireBytes,
	}
}

// trackerStore holds the trackers: a slab, a hash table of chains, and a list
// by age.
type trackerStore struct {
	chunks  []*[trackerChunk]tracker // by number; 0 is unused
	made    int                      // numbers given out so far
	buckets []trackerID
	free    trackerID
	oldest  trackerID
	newest  trackerID
	inUse   int
	limit   int
	seed    uint64
}

func newTrackerStore(limit int, seed uint64) trackerStore {
	size := 1 << bits.Len(uint(limit-1)) // at most one tracker a bucket on average
	return trackerStore{
		made:    1,
		buckets: make([]trackerID, size),
		limit:   limit,
		seed:    seed,
	}
}

// trackerChunk trackers are made at once, so that growing copies none.
const trackerChunk = 256

func (s *trackerStore) at(id trackerID) *tracker {
	return &s.chunks[id/trackerChunk][id%trackerChunk]
}

func (s *trackerStore) find(k *key) (trackerID, uint32) {
	bucket := uint32(k.hash(s.seed)) & uint32(len(s.buckets)-1)
	for id := s.buckets[bucket]; id != 0; id = s.at(id).next {
		if s.at(id).key == *k {
			return id, bucket
		}
	}
	return 0, bucket
}

// add makes a tracker, the newest, in an empty slot; the caller has made sure
// that there is one.
func (s *trackerStore) add(k *key, bucket uint32, now int64) trackerID {
	s.inUse++
	id := s.free
	if id != 0 {
		s.free = s.at(id).next
	} else {
		if s.made > len(s.chunks)*trackerChunk-1 {
			s.chunks = append(s.chunks, new([trackerChunk]tracker))
		}
		id = trackerID(s.made)
		s.made++
	}
	*s.at(id) = tracker{key: *k, bucket: bucket, next: s.buckets[bucket], older: s.newest, first: now, recent: now}
	s.buckets[bucket] = id
	if s.newest != 0 {
		s.at(s.newest).newer = id
	} else {
		s.oldest = id
	}
	s.newest = id
	return id
}

func (s *trackerStore) remove(id trackerID) {
	d := s.at(id)
	link := &s.buckets[d.bucket]
	for *link != id {
		link = &s.at(*link).next
	}
	*link = d.next
	if d.older != 0 {
		s.at(d.older).newer = d.newer
	} else {
		s.oldest = d.newer
	}
	if d.newer != 0 {
		s.at(d.newer).older = d.older
	} else {
		s.newest = d.older
	}
	d.next = s.free
	s.free = id
	s.inUse--
}
