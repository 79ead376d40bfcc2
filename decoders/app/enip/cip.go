package enip

// Bounds of what one message is taken apart into; a message that has more is
// invalid.
const (
	maxCIPs       = 1024
	maxSegments   = 4096
	maxAttributes = 4096
)

// Services (volume 1 appendix A) that are looked into.
const (
	getAttributeList = 3
	setAttributeList = 4
	multipleServices = 0x0a

	responseBit = 0x80
)

// cip is a service of the Common Industrial Protocol.
type cip struct {
	service  uint8
	response bool
	status   uint8  // of a response
	extended []byte // of its status

	segments   [2]int // from, to in pdu.segments
	attributes [2]int // likewise
}

// segment is a logical segment of a path (volume 1 appendix C-1.4.2).
type segment struct {
	kind  uint8 // as it is sent
	value uint32
}

// logical is what a segment addresses.
func (s segment) logical() uint8 { return s.kind >> 2 }

// What logical segments address.
const (
	logicalClass     = 8
	logicalInstance  = 9
	logicalAttribute = 12
)

// parseCIP reads a service.
func (p *pdu) parseCIP(r *reader) {
	if len(p.cips) >= maxCIPs {
		r.bad = true
		return
	}
	at := len(p.cips)
	p.cips = append(p.cips, cip{})
	first := r.u8()
	c := cip{service: first &^ responseBit, response: first&responseBit != 0}
	if c.response {
		r.u8()
		c.status = r.u8()
		c.extended = r.take(int(r.u8()))
	} else {
		p.parsePath(r, &c)
		p.parseAttributes(r, &c)
	}
	p.cips[at] = c
}

// parsePath reads a path of logical segments.
func (p *pdu) parsePath(r *reader, c *cip) {
	path := reader{rest: r.take(2 * int(r.u8()))}
	c.segments = [2]int{len(p.segments), len(p.segments)}
	for len(path.rest) > 0 {
		s := segment{kind: path.u8()}
		const logicalSegment = 1
		format := s.kind & 3
		switch {
		case s.kind>>5 != logicalSegment || format == 3 || len(p.segments) >= maxSegments:
			r.bad = true
			return
		case format == 0:
			s.value = uint32(path.u8())
		case format == 1:
			path.u8()
			s.value = uint32(path.u16())
		default:
			path.u8()
			s.value = path.u32()
		}
		if path.bad {
			r.bad = true
			return
		}
		p.segments = append(p.segments, s)
	}
	c.segments[1] = len(p.segments)
}

// parseAttributes reads the list of attributes that services have, of which
// only the first is found where values are between them.
func (p *pdu) parseAttributes(r *reader, c *cip) {
	if c.service != getAttributeList && c.service != setAttributeList {
		return
	}
	c.attributes = [2]int{len(p.attributes), len(p.attributes)}
	n := int(r.u16())
	if c.service == setAttributeList {
		n = min(n, 1)
	}
	if len(p.attributes)+n > maxAttributes {
		r.bad = true
		return
	}
	for range n {
		p.attributes = append(p.attributes, r.u16())
		if r.bad {
			return
		}
	}
	c.attributes[1] = len(p.attributes)
}

// parseMultiple reads the services of a multiple service packet (volume 1
// appendix ), by their offsets.
func (p *pdu) parseMultiple(r *reader) {
	start := r.rest
	n := int(r.u16())
	offsets := reader{rest: r.take(2 * n)}
	for range n {
		if r.bad {
			return
		}
		offset := int(offsets.u16())
		if offset >= len(start) {
			r.bad = true
			return
		}
		inner := reader{rest: start[offset:]}
		p.parseCIP(&inner)
		r.bad = inner.bad
	}
}
