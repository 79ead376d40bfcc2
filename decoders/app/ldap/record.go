package ldap

import (
	"encoding/hex"
	"strconv"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/ber"
)

// AppendRecord fills in the record of the transaction, with the members of EVE.
// Passwords of simple binds are not in it.
func (t *Tx) AppendRecord(r *app.Record) bool {
	t.scratch = t.scratch[:0]
	if m, ok := t.asked(); ok {
		r.Object("request")
		r.Uint("message_id", uint64(m.id))
		r.Word("operation", operationNames[m.op])
		t.appendOperation(r, &m)
		t.appendControls(r, &m)
		r.End()
	}
	if len(t.ends) == 0 {
		return true
	}
	r.List("responses")
	for i := range t.ends {
		m, ok := t.response(i)
		if !ok {
			continue
		}
		r.Object("")
		r.Word("operation", operationNames[m.op])
		if !t.hasRequest {
			r.Uint("message_id", uint64(m.id))
		}
		if !isRequest(m.op) {
			t.appendOperation(r, &m)
		}
		t.appendControls(r, &m)
		r.End()
	}
	r.End()
	return true
}

// appendOperation adds the object of an operation. What is malformed in it
// beyond its common part is left out.
func (t *Tx) appendOperation(r *app.Record, m *message) {
	if m.op == opUnbindRequest || m.op == opAbandonRequest || m.op == opSearchReference {
		return
	}
	r.Object(operationNames[m.op])
	rest := m.rest
	switch m.op {
	case opBindRequest:
		r.Uint("version", uint64(m.version))
		r.Text("name", m.dn)
		if sasl, ok := rest.Optional(ber.In(3)); ok {
			in := ber.Read(sasl)
			r.Object("sasl")
			r.Text("mechanism", in.Take(ber.OctetString))
			if credentials, ok := in.Optional(ber.OctetString); ok {
				t.hex(r, "credentials", credentials)
			}
			r.End()
		}
	case opSearchRequest:
		appendSearch(r, m)
	case opModifyRequest:
		r.Text("object", m.dn)
		appendChanges(r, rest.In(ber.Sequence))
	case opAddRequest:
		r.Text("entry", m.dn)
		appendAttributes(r, rest.In(ber.Sequence), "name")
	case opSearchEntry:
		r.Text("base_object", m.dn)
		appendAttributes(r, rest.In(ber.Sequence), "type")
	case opDelRequest:
		r.Text("dn", m.dn)
	case opModDNRequest:
		r.Text("entry", m.dn)
		r.Text("new_rdn", rest.Take(ber.OctetString))
		old := rest.Take(ber.Boolean)
		r.Bool("delete_old_rdn", len(old) == 1 && old[0] != 0)
		appendOptional(r, "new_superior", &rest, 0)
	case opCompareRequest:
		r.Text("entry", m.dn)
		in := rest.In(ber.Sequence)
		r.Object("attribute_value_assertion")
		r.Text("description", in.Take(ber.OctetString))
		r.Text("value", in.Take(ber.OctetString))
		r.End()
	case opExtendedRequest, opIntermediate:
		appendOptional(r, "name", &rest, 0)
		appendOptional(r, "value", &rest, 1)
	default:
		t.appendResult(r, m, rest)
	}
	r.End()
}

// appendResult adds what all results have, and what those of binds and extended
// operations have besides.
func (t *Tx) appendResult(r *app.Record, m *message, rest ber.Reader) {
	if name := resultName(m.code); name != "" {
		r.Word("result_code", name)
	} else {
		start := len(t.scratch)
		t.scratch = strconv.AppendInt(append(t.scratch, "unknown-"...), m.code, 10)
		r.Text("result_code", t.scratch[start:])
	}
	r.Text("matched_dn", m.dn)
	r.Text("message", m.text)
	rest.Optional(ber.In(3)) // referrals
	switch m.op {
	case opBindResponse:
		if credentials, ok := rest.Optional(ber.Context(7)); ok {
			t.hex(r, "server_sasl_creds", credentials)
		}
	case opExtendedResponse:
		appendOptional(r, "name", &rest, 10)
		appendOptional(r, "value", &rest, 11)
	}
}

func appendOptional(r *app.Record, name string, rest *ber.Reader, tag int) {
	if value, ok := rest.Optional(ber.Context(tag)); ok {
		r.Text(name, value)
	}
}

func appendSearch(r *app.Record, m *message) {
	r.Text("base_object", m.dn)
	s, ok := searchOf(m)
	if !ok {
		return
	}
	r.Int("scope", s.scope)
	r.Int("deref_alias", s.deref)
	r.Int("size_limit", s.size)
	r.Int("time_limit", s.time)
	r.Bool("types_only", s.typesOnly)
	if present := ber.Context(7); s.filterTag == present {
		r.Object("filter")
		r.Word("type", "present")
		r.Text("value", s.filter)
		r.End()
	}
	appendTexts(r, "attributes", s.attributes)
}

// appendTexts adds a list of texts, unless it is empty.
func appendTexts(r *app.Record, name string, list ber.Reader) {
	if list.Done() {
		return
	}
	r.List(name)
	for !list.Done() {
		if text := list.Take(ber.OctetString); !list.Bad() {
			r.Text("", text)
		}
	}
	r.End()
}

func appendAttributes(r *app.Record, list ber.Reader, name string) {
	if list.Done() {
		return
	}
	r.List("attributes")
	for !list.Done() {
		one := list.In(ber.Sequence)
		r.Object("")
		r.Text(name, one.Take(ber.OctetString))
		appendTexts(r, "values", one.In(ber.Set))
		r.End()
	}
	r.End()
}

// appendChanges adds the changes of a modify request (RFC 4511 section 4.6).
func appendChanges(r *app.Record, list ber.Reader) {
	if list.Done() {
		return
	}
	r.List("changes")
	for !list.Done() {
		change := list.In(ber.Sequence)
		operation := change.Int(ber.Enumerated)
		one := change.In(ber.Sequence)
		r.Object("")
		if names := [...]string{"add", "delete", "replace", "increment"}; operation >= 0 && operation < int64(len(names)) {
			r.Word("operation", names[operation])
		}
		r.Object("modification")
		r.Text("attribute_type", one.Take(ber.OctetString))
		appendTexts(r, "attribute_values", one.In(ber.Set))
		r.End()
		r.End()
	}
	r.End()
}

// appendControls adds the controls of a message (section 4.1.11).
func (t *Tx) appendControls(r *app.Record, m *message) {
	list := m.control
	if list.Done() {
		return
	}
	r.List("controls")
	for !list.Done() {
		one := list.In(ber.Sequence)
		r.Object("")
		r.Text("control_type", one.Take(ber.OctetString))
		critical, _ := one.Optional(ber.Boolean)
		r.Bool("criticality", len(critical) == 1 && critical[0] != 0)
		if value, ok := one.Optional(ber.OctetString); ok {
			t.hex(r, "control_value", value)
		}
		r.End()
	}
	r.End()
}

func (t *Tx) hex(r *app.Record, member string, b []byte) {
	start := len(t.scratch)
	t.scratch = hex.AppendEncode(t.scratch, b)
	r.Text(member, t.scratch[start:])
}
