package keyword

import "spanwatch/decoders"

// packetSources are the buffers of packet headers.
func packetSources() []Source {
	return []Source{
		{Name: "ipv4.hdr", Packet: ipv4Header, Dirs: DirBoth, Class: ClassBuffer},
		{Name: "ipv6.hdr", Packet: ipv6Header, Dirs: DirBoth, Class: ClassBuffer},
		{Name: "tcp.hdr", Packet: transportHeader(decoders.LayerTCP), Dirs: DirBoth, Class: ClassBuffer},
		{Name: "udp.hdr", Packet: transportHeader(decoders.LayerUDP), Dirs: DirBoth, Class: ClassBuffer},
		{Name: "icmpv4.hdr", Packet: icmpv4Header, Dirs: DirBoth, Class: ClassBuffer},
		{Name: "icmpv6.hdr", Packet: transportHeader(decoders.LayerICMPv6), Dirs: DirBoth, Class: ClassBuffer},
		{Name: "ip.src", Packet: sourceAddress, Dirs: DirBoth, Class: ClassBuffer, Address: true},
		{Name: "ip.dst", Packet: destinationAddress, Dirs: DirBoth, Class: ClassBuffer, Address: true},
	}
}

func ipHeader(p *decoders.Packet, layer decoders.Layers) ([]byte, bool) {
	if !p.Layers.Has(layer) {
		return nil, false
	}
	return window(p.Data, p.IPOffset, uint32(p.IPHeaderLen)), true
}

func ipv4Header(p *decoders.Packet) ([]byte, bool) { return ipHeader(p, decoders.LayerIPv4) }
func ipv6Header(p *decoders.Packet) ([]byte, bool) { return ipHeader(p, decoders.LayerIPv6) }

func transportHeader(layer decoders.Layers) func(*decoders.Packet) ([]byte, bool) {
	return func(p *decoders.Packet) ([]byte, bool) {
		if !p.Layers.Has(layer) {
			return nil, false
		}
		return window(p.Data, p.L4Offset, uint32(p.L4HeaderLen)), true
	}
}

// icmpv4Header is the header by its type: eight bytes, and for some types the
// fields that follow.
func icmpv4Header(p *decoders.Packet) ([]byte, bool) {
	if !p.Layers.Has(decoders.LayerICMPv4) {
		return nil, false
	}
	const common = 8
	size := uint32(common)
	switch p.ICMPType {
	case 9: // router advertisement, RFC 1256: count and words of address entries
		if h := window(p.Data, p.L4Offset, common); len(h) == common {
			size += uint32(h[4]) * uint32(h[5]) * 4
		}
	case 13, 14: // timestamp and its reply, RFC 792: three times
		size += 12
	case 17, 18: // address mask and its reply, RFC 950
		size += 4
	}
	return window(p.Data, p.L4Offset, size), true
}

func sourceAddress(p *decoders.Packet) ([]byte, bool)      { return addressBytes(p, &p.Src) }
func destinationAddress(p *decoders.Packet) ([]byte, bool) { return addressBytes(p, &p.Dst) }

func addressBytes(p *decoders.Packet, a *decoders.Addr) ([]byte, bool) {
	switch p.IPVersion {
	case 4:
		return a[:4], true
	case 6:
		return a[:], true
	}
	return nil, false
}

// window cuts size bytes at offset, fewer where data ends: a capture may have
// cut the packet short.
func window(data []byte, offset, size uint32) []byte {
	from := min(int(offset), len(data))
	return data[from:min(from+int(size), len(data))]
}
