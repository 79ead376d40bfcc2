package enip

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Buffers that rules can look at: those that a response has, then those of
// requests, then those that both have.
const (
	bufferProductName = app.FirstField + app.Buffer(app.ProtoENIP)*app.FieldsPerProtocol + iota
	bufferServiceName
	bufferCapabilities
	bufferVendor
	bufferDevice
	bufferProduct
	bufferRevision
	bufferSerial
	bufferState
	bufferIdentityStatus
	bufferCIPStatus
	bufferExtendedStatus
	bufferClass
	bufferInstance
	bufferAttribute
)

const (
	pairCommand = app.FirstPair + app.Buffer(app.ProtoENIP)*2*app.FieldsPerProtocol + 2*iota
	pairStatus
	pairVersion
)

// fields are the keywords for them.
var fields = []app.Field{
	{Name: "enip.product_name", Buffer: bufferProductName, Dirs: app.Both, Stage: 1},
	{Name: "enip.service_name", Buffer: bufferServiceName, Dirs: app.Both, Stage: 1},
	{Name: "enip.capabilities", Buffer: bufferCapabilities, Dirs: app.Both, Bits: 16},
	{Name: "enip.vendor_id", Buffer: bufferVendor, Dirs: app.Both, Bits: 16},
	{Name: "enip.device_type", Buffer: bufferDevice, Dirs: app.Both, Bits: 16},
	{Name: "enip.product_code", Buffer: bufferProduct, Dirs: app.Both, Bits: 16},
	{Name: "enip.revision", Buffer: bufferRevision, Dirs: app.Both, Bits: 16},
	{Name: "enip.serial", Buffer: bufferSerial, Dirs: app.Both, Bits: 32},
	{Name: "enip.state", Buffer: bufferState, Dirs: app.Both, Bits: 8},
	{Name: "enip.identity_status", Buffer: bufferIdentityStatus, Dirs: app.Both, Bits: 16},
	{Name: "enip.cip_status", Buffer: bufferCIPStatus, Dirs: app.Both, Bits: 8, Multi: true},
	{Name: "enip.cip_extendedstatus", Buffer: bufferExtendedStatus, Dirs: app.Both, Bits: 16, Multi: true},
	{Name: "enip.cip_class", Buffer: bufferClass, Dirs: app.Both, Bits: 32, Multi: true},
	{Name: "enip.cip_instance", Buffer: bufferInstance, Dirs: app.Both, Bits: 32, Multi: true},
	{Name: "enip.cip_attribute", Buffer: bufferAttribute, Dirs: app.Both, Bits: 32, Multi: true},
	{Name: "enip_command", Aliases: []string{"enip.command"}, Buffer: pairCommand, Dirs: app.Both, Bits: 16, Words: values(commandNames)},
	{Name: "enip.status", Buffer: pairStatus, Dirs: app.Both, Bits: 32, Words: values(statusNames)},
	{Name: "enip.protocol_version", Buffer: pairVersion, Dirs: app.Both, Bits: 16},
	{Name: "cip_service", Dirs: app.Both, Condition: parseService, Syntax: "service[,class[,[!]attribute]]"},
}

// Buffer returns a name of the response.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	m := t.response()
	switch {
	case m == nil || i > 0:
	case b == bufferProductName && m.form == formIdentity, b == bufferServiceName && m.form == formServices:
		return m.name, true
	}
	return nil, false
}

func (t *Tx) request() *pdu  { return t.message(decoders.ToServer) }
func (t *Tx) response() *pdu { return t.message(decoders.ToClient) }

func (t *Tx) message(dir decoders.Direction) *pdu {
	if !t.has[dir] {
		return nil
	}
	return &t.messages[dir]
}

// Integer returns a number of the request or response.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	if b >= app.FirstPair {
		m := t.message(decoders.Direction(b & 1))
		if m == nil || i > 0 {
			return 0, false
		}
		switch b &^ 1 {
		case pairCommand:
			return uint64(m.command), true
		case pairStatus:
			return uint64(m.status), true
		case pairVersion:
			return uint64(m.version), m.form == formSession || b&1 == 1 && (m.form == formServices || m.form == formIdentity)
		}
		return 0, false
	}
	switch b {
	case bufferClass, bufferInstance, bufferAttribute:
		if m := t.request(); m != nil {
			return m.address(b, i)
		}
		return 0, false
	}
	m := t.response()
	if m == nil {
		return 0, false
	}
	switch b {
	case bufferCIPStatus, bufferExtendedStatus:
		return m.cipStatus(b, i)
	case bufferCapabilities:
		return uint64(m.flags), i == 0 && m.form == formServices
	}
	return m.identity(b, i)
}

