package modbus

import (
	"encoding/binary"

	"spanwatch/decoders"
)

// Lengths of the MBAP header (Messaging on TCP/IP section 3.1.3), and of what
// its length counts: unit, function and data.
const (
	headerLen = 6
	minLength = 2
	maxLength = 254
)

// Most that one request may ask for (Application Protocol section 6).
const (
	maxBits      = 2000
	maxRegisters = 125
	maxReadBytes = 250
)

// form is what the data of a message turned out to be.
type form uint8

const (
	formEmpty form = iota // nothing could be read
	formBytes             // of no known structure
	formException
	formDiagnostic
	formTransport
	formReadRequest
	formReadResponse
	formWrite         // one value, or the answer to several
	formWriteMultiple // request of several values
	formMask
	formReadWrite // request of readWrite
)

// header is the MBAP header.
type header struct {
	transaction, protocol, length uint16
}

// parseHeader reads the header; data has headerLen bytes.
func parseHeader(data []byte) header {
	return header{binary.BigEndian.Uint16(data), binary.BigEndian.Uint16(data[2:]), binary.BigEndian.Uint16(data[4:])}
}

func (h header) valid() bool { return h.length >= minLength && h.length <= maxLength }

// message is a request or response. Its data points into raw.
type message struct {
	header
	unit     uint8
	sent     uint8 // function as it was sent
	function uint8 // without the bit of exceptions
	access   access
	category category
	faults   fault
	form     form
	code     uint16 // of an exception, sub-function or transport

	address, quantity           uint16 // of what is read
	writeAddress, writeQuantity uint16 // of what is written; the quantity is the value where there is one
	and, or                     uint16
	data                        []byte
	raw                         []byte
}

// side is which of the structures of a function a message has.
type side uint8

const (
	request side = iota
	response
	either // a probe does not know
)

func sideOf(dir decoders.Direction) side {
	if dir == decoders.ToServer {
		return request
	}
	return response
}

// begin makes m as new with a header.
func (m *message) begin(h header) {
	*m = message{header: h, raw: m.raw[:0]}
	if h.protocol != 0 {
		m.faults |= faultProtocol
	}
	if !h.valid() {
		m.faults |= faultLength
	}
}

// parse reads the h.length bytes behind a valid header. body is copied.
func (m *message) parse(body []byte, s side) {
	m.raw = append(m.raw[:0], body...)
	m.unit, m.sent = m.raw[0], m.raw[1]
	m.function = m.sent &^ exceptionBit
	m.access = accessOf(m.function)
	r := reader{rest: m.raw[2:]}
	switch s {
	case request:
		m.request(&r)
	case response:
		m.response(&r)
	default:
		m.either(&r)
	}
	if r.short && m.form == formEmpty {
		m.form, m.data = formBytes, m.raw[2:]
	}
	if r.short || len(r.rest) > 0 {
		m.faults |= faultLength
	}
	m.category = m.categorise()
}

func (m *message) categorise() category {
	switch {
	case m.function == diagnostics:
		switch {
		case m.form != formDiagnostic:
			return 0
		case name(diagnosticNames, int(m.code), "") == "":
			return reserved
		}
	case m.function == encapsulated:
		switch {
		case m.form != formTransport:
			return 0
		case name(transportNames, int(m.code), "") == "":
			return reserved
		}
	case !known(m.function):
		return categoryOf(m.sent)
	}
	return publicAssigned
}

func (m *message) request(r *reader) {
	n := len(r.rest)
	switch m.function {
	case diagnostics:
		if n != 4 {
			m.faults |= faultLength
		}
		m.diagnostic(r)
		m.checkDiagnostic()
		return
	case encapsulated:
		m.transport(r)
		return
	case readFile, writeFile:
		m.lengthIs(n > 0)
	case readException, eventCounter, eventLog, reportServerID:
		m.lengthIs(n == 0)
	case readFIFO:
		m.lengthIs(n == 2)
	}
	if m.sent == 0 || m.sent >= exceptionBit {
		m.faults |= faultFunction
	}
	switch {
	case m.access&read != 0:
		m.readRequest(r)
		if m.access&write != 0 && !r.short {
			m.writeRequest(r)
		}
	case m.access&write != 0:
		m.writeRequest(r)
	default:
		m.bytes(r)
	}
}

func (m *message) response(r *reader) {
	n := len(r.rest)
	switch {
	case m.sent >= exceptionBit:
		m.exception(r)
	case m.function == diagnostics:
		m.diagnostic(r)
	case m.function == encapsulated:
		m.transport(r)
	case m.access&read != 0:
		m.readResponse(r)
	case m.access&write != 0:
		m.writeResponse(r)
	default:
		m.lengthIs(m.function != readException || n == 1)
		m.lengthIs(m.function != eventCounter || n == 4)
		m.bytes(r)
	}
}

