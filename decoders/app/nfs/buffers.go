package nfs

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// What rules can look at, besides files, which protocols share.
const (
	bufferProcedure = app.FirstField + app.Buffer(app.ProtoNFS)*app.FieldsPerProtocol + iota
	bufferVersion
)

// Definition says what rules can look at and where NFS is expected.
func (p *Parser) Definition() app.Definition {
	return app.Definition{
		Transports: decoders.LayerTCP | decoders.LayerUDP, TCPPorts: []uint16{2049}, UDPPorts: []uint16{2049}, Files: true,
		Fields: []app.Field{
			{Name: "nfs_procedure", Buffer: bufferProcedure, Dirs: app.ToServer, Bits: 32, Multi: true, Inclusive: true},
			{Name: "nfs.version", Aliases: []string{"nfs_version"}, Buffer: bufferVersion, Dirs: app.ToServer, Bits: 32},
		},
	}
}

// Buffer returns a buffer.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if t.isFile && b < app.FirstField {
		return t.content.Buffer(b, i)
	}
	return nil, false
}

// Integer returns a number.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	switch {
	case t.isFile && b < app.FirstField:
		return t.content.Integer(b, i)
	case b == bufferVersion:
		return uint64(t.version), i == 0
	case b == bufferProcedure && i == 0:
		return uint64(t.procedure), true
	case b == bufferProcedure && i == 1:
		return uint64(t.committed), t.committed != 0
	}
	return 0, false
}
