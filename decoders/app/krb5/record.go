package krb5

import (
	"strconv"

	"spanwatch/decoders/app"
)

// AppendRecord fills in the record of the message, with the members of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	t.scratch = t.scratch[:0]
	if t.hasCode {
		r.Word("msg_type", "KRB_ERROR")
		r.Word("failed_request", messageName(t.refused))
		t.named(r, "error_code", errorName(t.code), "ErrorCode", t.code)
	} else {
		r.Word("msg_type", messageName(t.kind))
	}
	orEmpty(r, "cname", t.client.text, t.client.given)
	orEmpty(r, "realm", t.realm, t.hasRealm)
	orEmpty(r, "sname", t.server.text, t.server.given)
	if t.hasEtype {
		t.named(r, "encryption", etypeNames[t.etype], "EncryptionType", t.etype)
	} else {
		r.Word("encryption", "<none>")
	}
	r.Bool("weak_encryption", t.hasEtype && weak(t.etype))
	if t.hasTicket {
		t.named(r, "ticket_encryption", etypeNames[t.ticketEtype], "EncryptionType", t.ticketEtype)
		r.Bool("ticket_weak_encryption", weak(t.ticketEtype))
	}
	return true
}

func orEmpty(r *app.Record, name string, text []byte, given bool) {
	if given {
		r.Text(name, text)
	} else {
		r.Word(name, "<empty>")
	}
}

// named adds the name of a number, or the number as a value of its type.
func (t *Tx) named(r *app.Record, member, name, kind string, n int32) {
	if name != "" {
		r.Word(member, name)
		return
	}
	start := len(t.scratch)
	t.scratch = append(append(t.scratch, kind...), '(')
	t.scratch = append(strconv.AppendInt(t.scratch, int64(n), 10), ')')
	r.Text(member, t.scratch[start:])
}
