package defrag

import "spanwatch/decoders"

// Protocol numbers of IPv6 extension headers that may stand before a fragment
// header (RFC 8200 section 4.1).
const (
	protoHopByHop = 0
	protoRouting  = 43
	protoFragment = 44
	protoDestOpts = 60
)

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

// parseFragment reads the fragment that p is. It trusts of p only what the
// IP headers can not say again: where the IP header starts and how long the
// datagram is; every offset is checked against the captured bytes.
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
		reason = f.parseIPv6(ip)
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

// parseIPv6 walks the headers before the fragment header. The walk ends since
// every step moves at least 8 bytes on.
func (f *fragment) parseIPv6(ip []byte) Reason {
	if len(ip) < ipv6HeaderLen {
		return ReasonTruncated
	}
	f.nextAt = 6
	at := ipv6HeaderLen
	for {
		if len(ip) < at+fragmentHeaderLen {
			return ReasonTruncated
		}
		switch ip[f.nextAt] {
		case protoFragment:
			f.next = ip[at]
			f.head, f.data = ip[:at], ip[at+fragmentHeaderLen:]
			return ReasonNone
		case protoHopByHop, protoRouting, protoDestOpts:
			f.nextAt = at
			at += (int(ip[at+1]) + 1) * 8
		default:
			return ReasonMalformed
		}
	}
}
