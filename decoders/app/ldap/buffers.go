package ldap

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// What rules can look at.
const (
	bufferRequestDN = app.FirstField + app.Buffer(app.ProtoLDAP)*app.FieldsPerProtocol + iota
	bufferResponseDN
	bufferMessage
	bufferRequestAttribute
	bufferResponseAttribute
	bufferRequestOperation
	bufferResponseOperation
	bufferCount
	bufferResult
)

// Definition says what rules can look at and where LDAP is expected.
func (p *Parser) Definition() app.Definition {
	operations, results := map[string]uint64{}, map[string]uint64{}
	for n, name := range operationNames {
		if name != "" {
			operations[name] = uint64(n)
		}
	}
	for n, name := range resultNames {
		if name != "" {
			results[name] = uint64(n)
		}
	}
	ports := []uint16{389, 3268}
	return app.Definition{
		Transports: decoders.LayerTCP | decoders.LayerUDP, TCPPorts: ports, UDPPorts: ports, FlowSides: true,
		Fields: []app.Field{
			{Name: "ldap.request.dn", Buffer: bufferRequestDN, Dirs: app.ToServer},
			{Name: "ldap.responses.dn", Buffer: bufferResponseDN, Dirs: app.ToClient, Multi: true},
			{Name: "ldap.responses.message", Buffer: bufferMessage, Dirs: app.ToClient, Multi: true},
			{Name: "ldap.request.attribute_type", Buffer: bufferRequestAttribute, Dirs: app.ToServer, Multi: true},
			{Name: "ldap.responses.attribute_type", Buffer: bufferResponseAttribute, Dirs: app.ToClient, Multi: true},
			{Name: "ldap.request.operation", Buffer: bufferRequestOperation, Dirs: app.ToServer, Bits: 8, Words: operations},
			{Name: "ldap.responses.operation", Buffer: bufferResponseOperation, Dirs: app.ToClient, Bits: 8, Words: operations, Multi: true, AllOfNone: true},
			{Name: "ldap.responses.count", Buffer: bufferCount, Dirs: app.ToClient, Bits: 32},
			{Name: "ldap.responses.result_code", Buffer: bufferResult, Dirs: app.ToClient, Bits: 32, Words: results, Multi: true, AllOfNone: true},
		},
	}
}

// Buffer returns a buffer.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	switch b {
	case bufferRequestDN:
		m, ok := t.asked()
		return m.dn, ok && m.hasDN && i == 0
	case bufferRequestAttribute:
		if m, ok := t.asked(); ok {
			return m.attribute(i)
		}
	case bufferResponseDN:
		m, ok := t.responseWith(i, func(m *message) bool { return m.hasDN })
		return m.dn, ok
	case bufferMessage:
		m, ok := t.responseWith(i, func(m *message) bool { return m.result })
		return m.text, ok
	case bufferResponseAttribute:
		return t.responseAttribute(i)
	}
	return nil, false
}

// responseWith returns response i of those that have something.
func (t *Tx) responseWith(i int, has func(*message) bool) (message, bool) {
	for n := range t.ends {
		m, ok := t.response(n)
		if !ok || !has(&m) {
			continue
		}
		if i == 0 {
			return m, true
		}
		i--
	}
	return message{}, false
}

// responseAttribute returns attribute i of all responses.
func (t *Tx) responseAttribute(i int) ([]byte, bool) {
	for n := range t.ends {
		m, _ := t.response(n)
		for k := 0; ; k++ {
			name, ok := m.attribute(k)
			if !ok {
				break
			}
			if i == 0 {
				return name, true
			}
			i--
		}
	}
	return nil, false
}

// Integer returns a number.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	switch b {
	case bufferRequestOperation:
		return uint64(t.op), t.hasRequest && i == 0
	case bufferResponseOperation:
		m, ok := t.response(i)
		return uint64(m.op), ok
	case bufferCount:
		return uint64(len(t.ends)), i == 0
	case bufferResult:
		m, ok := t.responseWith(i, func(m *message) bool { return m.result })
		return uint64(uint32(m.code)), ok
	}
	return 0, false
}
