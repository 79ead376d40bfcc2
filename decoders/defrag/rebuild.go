package defrag

import (
	"encoding/binary"

	"spanwatch/decoders"
)

// maxTotal is the longest datagram that the header's length field can express.
func maxTotal(version uint8) uint32 {
	if version == 4 {
		return maxLength
	}
	return ipv6HeaderLen + maxLength
}

// keepHead remembers the headers of f, which owns the datagram's first byte.
func (t *Table) keepHead(d *tracker, f *fragment) {
	t.pages.releaseAll(d.head)
	d.head = 0
	t.pages.write(&d.head, 0, f.head)
	d.headLen = uint32(len(f.head))
	d.nextAt, d.nextIP = f.nextAt, f.next
}

// rebuild makes the datagram id and forgets its tracker.
func (t *Table) rebuild(id trackerID) Datagram {
	d := t.trackers.at(id)
	t.out = t.pages.appendRange(t.out[:0], d.head, d.headLen)
	t.out = t.pages.appendRange(t.out, d.data, d.end)
	t.fixHeader(d.key.version, int(d.headLen), d.nextAt, d.nextIP)
	g := Datagram{
		Bytes: t.out, First: d.first,
		Fragments: d.fragments, WireBytes: d.wireBytes, Overlap: d.overlap,
	}
	t.stats.Rebuilt++
	if d.key.version == 6 {
		t.stats.RebuiltV6++
	}
	t.stats.RebuiltFragments += uint64(d.fragments)
	t.stats.HeldFragments -= uint64(d.fragments)
	t.release(id)
	return g
}

// atomic handles an IPv6 datagram that is its only fragment, apart from all
// others with the same identification (RFC 6946 section 4).
func (t *Table) atomic(p *decoders.Packet, f *fragment) (Datagram, Result) {
	if len(f.head)+len(f.data) > int(maxTotal(6)) {
		return t.refuse(p, ReasonTooLarge, PolicyDefault)
	}
	t.out = append(t.out[:0], f.head...)
	t.out = append(t.out, f.data...)
	t.fixHeader(6, len(f.head), f.nextAt, f.next)
	t.stats.Rebuilt++
	t.stats.RebuiltV6++
	t.stats.RebuiltFragments++
	t.stats.Atomic++
	policy := t.targets.policy(&p.Dst, 6)
	g := Datagram{Bytes: t.out, First: p.Timestamp, Fragments: 1, WireBytes: uint64(p.WireLen)}
	return g, Result{Status: Completed, Policy: policy}
}

// fixHeader makes the header at the start of t.out that of the whole.
func (t *Table) fixHeader(version uint8, headLen, nextAt int, next byte) {
	if version == 6 {
		t.out[nextAt] = next
		binary.BigEndian.PutUint16(t.out[4:], uint16(len(t.out)-ipv6HeaderLen))
		return
	}
	binary.BigEndian.PutUint16(t.out[2:], uint16(len(t.out)))
	t.out[6], t.out[7] = 0, 0
	t.out[10], t.out[11] = 0, 0
	binary.BigEndian.PutUint16(t.out[10:], checksum(t.out[:headLen]))
}

// checksum is the Internet checksum (RFC 1071) of an even number of bytes.
func checksum(b []byte) uint16 {
	var sum uint32
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(b[0])<<8 | uint32(b[1])
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
