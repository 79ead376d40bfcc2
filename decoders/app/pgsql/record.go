package pgsql

import (
	"bytes"
	"encoding/binary"

	"spanwatch/decoders/app"
)

// AppendRecord fills in the record of the transaction, with the members of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	r.Uint("tx_id", t.id+1)
	if t.kind != requestNone {
		r.Object("request")
		t.appendRequest(r)
		r.End()
	}
	if t.tls || len(t.responses) > 0 {
		r.Object("response")
		if t.tls {
			r.Bool("ssl_accepted", t.accepted)
		}
		t.appendResponses(r)
		r.End()
	}
	return true
}

func (t *Tx) appendRequest(r *app.Record) {
	switch t.kind {
	case requestTLS:
		r.Word("message", "SSL Request")
	case requestStartup:
		r.Word("protocol_version", "3.0")
		r.Object("startup_parameters")
		appendStartup(r, t.text)
		r.End()
	case requestCancel:
		r.Word("message", "cancel_request")
		appendKey(r, t.text)
	case requestPassword:
		r.Text("password", ended(t.text))
	case requestSASLFirst:
		mechanism, rest, _ := bytes.Cut(t.text, []byte{0})
		switch string(mechanism) {
		case "SCRAM-SHA-256":
			r.Word("sasl_authentication_mechanism", "scram_SHA256")
		case "SCRAM-SHA-256-PLUS":
			r.Word("sasl_authentication_mechanism", "scram_SHA256_plus")
		default:
			r.Text("sasl_authentication_mechanism", mechanism)
		}
		if len(rest) >= 4 {
			r.Text("sasl_param", rest[4:])
		}
	case requestSASL:
		r.Text("sasl_response", t.text)
	case requestQuery:
		r.Text("simple_query", ended(t.text))
	case requestTerminate:
		r.Word("message", "termination_message")
	}
}

// pair cuts a name and its value off b; false at the end.
func pair(b []byte) (name, value, rest []byte, ok bool) {
	name, rest, ok = bytes.Cut(b, []byte{0})
	if !ok || len(name) == 0 {
		return nil, nil, nil, false
	}
	value, rest, _ = bytes.Cut(rest, []byte{0})
	return name, value, rest, true
}

// appendStartup adds the user and what else a client says of itself.
func appendStartup(r *app.Record, b []byte) {
	others := 0
	for rest := b; ; {
		name, value, more, ok := pair(rest)
		if !ok {
			break
		}
		if string(name) == "user" {
			r.Text("user", value)
		} else {
			others++
		}
		rest = more
	}
	if others == 0 {
		return
	}
	r.List("optional_parameters")
	for rest := b; ; {
		name, value, more, ok := pair(rest)
		if !ok {
			break
		}
		if string(name) != "user" {
			appendParameter(r, name, value)
		}
		rest = more
	}
	r.End()
}

// parameterNames are the parameters that have a member of their own name.
var parameterNames = map[string]string{
	"database": "database", "replication": "replication", "options": "options",
	"application_name": "application_name", "client_encoding": "client_encoding", "DateStyle": "date_style", "datestyle": "date_style",
	"default_transaction_read_only": "default_transaction_read_only", "extra_float_digits": "extra_float_digits",
	"in_hot_standby": "in_hot_standby", "integer_datetimes": "integer_datetimes", "IntervalStyle": "interval_style",
	"is_superuser": "is_superuser", "search_path": "search_path", "scram_iterations": "scram_iterations",
	"server_encoding": "server_encoding", "server_version": "server_version", "session_authorization": "session_authorization",
	"standard_conforming_strings": "standard_conforming_strings", "TimeZone": "time_zone", "timezone": "time_zone",
}

// appendParameter adds an object with one member. The name comes from the wire,
// and names of members are the program's own: one that is not known is told of
// as such.
func appendParameter(r *app.Record, name, value []byte) {
	r.Object("")
	if member := parameterNames[string(name)]; member != "" {
		r.Text(member, value)
	} else {
		r.Text("name", name)
		r.Text("value", value)
	}
	r.End()
}

