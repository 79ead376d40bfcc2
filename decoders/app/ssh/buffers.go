package ssh

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Buffer returns a buffer; each has one instance.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if i != 0 {
		return nil, false
	}
	const client, server = decoders.ToServer, decoders.ToClient
	switch b {
	case app.SSHProto, app.SSHProto.In(server):
		s := &t.sides[b-app.SSHProto]
		return s.text[:s.proto], s.proto > 0
	case app.SSHSoftware, app.SSHSoftware.In(server):
		s := &t.sides[b-app.SSHSoftware]
		return s.text[s.proto:s.software], s.software > s.proto
	case app.SSHHassh:
		return t.hassh(client)
	case app.SSHHasshServer:
		return t.hassh(server)
	case app.SSHHasshString:
		return t.hasshString(client)
	case app.SSHHasshServerString:
		return t.hasshString(server)
	}
	return nil, false
}

func (t *Tx) hassh(dir decoders.Direction) ([]byte, bool) {
	if t.sides[dir].hassh == 0 {
		return nil, false
	}
	return t.sides[dir].hasshDigest(), true
}

func (t *Tx) hasshString(dir decoders.Direction) ([]byte, bool) {
	if t.sides[dir].hassh == 0 {
		return nil, false
	}
	return t.sides[dir].hasshText(), true
}

// Integer finds nothing: SSH has no numbers for rules.
func (t *Tx) Integer(app.Buffer, int) (uint64, bool) { return 0, false }