func (p *pdu) identity(b app.Buffer, i int) (uint64, bool) {
	if i > 0 || p.form != formIdentity {
		return 0, false
	}
	switch b {
	case bufferVendor:
		return uint64(p.vendor), true
	case bufferDevice:
		return uint64(p.device), true
	case bufferProduct:
		return uint64(p.product), true
	case bufferRevision:
		return uint64(p.major)<<8 | uint64(p.minor), true
	case bufferSerial:
		return uint64(p.serial), true
	case bufferState:
		return uint64(p.state), true
	case bufferIdentityStatus:
		return uint64(p.identityStatus), true
	}
	return 0, false
}

// cipStatus returns status i of all responses in the message.
func (p *pdu) cipStatus(b app.Buffer, i int) (uint64, bool) {
	for n := range p.cips {
		c := &p.cips[n]
		if !c.response || b == bufferExtendedStatus && len(c.extended) != 2 {
			continue
		}
		if i--; i >= 0 {
			continue
		}
		if b == bufferExtendedStatus {
			return uint64(binary.LittleEndian.Uint16(c.extended)), true
		}
		return uint64(c.status), true
	}
	return 0, false
}

// address returns part i of all that the requests in the message are about.
func (p *pdu) address(b app.Buffer, i int) (uint64, bool) {
	logical := uint8(logicalClass)
	switch b {
	case bufferInstance:
		logical = logicalInstance
	case bufferAttribute:
		logical = logicalAttribute
	}
	for _, s := range p.segments {
		if s.logical() == logical {
			if i--; i < 0 {
				return uint64(s.value), true
			}
		}
	}
	if b == bufferAttribute && i < len(p.attributes) {
		return uint64(p.attributes[i]), true
	}
	return 0, false
}

// serviceCondition is the keyword cip_service.
type serviceCondition struct {
	service             uint8
	class, attribute    uint32
	hasClass, hasAttrib bool
}

// Match compares the services of what the direction sent.
func (c serviceCondition) Match(tx app.Tx, dir decoders.Direction) bool {
	t, ok := tx.(*Tx)
	if !ok || t.message(dir) == nil {
		return false
	}
	m := t.message(dir)
	for i := range m.cips {
		if m.cips[i].service == c.service && c.about(m, &m.cips[i]) {
			return true
		}
		if i == 0 && m.cips[0].service == c.service {
			return false // what is packed in a service is not asked then
		}
	}
	return false
}

// about reports whether a service is about the class and attribute.
func (c serviceCondition) about(p *pdu, s *cip) bool {
	if !c.hasClass {
		return true
	}
	class, attribute := false, !c.hasAttrib
	for _, seg := range p.segments[s.segments[0]:s.segments[1]] {
		class = class || seg.logical() == logicalClass && seg.value == c.class
		attribute = attribute || seg.logical() == logicalAttribute && seg.value == c.attribute
	}
	for _, a := range p.attributes[s.attributes[0]:s.attributes[1]] {
		attribute = attribute || uint32(a) == c.attribute
	}
	return class && attribute
}

func parseService(value string) (app.Condition, error) {
	parts := strings.Split(value, ",")
	if len(parts) > 3 {
		return nil, fmt.Errorf("cip_service has a service, a class and an attribute")
	}
	number := func(i, bits int) (uint32, error) {
		text := strings.TrimSpace(parts[i])
		if i == 2 {
			text = strings.TrimPrefix(text, "!")
		}
		n, err := strconv.ParseUint(text, 10, bits)
		if err != nil {
			return 0, fmt.Errorf("bad number %q", parts[i])
		}
		return uint32(n), nil
	}
	service, err := number(0, 7)
	if err != nil {
		return nil, err
	}
	c := serviceCondition{service: uint8(service)}
	if len(parts) > 1 {
		c.hasClass = true
		if c.class, err = number(1, 32); err != nil {
			return nil, err
		}
	}
	if len(parts) > 2 {
		// An attribute behind ! says nothing, as in Suricata.
		c.hasAttrib = !strings.HasPrefix(strings.TrimSpace(parts[2]), "!")
		if c.attribute, err = number(2, 32); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// values turns names by number round, for rules.
func values[K uint16 | uint32](names map[K]string) map[string]uint64 {
	out := map[string]uint64{}
	for v, name := range names {
		out[name] = uint64(v)
	}
	return out
}
