package modbus

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// AppendRecord tells of an exchange, in the words of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	r.Uint("id", t.id+1)
	for dir, name := range [2]string{decoders.ToServer: "request", decoders.ToClient: "response"} {
		if t.has[dir] {
			r.Object(name)
			t.messages[dir].record(r)
			r.End()
		}
	}
	return true
}

func (m *message) record(r *app.Record) {
	r.Uint("transaction_id", uint64(m.transaction))
	r.Uint("protocol_id", uint64(m.protocol))
	r.Uint("unit_id", uint64(m.unit))
	r.Uint("function_raw", uint64(m.sent))
	r.Word("function_code", name(functionNames[:], int(m.function), unknownName))
	r.Word("access_type", accessWords[m.access])
	r.Word("category", categoryWords[m.category])
	r.Word("error_flags", faultWords[m.faults])
	switch m.form {
	case formBytes:
		r.Text("data", m.data)
	case formException:
		m.recordCode(r, "exception", exceptionNames, unknownName)
		r.End()
	case formDiagnostic:
		m.recordCode(r, "diagnostic", diagnosticNames, reservedName)
		r.Text("data", m.data)
		r.End()
	case formTransport:
		m.recordCode(r, "mei", transportNames, unknownName)
		r.Text("data", m.data)
		r.End()
	case formReadRequest:
		m.recordRead(r)
	case formReadResponse:
		r.Object("read")
		r.Text("data", m.data)
		r.End()
	case formReadWrite:
		m.recordRead(r)
		m.recordWrite(r)
	case formWrite, formWriteMultiple, formMask:
		m.recordWrite(r)
	}
}

// recordCode opens an object with a code and its name.
func (m *message) recordCode(r *app.Record, object string, names []string, other string) {
	r.Object(object)
	r.Uint("raw", uint64(m.code))
	r.Word("code", name(names, int(m.code), other))
}

func (m *message) recordRead(r *app.Record) {
	r.Object("read")
	r.Uint("address", uint64(m.address))
	r.Uint("quantity", uint64(m.quantity))
	r.End()
}

func (m *message) recordWrite(r *app.Record) {
	r.Object("write")
	r.Uint("address", uint64(m.writeAddress))
	switch m.form {
	case formWrite:
		r.Uint("data", uint64(m.writeQuantity))
	case formMask:
		r.Uint("and_mask", uint64(m.and))
		r.Uint("or_mask", uint64(m.or))
	default:
		r.Uint("quantity", uint64(m.writeQuantity))
		r.Text("data", m.data)
	}
	r.End()
}
