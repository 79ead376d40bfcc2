package dns

import (
	"strconv"
	"strings"

	"spanwatch/decoders/app"
)

// AppendRecord fills in the record of the message, with the members of EVE. A
// message that could not be read has none.
func (t *MulticastTx) AppendRecord(r *app.Record) bool {
	m := t.message.Record()
	if m == nil {
		return false
	}
	t.text = t.text[:0]
	if m.Response {
		r.Word("type", "response")
	} else {
		r.Word("type", "request")
	}
	r.Uint("id", uint64(m.ID))
	appendFlags(r, m.Flags)
	r.Uint("opcode", uint64(m.Opcode()))
	r.Uint("rcode", uint64(m.Rcode()))
	if len(m.Queries) > 0 {
		r.List("queries")
		for i := range m.Queries {
			q := &m.Queries[i]
			r.Object("")
			appendName(r, "rrname", "rrname_truncated", q.Name)
			r.Word("rrtype", lowerTypeName(q.Type))
			r.End()
		}
		r.End()
	}
	t.appendRecords(r, "answers", m.Answers)
	t.appendRecords(r, "authorities", m.Authorities)
	t.appendRecords(r, "additionals", m.Additionals)
	return true
}

var flagNames = [...]struct {
	bit  uint16
	name string
}{{FlagAA, "aa"}, {FlagTC, "tc"}, {FlagRD, "rd"}, {FlagRA, "ra"}, {FlagZ, "z"}}

func appendFlags(r *app.Record, flags uint16) {
	if flags&(FlagAA|FlagTC|FlagRD|FlagRA|FlagZ) == 0 {
		return
	}
	r.List("flags")
	for _, f := range flagNames {
		if flags&f.bit != 0 {
			r.Word("", f.name)
		}
	}
	r.End()
}

func appendName(r *app.Record, member, truncated string, n Name) {
	r.Text(member, n.Text)
	if n.Truncated {
		r.Bool(truncated, true)
	}
}

func (t *MulticastTx) appendRecords(r *app.Record, section string, records []RR) {
	if len(records) == 0 {
		return
	}
	r.List(section)
	for i := range records {
		rr := &records[i]
		r.Object("")
		appendName(r, "rrname", "rrname_truncated", rr.Name)
		t.appendData(r, lowerTypeName(rr.Type), rr)
		r.End()
	}
	r.End()
}

// appendData adds the data of a record under the name of its type.
func (t *MulticastTx) appendData(r *app.Record, member string, rr *RR) {
	switch {
	case rr.Form == FormAddress && len(rr.Data) != 4 && len(rr.Data) != 16:
		r.Text(member, nil)
	case rr.Form == FormAddress:
		r.Address(member, rr.Data)
	case rr.Form == FormName:
		appendName(r, member, "rdata_truncated", rr.Target)
	case rr.Type == TypeTXT:
		r.List(member)
		for text, rest, ok := NextString(rr.Data); ok; text, rest, ok = NextString(rest) {
			r.Text("", text)
		}
		r.End()
	case rr.Form == FormSOA:
		r.Object(member)
		appendName(r, "mname", "mname_truncated", rr.Target)
		appendName(r, "rname", "rname_truncated", rr.Mailbox)
		r.Uint("serial", uint64(rr.Serial))
		r.Uint("refresh", uint64(rr.Refresh))
		r.Uint("retry", uint64(rr.Retry))
		r.Uint("expire", uint64(rr.Expire))
		r.Uint("minimum", uint64(rr.Minimum))
		r.End()
	case rr.Form == FormSRV:
		r.Object(member)
		r.Uint("priority", uint64(rr.Priority))
		r.Uint("weight", uint64(rr.Weight))
		r.Uint("port", uint64(rr.Port))
		appendName(r, "name", "name_truncated", rr.Target)
		r.End()
	case rr.Form == FormSSHFP:
		r.Object(member)
		r.Text("fingerprint", t.hex(rr.Data, ':'))
		r.Uint("algo", uint64(rr.Algorithm))
		r.Uint("type", uint64(rr.FingerprintType))
		r.End()
	case rr.Form == FormOPT:
		r.List(member)
		for code, data, rest, ok := NextOption(rr.Data); ok; code, data, rest, ok = NextOption(rest) {
			r.Object("")
			r.Uint("code", uint64(code))
			r.Text("data", t.hex(data, 0))
			r.End()
		}
		r.End()
	default:
		r.Text(member, rr.Data)
	}
}

// hex returns b in hexadecimal digits, which live as long as the record.
func (t *MulticastTx) hex(b []byte, separator byte) []byte {
	start := len(t.text)
	t.text = AppendHex(t.text, b, separator)
	return t.text[start:len(t.text):len(t.text)]
}

// lowerTypeNames are the names of types as multicast records have them.
var lowerTypeNames = func() (names [512]string) {
	for i := range names {
		names[i] = strings.ToLower(Type(i).String())
	}
	return names
}()

func lowerTypeName(t Type) string {
	if int(t) < len(lowerTypeNames) {
		return lowerTypeNames[t]
	}
	return strconv.Itoa(int(t))
}
