package ldap

import (
	"math"

	"spanwatch/decoders/app/ber"
)

// Operations, which are the numbers of their tags (RFC 4511 section 4.1.1).
const (
	opBindRequest      = 0
	opBindResponse     = 1
	opUnbindRequest    = 2
	opSearchRequest    = 3
	opSearchEntry      = 4
	opSearchDone       = 5
	opModifyRequest    = 6
	opModifyResponse   = 7
	opAddRequest       = 8
	opAddResponse      = 9
	opDelRequest       = 10
	opDelResponse      = 11
	opModDNRequest     = 12
	opModDNResponse    = 13
	opCompareRequest   = 14
	opCompareResponse  = 15
	opAbandonRequest   = 16
	opSearchReference  = 19
	opExtendedRequest  = 23
	opExtendedResponse = 24
	opIntermediate     = 25
	opCount            = 26
)

// operationNames are the operations as EVE and rules name them.
var operationNames = [opCount]string{
	"bind_request", "bind_response", "unbind_request", "search_request", "search_result_entry", "search_result_done",
	"modify_request", "modify_response", "add_request", "add_response", "del_request", "del_response", "mod_dn_request",
	"mod_dn_response", "compare_request", "compare_response", "abandon_request",
	opSearchReference: "search_result_reference", opExtendedRequest: "extended_request", opExtendedResponse: "extended_response",
	opIntermediate: "intermediate_response",
}

// simple tells the operations that are a value of their own instead of several.
func simple(op uint8) bool {
	return op == opUnbindRequest || op == opDelRequest || op == opAbandonRequest
}

// isRequest reports that clients send an operation.
func isRequest(op uint8) bool {
	switch op {
	case opBindRequest, opUnbindRequest, opSearchRequest, opModifyRequest, opAddRequest, opDelRequest, opModDNRequest,
		opCompareRequest, opAbandonRequest, opExtendedRequest:
		return true
	}
	return false
}

// ends reports that nothing follows a response.
func ends(op uint8) bool {
	return op != opSearchEntry && op != opSearchReference && op != opIntermediate
}

// message is a message as far as all its operations are alike. It points into
// the bytes that it was read from.
type message struct {
	id      int64
	op      uint8
	version int64 // bind request
	hasDN   bool
	dn      []byte // that the operation is about, or that a result says was matched
	result  bool   // code and text are valid
	code    int64
	text    []byte
	rest    ber.Reader // what follows in the operation
	control ber.Reader // controls, one after the other
}

// read reads a message; false when it is malformed or has no operation that is
// known.
func read(data []byte) (m message, ok bool) {
	r := ber.Read(data)
	in := r.In(ber.Sequence)
	m.id = in.Int(ber.Integer)
	tag, body := in.Any()
	m.op = uint8(tag.Number())
	if in.Bad() || m.id < 0 || m.id > math.MaxInt32 || !tag.IsApplication() || m.op >= opCount || operationNames[m.op] == "" || tag.Constructed() == simple(m.op) {
		return m, false
	}
	if controls, ok := in.Optional(ber.In(0)); ok {
		m.control = ber.Read(controls)
	}
	m.rest = ber.Read(body)
	switch m.op {
	case opBindRequest:
		m.version = m.rest.Int(ber.Integer)
		m.takeDN(ber.OctetString)
	case opSearchRequest, opModifyRequest, opAddRequest, opModDNRequest, opCompareRequest, opSearchEntry:
		m.takeDN(ber.OctetString)
	case opDelRequest:
		m.dn, m.hasDN = body, true
	case opBindResponse, opSearchDone, opModifyResponse, opAddResponse, opDelResponse, opModDNResponse, opCompareResponse, opExtendedResponse:
		m.takeCode()
		m.takeDN(ber.OctetString)
		m.text, m.result = m.rest.Take(ber.OctetString), true
	}
	return m, !m.rest.Bad() && !in.Bad()
}

func (m *message) takeDN(tag ber.Tag) { m.dn, m.hasDN = m.rest.Take(tag), true }

// takeCode takes the code of a result, which servers write without regard to
// its sign.
func (m *message) takeCode() {
	body := m.rest.Take(ber.Enumerated)
	if len(body) == 0 || len(body) > 4 {
		m.rest.Fail()
	}
	for _, b := range body[:min(len(body), 4)] {
		m.code = m.code<<8 | int64(b)
	}
}

// search is what a search asks for besides its base.
type search struct {
	scope, deref, size, time int64
	typesOnly                bool
	filterTag                ber.Tag
	filter                   []byte
	attributes               ber.Reader
}

// searchOf reads a search request; false when it is malformed.
func searchOf(m *message) (s search, ok bool) {
	r := m.rest
	s.scope, s.deref = r.Int(ber.Enumerated), r.Int(ber.Enumerated)
	s.size, s.time = r.Int(ber.Integer), r.Int(ber.Integer)
	types := r.Take(ber.Boolean)
	s.typesOnly = len(types) == 1 && types[0] != 0
	s.filterTag, s.filter = r.Any()
	s.attributes = r.In(ber.Sequence)
	return s, !r.Bad()
}

// attribute returns attribute i that a message names: one that a search asks
// for or gives, that is added, changed or compared.
func (m *message) attribute(i int) ([]byte, bool) {
	var list ber.Reader
	switch m.op {
	case opSearchRequest:
		s, ok := searchOf(m)
		if !ok {
			return nil, false
		}
		for list = s.attributes; !list.Done(); i-- {
			if name := list.Take(ber.OctetString); i == 0 {
				return name, !list.Bad()
			}
		}
		return nil, false
	case opCompareRequest:
		r := m.rest
		list = r.In(ber.Sequence)
		name := list.Take(ber.OctetString)
		return name, i == 0 && !list.Bad()
	case opAddRequest, opSearchEntry, opModifyRequest:
		r := m.rest
		list = r.In(ber.Sequence)
	}
	for ; !list.Done(); i-- {
		one := list.In(ber.Sequence)
		if m.op == opModifyRequest {
			one.Take(ber.Enumerated)
			one = one.In(ber.Sequence)
		}
		if name := one.Take(ber.OctetString); i == 0 {
			return name, !one.Bad()
		}
	}
	return nil, false
}
