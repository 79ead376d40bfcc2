package keyword

import (
	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// neverAbsent are buffers, with protocols, whose absence Suricata does not see: it
// decides that a buffer is missing when a transaction is beyond the stage at
// which it asks for the buffer, and asks for these at the last one.
var neverAbsent = map[string]ProtoSet{
	"dns.answers.rrname":     Protos(app.ProtoDNS),
	"dns.authorities.rrname": Protos(app.ProtoDNS),
	"dns.additionals.rrname": Protos(app.ProtoDNS),
	"ftp.command":            Protos(app.ProtoFTP),
	"ftp.command_data":       Protos(app.ProtoFTP),
	"ftp.reply":              Protos(app.ProtoFTP),
	"ftp.completion_code":    Protos(app.ProtoFTP),
	"snmp.community":         Protos(app.ProtoSNMP),
	"file.data":              Protos(app.ProtoSMB, app.ProtoNFS, app.ProtoFTPData),
	"http.start":             Protos(app.ProtoHTTP2), // which does not have it
}

// setAbsent is the keyword absent: `absent` asks that the buffer does not
// exist; `absent:or_else` that it does not, or satisfies the conditions.
func setAbsent(b *Builder, o *rule.Option) *rule.Diagnostic {
	if b.lastSource == nil || b.list.Source == nil || b.list.Source.Packet != nil {
		return b.fail(o, "bad-combination", "absent without a buffer of a transaction before it", "", "name a sticky buffer first")
	}
	switch o.Value {
	case "":
		if b.list.Chain.Len() > 0 {
			return b.fail(o, "bad-combination", "absent behind conditions on the same buffer", "a buffer that is not there satisfies none", "use absent:or_else")
		}
		b.list.Absent = AbsentOnly
	case "or_else":
		b.list.Absent = AbsentOr
	default:
		return b.badValue(o, "unknown argument "+quoted(o.Value))
	}
	return nil
}