func appendKey(r *app.Record, body []byte) {
	if len(body) >= 8 {
		r.Uint("process_id", uint64(binary.BigEndian.Uint32(body)))
		r.Uint("secret_key", uint64(binary.BigEndian.Uint32(body[4:])))
	}
}

// appendResponses adds what the server said. A member that several messages
// have is told once: for parameters as a list, of others the last.
func (t *Tx) appendResponses(r *app.Record) {
	parameters := false
	for i, m := range t.responses {
		body := t.raw[m.start:m.end]
		if m.kind != backendParameter && t.again(m.kind, i) {
			continue
		}
		switch m.kind {
		case backendAuthentication:
			t.appendAuthentication(r, body, i)
		case backendParameter:
			if !parameters {
				parameters = true
				t.appendParameters(r)
			}
		case backendKey:
			appendKey(r, body)
		case backendColumns:
			const columns = 2
			r.Bool("row_description_malformed", len(body) < columns)
			if len(body) >= columns {
				r.Uint("field_count", uint64(binary.BigEndian.Uint16(body)))
			}
		case backendRow:
			r.Uint("data_rows", t.rows)
			r.Uint("data_size", t.rowBytes)
		case backendComplete:
			r.Text("command_completed", ended(body))
		case backendError, backendNotice:
			appendFields(r, body)
		case backendNotification:
			if len(body) >= 4 {
				channel, payload, _ := bytes.Cut(body[4:], []byte{0})
				r.Uint("pid", uint64(binary.BigEndian.Uint32(body)))
				r.Text("channel_name", channel)
				r.Text("payload", ended(payload))
			}
		}
	}
}

// again reports that a message of the kind of response i, or one with the same
// members, comes once more. An error and a notice have the same.
func (t *Tx) again(kind byte, i int) bool {
	for _, m := range t.responses[i+1:] {
		same := m.kind == kind || kind == backendNotice && m.kind == backendError || kind == backendError && m.kind == backendNotice
		if same && kind != backendAuthentication {
			return true
		}
	}
	return false
}

func (t *Tx) appendParameters(r *app.Record) {
	r.List("parameter_status")
	for _, m := range t.responses {
		if m.kind != backendParameter {
			continue
		}
		if name, value, _, ok := pair(t.raw[m.start:m.end]); ok {
			appendParameter(r, name, value)
		}
	}
	r.End()
}

// appendAuthentication adds how the server asks for a password. An error says
// its own message instead.
func (t *Tx) appendAuthentication(r *app.Record, body []byte, i int) {
	if len(body) < 4 {
		return
	}
	rest := body[4:]
	code := binary.BigEndian.Uint32(body)
	switch code {
	case authMD5:
		r.Text("authentication_md5_password", rest)
		return
	case authSASLFinal:
		r.Text("authentication_sasl_final", rest)
		return
	}
	for _, m := range t.responses[i+1:] {
		if m.kind == backendError || m.kind == backendNotice || m.kind == backendAuthentication {
			return
		}
	}
	names := [...]string{
		authOK: "authentication_ok", 2: "authentication_kerb5", authCleartext: "authentication_cleartext_password",
		6: "authentication_scm_credentials", 7: "authentication_gss", 8: "authentication_gss_continue", 9: "authentication_sspi",
		authSASL: "authentication_sasl", authSASLContinue: "authentication_sasl_continue",
	}
	if code < uint32(len(names)) && names[code] != "" {
		r.Word("message", names[code])
	}
}

// fieldNames are the fields of errors and notices by their type.
var fieldNames = [256]string{
	'S': "severity_localizable", 'V': "severity_non_localizable", 'C': "code", 'M': "message", 'D': "detail", 'H': "hint",
	'P': "position", 'p': "internal_position", 'q': "internal_query", 'W': "where", 's': "schema_name", 't': "table_name",
	'c': "column_name", 'd': "data_type", 'n': "constraint_name", 'F': "file", 'L': "line", 'R': "routine",
}

func appendFields(r *app.Record, body []byte) {
	var seen [256]bool
	for len(body) > 1 {
		kind := body[0]
		var text []byte
		text, body, _ = bytes.Cut(body[1:], []byte{0})
		if name := fieldNames[kind]; name != "" && !seen[kind] {
			seen[kind] = true
			r.Text(name, text)
		}
	}
}
