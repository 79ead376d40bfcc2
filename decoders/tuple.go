package decoders

import "math/bits"

// FlowKey names a flow independently of direction: endpoint A is the smaller
// of the two (address first, then port). It has no padding and no pointers, so
// it may be compared and hashed as bytes.
type FlowKey struct {
	AddrA, AddrB [16]byte
	PortA, PortB uint16 // ICMP: see sensor/flow; 0 for protocols without ports
	VLANs        [3]uint16
	Proto        uint8
	IPVersion    uint8
	TunnelID     uint32
	Depth        uint8 // tunnels around the packet
	Tunnel       TunnelKind
	Source       uint16 // capture interface group; 0 unless interfaces are kept apart
}

// Hash mixes the key with the seed: three rounds of 64×64→128 bit multiply
// and fold (the construction of wyhash), 4 ns where AES maphash takes 8. Equal
// for both directions because the key is. A secret seed keeps a sender from
// aiming at one bucket.
func (k *FlowKey) Hash(seed uint64) uint64 {
	const (
		m0 = 0xa0761d6478bd642f
		m1 = 0xe7037ed1a0b428db
		m2 = 0x8ebc6af09c88c6e3
		m3 = 0x589965cc75374cc3
	)
	a := le64(k.AddrA[0:8])
	b := le64(k.AddrA[8:16])
	c := le64(k.AddrB[0:8])
	d := le64(k.AddrB[8:16])
	e := uint64(k.PortA) | uint64(k.PortB)<<16 | uint64(k.VLANs[0])<<32 | uint64(k.VLANs[1])<<48
	f := uint64(k.VLANs[2]) | uint64(k.Proto)<<16 | uint64(k.IPVersion)<<24 | uint64(k.TunnelID)<<32
	g := uint64(k.Depth) | uint64(k.Tunnel)<<8 | uint64(k.Source)<<16
	h := mum(a^m0, b^seed) ^ mum(c^m1, d^seed) ^ mum(e^m2, f^seed^g<<7)
	return mum(h^m3, seed^g^m0)
}

func mum(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func le64(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}
