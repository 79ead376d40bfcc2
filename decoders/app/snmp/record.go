package snmp

import (
	"fmt"

	"spanwatch/decoders/app"
)

// statusNames are error statuses (RFC 3416 section 3), as EVE has them.
var statusNames = []string{
	"NoError", "TooBig", "NoSuchName", "BadValue", "ReadOnly", "GenErr", "NoAccess", "WrongType", "WrongLength", "WrongEncoding",
	"WrongValue", "NoCreation", "InconsistentValue", "ResourceUnavailable", "CommitFailed", "UndoFailed", "AuthorizationError",
	"NotWritable", "InconsistentName",
}

// trapNames are generic traps, as EVE has them.
var trapNames = []string{
	"coldStart", "warmStart", "linkDown", "linkUp", "authenticationFailure", "egpNeighborLoss", "enterpriseSpecific",
}

func name(names []string, what string, n int64) string {
	if n >= 0 && n < int64(len(names)) {
		return names[n]
	}
	return fmt.Sprintf("%s(%d)", what, n)
}

// AppendRecord tells of a message, in the words of EVE.
func (t *Tx) AppendRecord(r *app.Record) bool {
	if t.version == 0 {
		return false
	}
	r.Uint("version", uint64(t.version))
	if t.encrypted {
		r.Word("pdu_type", "encrypted")
		return true
	}
	r.Word("pdu_type", pduNames[t.pdu])
	if t.status != 0 {
		r.Word("error", name(statusNames, "ErrorStatus", t.status))
	}
	if t.pdu == trapV1 {
		r.Word("trap_type", name(trapNames, "TrapType", t.trap))
		r.Text("trap_oid", t.text[t.enterprise[0]:t.enterprise[1]])
		r.Address("trap_address", t.agent)
	}
	if len(t.variables) > 0 {
		r.List("vars")
		for _, v := range t.variables {
			r.Text("", t.text[v[0]:v[1]])
		}
		r.End()
	}
	if t.community != nil {
		r.Text("community", t.community)
	}
	if t.user != nil {
		r.Text("usm", t.user)
	}
	return true
}
