package defrag

import "spanwatch/decoders"

const (
	ipv4HeaderLen     = 20
	ipv6HeaderLen     = 40
	fragmentHeaderLen = 8
	maxLength         = 65535 // largest value of both IPs' length fields
)

// fragment is what the header chain of one packet says.
type fragment struct {
	head     []byte // headers that go before the rebuilt data; borrowed
	data     []byte // this fragment's bytes; borrowed
	from, to uint32 // their range in the datagram
	more     bool
	// IPv6: where in head the next-header field stands that pointed to the
	// fragment header, and what it is to say instead.
	nextAt int
	next   byte
}

// parseFragment reads the fragment that p is. The decoder has found the headers;
// their places are checked against the captured bytes all the same, since a
// Packet is plain data that anybody can fill.
func parseFragment(p *decoders.Packet, f *fragment) Reason {
	if !p.Layers.Has(decoders.LayerFragment) || uint64(p.IPOffset) > uint64(len(p.Data)) {
		return ReasonNotFragment
	}
	ip := p.Data[p.IPOffset:]
	// What follows is not part of the datagram (Ethernet padding).
	whole := uint64(p.IPLen) <= uint64(len(ip))
	if whole {
		ip = ip[:p.IPLen]
	}
	var reason Reason
	switch p.IPVersion {
	case 4:
		reason = f.parseIPv4(ip)
	case 6:
		reason = f.parseIPv6(ip, int64(p.FragHeaderOffset)-int64(p.IPOffset), int64(p.FragNextOffset)-int64(p.IPOffset))
	default:
		return ReasonNotFragment
	}
	switch {
	case reason != ReasonNone:
		return reason
	case !whole:
		return ReasonTruncated
	}
	f.from = p.FragOffset
	f.more = p.MoreFragments
	if f.from == 0 && !f.more && p.IPVersion == 4 {
		return ReasonNotFragment
	}
	if len(f.data) == 0 {
		return ReasonEmpty
	}
	end := uint64(f.from) + uint64(len(f.data))
	if p.IPVersion == 4 {
		end += uint64(len(f.head))
	}
	if end > maxLength {
		return ReasonTooLarge
	}
	f.to = f.from + uint32(len(f.data))
	return ReasonNone
}

func (f *fragment) parseIPv4(ip []byte) Reason {
	if len(ip) < ipv4HeaderLen {
		return ReasonTruncated
	}
	n := int(ip[0]&0x0f) * 4
	if n < ipv4HeaderLen {
		return ReasonMalformed
	}
	if n > len(ip) {
		return ReasonTruncated
	}
	f.head, f.data = ip[:n], ip[n:]
	return ReasonNone
}

// parseIPv6 takes the fragment header at position at out, which the byte at
// position nextAt announced.
func (f *fragment) parseIPv6(ip []byte, at, nextAt int64) Reason {
	if at < ipv6HeaderLen || nextAt < 0 || nextAt >= at {
		return ReasonMalformed
	}
	if at+fragmentHeaderLen > int64(len(ip)) {
		return ReasonTruncated
	}
	f.head, f.data = ip[:at], ip[at+fragmentHeaderLen:]
	f.nextAt, f.next = int(nextAt), ip[at]
	return ReasonNone
}
