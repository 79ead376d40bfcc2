package snmp

import "spanwatch/decoders/app"

// Buffers that rules can look at.
const (
	bufferVersion = app.FirstField + app.Buffer(app.ProtoSNMP)*app.FieldsPerProtocol + iota
	bufferPDUType
	bufferTrapType
	bufferUser
	bufferCommunity
)

// fields are the keywords for them.
var fields = []app.Field{
	{Name: "snmp.version", Buffer: bufferVersion, Dirs: app.Both, Bits: 32},
	{Name: "snmp.pdu_type", Buffer: bufferPDUType, Dirs: app.Both, Bits: 32, Words: words(pduNames)},
	{Name: "snmp.trap_type", Buffer: bufferTrapType, Dirs: app.Both, Bits: 8, Words: words(trapWords)},
	{Name: "snmp.usm", Buffer: bufferUser, Dirs: app.Both},
	{Name: "snmp.community", Buffer: bufferCommunity, Dirs: app.Both},
}

// pduNames by number, for rules and EVE.
var pduNames = []string{
	"get_request", "get_next_request", "response", "set_request", "trap_v1", "get_bulk_request", "inform_request", "trap_v2", "report",
}

// trapWords are generic traps of version 1, for rules.
var trapWords = []string{
	"cold_start", "warm_start", "link_down", "link_up", "authentication_failure", "egp_neighbor_loss", "enterprise_specific",
}

func words(names []string) map[string]uint64 {
	out := map[string]uint64{}
	for i, name := range names {
		out[name] = uint64(i)
	}
	return out
}

// Buffer returns a name that the message gives.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	switch {
	case i > 0:
	case b == bufferUser:
		return t.user, t.user != nil
	case b == bufferCommunity:
		return t.community, t.community != nil
	}
	return nil, false
}

// Integer returns a number of the message.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	switch {
	case i > 0 || t.version == 0:
	case b == bufferVersion:
		return uint64(t.version), true
	case b == bufferPDUType:
		return uint64(t.pdu), t.hasPDU
	case b == bufferTrapType:
		return uint64(uint8(t.trap)), t.hasPDU && t.pdu == trapV1
	}
	return 0, false
}
