package enip

import "encoding/binary"

// headerLen is the length of the encapsulation header (volume 2 section 2-3).
const headerLen = 24

// Commands (volume 2 section 2-3.2).
const (
	commandNop        = 0
	listServices      = 4
	listIdentity      = 0x63
	listInterfaces    = 0x64
	registerSession   = 0x65
	unregisterSession = 0x66
	sendRRData        = 0x6f
	sendUnitData      = 0x70
)

// Types of items (volume 2 section 2-6).
const (
	itemIdentity    = 0x0c
	itemConnected   = 0xb1
	itemUnconnected = 0xb2
	itemServices    = 0x100
)

// header is the encapsulation header, without the sender's context.
type header struct {
	command, length          uint16
	session, status, options uint32
}

func parseHeader(data []byte) header {
	le := binary.LittleEndian
	return header{le.Uint16(data), le.Uint16(data[2:]), le.Uint32(data[4:]), le.Uint32(data[8:]), le.Uint32(data[20:])}
}

// form is what the data of a message turned out to be.
type form uint8

const (
	formOther form = iota
	formSession
	formServices // a list whose first item is of the kind
	formIdentity
	formList // another list
	formCIP
)

// pdu is a message; its slices point into raw.
type pdu struct {
	header
	form    form
	invalid bool
	raw     []byte

	version uint16 // of the protocol, of formSession, formServices and formIdentity
	flags   uint16 // options of a session, capabilities of services

	vendor, device, product uint16
	major, minor            uint8
	identityStatus          uint16
	serial                  uint32
	name                    []byte // of product or service
	state                   uint8
	connected               bool // the second item is connected data
	sequenced               bool // and could be read
	sequence                uint16
	items                   int
	cips                    []cip // the service of the first data item, then those packed in it
	segments                []segment
	attributes              []uint16
}

// newPDU makes one with memory for most messages: memory goes round between
// messages of all lengths.
func newPDU() pdu {
	return pdu{raw: make([]byte, 0, 512), cips: make([]cip, 0, 4), segments: make([]segment, 0, 16), attributes: make([]uint16, 0, 16)}
}

// begin makes p as new.
func (p *pdu) begin(h header) {
	*p = pdu{header: h, raw: p.raw[:0], cips: p.cips[:0], segments: p.segments[:0], attributes: p.attributes[:0]}
}

// parse reads the h.length bytes behind the header, which are copied.
func (p *pdu) parse(data []byte) {
	p.raw = append(p.raw[:0], data...)
	r := reader{rest: p.raw}
	switch p.command {
	case registerSession:
		p.version, p.flags = r.u16(), r.u16()
		p.form = formSession
	case listServices, listIdentity, listInterfaces:
		if len(data) == 0 {
			return // a request
		}
		p.form = formList
		p.parseItems(&r)
	case sendRRData, sendUnitData:
		r.take(6) // interface handle and timeout
		p.form = formCIP
		p.parseItems(&r)
	default:
		return
	}
	if r.bad {
		p.form, p.invalid = formOther, true
		p.cips = p.cips[:0]
	}
}

// parseItems reads the items of the common packet format.
func (p *pdu) parseItems(r *reader) {
	p.items = int(r.u16())
	for i := range p.items {
		kind := r.u16()
		item := reader{rest: r.take(int(r.u16()))}
		if r.bad {
			return
		}
		switch kind {
		case itemIdentity:
			p.parseIdentity(&item, i == 0 && p.command == listIdentity)
		case itemServices:
			p.parseServices(&item, i == 0 && p.command == listServices)
		case itemConnected:
			sequence := item.u16()
			p.parseData(&item)
			if i == 1 {
				p.connected, p.sequenced, p.sequence = true, true, sequence
			}
		case itemUnconnected:
			p.parseData(&item)
		}
		if item.bad {
			r.bad = true
			return
		}
	}
}

// parseIdentity reads an identity (volume 2 section 2-4.3.3) and keeps it if
// told so.
func (p *pdu) parseIdentity(r *reader, keep bool) {
	version := r.u16()
	r.take(16) // socket address
	vendor, device, product := r.u16(), r.u16(), r.u16()
	major, minor, status, serial := r.u8(), r.u8(), r.u16(), r.u32()
	name := r.take(int(r.u8()))
	state := r.u8()
	if r.bad || !keep {
		return
	}
	p.form, p.version, p.vendor, p.device, p.product = formIdentity, version, vendor, device, product
	p.major, p.minor, p.identityStatus, p.serial, p.name, p.state = major, minor, status, serial, name, state
}

// parseServices reads a communications service (volume 2 section 2-4.6.3).
func (p *pdu) parseServices(r *reader, keep bool) {
	version, capabilities, name := r.u16(), r.u16(), r.take(16)
	if r.bad || !keep {
		return
	}
	p.form, p.version, p.flags, p.name = formServices, version, capabilities, name
}

// parseData reads a CIP service; that of the first data item is kept.
func (p *pdu) parseData(r *reader) {
	cips, segments, attributes := len(p.cips), len(p.segments), len(p.attributes)
	p.parseCIP(r)
	if !r.bad && p.cips[cips].service == multipleServices {
		p.parseMultiple(r)
	}
	if cips > 0 {
		p.cips, p.segments, p.attributes = p.cips[:cips], p.segments[:segments], p.attributes[:attributes]
	}
}

// answers reports whether p is the response to a request.
func (p *pdu) answers(request *pdu) bool {
	switch {
	case p.command != request.command, p.session != request.session && p.command != registerSession,
		(p.form == formCIP) != (request.form == formCIP):
		return false
	case p.form == formCIP && p.connected && request.connected:
		return p.sequenced && request.sequenced && p.sequence == request.sequence
	}
	return true
}

// reader takes values off the front of rest; bad says that one was not there.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.bad, r.rest = true, nil
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}
