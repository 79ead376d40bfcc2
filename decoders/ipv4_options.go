package decoders

// IPv4 option types, copy flag and class included (IANA ip-parameters).
const (
	ipOptEOL            = 0
	ipOptNOP            = 1
	ipOptRecordRoute    = 7
	ipOptQuickStart     = 25
	ipOptTimestamp      = 68
	ipOptSecurity       = 130
	ipOptLooseRoute     = 131
	ipOptExtSecurity    = 133
	ipOptCIPSO          = 134
	ipOptStreamID       = 136
	ipOptStrictRoute    = 137
	ipOptRouterAlert    = 148
	ipOptNumberMask     = 0x1f
	ipv4OptionRouteBits = 1<<(ipOptLooseRoute&ipOptNumberMask) | 1<<(ipOptStrictRoute&ipOptNumberMask)
)

// ipv4Options walks the options. It reports whether a host would take them:
// an impossible length or pointer is fatal (RFC 1812 section 5.2.4.4), what
// else is odd is only an event.
func (d *Decoder) ipv4Options(p *Packet, opts []byte) bool {
	if len(opts)%8 != 0 {
		p.Events.Add(EventIPv4OptPadRequired)
	}
	for len(opts) > 0 {
		typ := opts[0]
		bit := uint32(1) << (typ & ipOptNumberMask)
		if typ == ipOptEOL {
			p.IPv4Options |= bit
			break
		}
		if typ == ipOptNOP {
			p.IPv4Options |= bit
			opts = opts[1:]
			continue
		}
		if len(opts) < 2 {
			p.Events.Add(EventIPv4OptEOLRequired)
			break
		}
		n := int(opts[1])
		if n < 2 || n > len(opts) {
			p.Events.Add(EventIPv4OptInvalidLen)
			return false
		}
		if !p.ipv4Option(typ, opts[:n], p.IPv4Options&bit != 0) {
			return false
		}
		p.IPv4Options |= bit
		opts = opts[n:]
	}
	if p.IPv4Options&ipv4OptionRouteBits != 0 {
		d.noL4Verify = true
	}
	return true
}

// ipv4Option checks the length and, where cheap, the content of one option.
func (p *Packet) ipv4Option(typ byte, opt []byte, seen bool) bool {
	var length, content bool
	switch typ {
	case ipOptRecordRoute, ipOptLooseRoute, ipOptStrictRoute:
		// The pointer counts from 1 and steps by addresses from 4 on (RFC 791).
		length = len(opt) >= 3 && (len(opt)-3)%4 == 0
		content = length && opt[2] >= 4 && opt[2]%4 == 0 && int(opt[2]) <= len(opt)+1
	case ipOptTimestamp:
		length = len(opt) >= 4
		content = length && opt[2] >= 5 && int(opt[2]) <= len(opt)+1
	case ipOptSecurity:
		length = len(opt) == 11 || len(opt) == 3
		content = length
	case ipOptStreamID, ipOptRouterAlert:
		length = len(opt) == 4
		content = length
	case ipOptQuickStart:
		length = len(opt) == 8
		content = length
	case ipOptExtSecurity:
		length = len(opt) >= 3
		content = length
	case ipOptCIPSO:
		length = len(opt) >= 6
		content = length
	default:
		p.Events.Add(EventIPv4OptUnknown)
		return true
	}
	switch {
	case !length:
		p.Events.Add(EventIPv4OptInvalidLen)
	case !content:
		p.Events.Add(EventIPv4OptMalformed)
	case seen:
		p.Events.Add(EventIPv4OptDuplicate)
	}
	return content
}