// either reads what is the same in both directions.
func (m *message) either(r *reader) {
	switch {
	case m.sent >= exceptionBit:
		m.exception(r)
	case m.function == diagnostics:
		m.diagnostic(r)
	case m.function == encapsulated:
		m.transport(r)
	default:
		m.bytes(r)
	}
}

func (m *message) lengthIs(right bool) {
	if !right {
		m.faults |= faultLength
	}
}

func (m *message) valueIs(right bool) {
	if !right {
		m.faults |= faultValue
	}
}

func (m *message) bytes(r *reader) { m.form, m.data = formBytes, r.all() }

func (m *message) exception(r *reader) {
	code := r.u8()
	if r.short {
		return
	}
	m.form, m.code = formException, uint16(code)
	if name(exceptionNames, int(code), "") == "" || code == parityError && m.function != readFile && m.function != writeFile {
		m.faults |= faultException
	}
}

func (m *message) diagnostic(r *reader) {
	if len(r.rest) < 2 {
		m.faults |= faultLength
		r.all()
		return
	}
	m.form, m.code, m.data = formDiagnostic, r.u16(), r.all()
}

// checkDiagnostic checks what a request has for its sub-function.
func (m *message) checkDiagnostic() {
	if m.form != formDiagnostic || len(m.data) != 2 || name(diagnosticNames, int(m.code), "") == "" {
		return
	}
	value := binary.BigEndian.Uint16(m.data)
	switch m.code {
	case returnQuery, listenOnly:
	case restart:
		m.valueIs(value == 0 || value == 0xff00)
	case inputDelimiter:
		m.valueIs(value&0xff == 0)
	default:
		m.valueIs(value == 0)
	}
}

func (m *message) transport(r *reader) {
	if len(r.rest) < 1 {
		m.faults |= faultLength
		return
	}
	m.form, m.code, m.data = formTransport, uint16(r.u8()), r.all()
}

// most is the largest quantity of a function.
func (m *message) most() uint16 {
	if m.access&bitTables != 0 {
		return maxBits
	}
	return maxRegisters
}

func (m *message) readRequest(r *reader) {
	address, quantity := r.u16(), r.u16()
	if r.short {
		return
	}
	m.form, m.address, m.quantity = formReadRequest, address, quantity
	m.valueIs(quantity > 0 && quantity <= m.most())
}

func (m *message) readResponse(r *reader) {
	if len(r.rest) < 1 {
		m.faults |= faultLength
		return
	}
	count := int(r.u8())
	m.form, m.data = formReadResponse, r.all()
	m.valueIs(count > 0 && count <= maxReadBytes && count == len(m.data))
}

func (m *message) writeRequest(r *reader) {
	address := r.u16()
	switch {
	case m.access&single != 0:
		value := r.u16()
		if r.short {
			return
		}
		m.form, m.writeAddress, m.writeQuantity = formWrite, address, value
		m.valueIs(m.access&coils == 0 || value == 0 || value == 0xff00)
	case m.access&multiple != 0:
		quantity, count := r.u16(), int(r.u8())
		if r.short {
			return
		}
		data := r.all()
		m.lengthIs(quantity > 0 && count == len(data))
		bytes := 2 * int(quantity)
		if m.access&bitTables != 0 {
			bytes = (int(quantity) + 7) / 8
		}
		m.valueIs(quantity <= m.most() && count == bytes)
		if m.form == formReadRequest {
			m.form = formReadWrite
		} else {
			m.form = formWriteMultiple
		}
		m.writeAddress, m.writeQuantity, m.data = address, quantity, data
	default:
		m.mask(address, r)
	}
}

func (m *message) writeResponse(r *reader) {
	address := r.u16()
	switch {
	case m.access&(single|multiple) != 0:
		value := r.u16()
		if r.short {
			return
		}
		m.form, m.writeAddress, m.writeQuantity = formWrite, address, value
		m.valueIs(m.access&multiple == 0 || value > 0 && value <= m.most())
	default:
		m.mask(address, r)
	}
}

func (m *message) mask(address uint16, r *reader) {
	and, or := r.u16(), r.u16()
	if r.short {
		return
	}
	m.form, m.writeAddress, m.and, m.or = formMask, address, and, or
}

// reader takes values off the front of rest; short says that one was not
// there.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.short, r.rest = true, nil
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) all() []byte { return r.take(len(r.rest)) }

func (r *reader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}
