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

// ipv4Options walks the options and says what is odd; none of it is fatal.
func (d *Decoder) ipv4Options(p *Packet, opts []byte) {
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
			break
		}
		p.ipv4Option(typ, opts[:n], p.IPv4Options&bit != 0)
		p.IPv4Options |= bit
		opts = opts[n:]
	}
	if p.IPv4Options&ipv4OptionRouteBits != 0 {
		d.noL4Verify = true
	}
}

// ipv4Option checks the length and, where cheap, the content of one option.
func (p *Packet) ipv4Option(typ byte, opt []byte, seen bool) {
	valid := true
	switch typ {
	case ipOptRecordRoute, ipOptLooseRoute, ipOptStrictRoute:
		// Pointer counts from 1 and steps by addresses from 4 on (RFC 791).
		valid = len(opt) >= 3 && (len(opt)-3)%4 == 0
		if valid && (opt[2] < 4 || opt[2]%4 != 0 || int(opt[2]) > len(opt)+1) {
			p.Events.Add(EventIPv4OptMalformed)
		}
	case ipOptTimestamp:
		valid = len(opt) >= 4
		if valid && (opt[2] < 5 || int(opt[2]) > len(opt)+1) {
			p.Events.Add(EventIPv4OptMalformed)
		}
	case ipOptSecurity:
		valid = len(opt) == 11 || len(opt) == 3
	case ipOptStreamID, ipOptRouterAlert:
		valid = len(opt) == 4
	case ipOptQuickStart:
		valid = len(opt) == 8
	case ipOptExtSecurity:
		valid = len(opt) >= 3
	case ipOptCIPSO:
		valid = len(opt) >= 6
	default:
		p.Events.Add(EventIPv4OptUnknown)
		return
	}
	if !valid {
		p.Events.Add(EventIPv4OptInvalidLen)
	} else if seen {
		p.Events.Add(EventIPv4OptDuplicate)
	}
}
