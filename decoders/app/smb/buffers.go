package smb

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/dce"
)

// Buffers that rules can look at, besides those of files and remote calls,
// which protocols share.
const (
	bufferPipe = app.FirstField + app.Buffer(app.ProtoSMB)*app.FieldsPerProtocol + iota
	bufferShare
	bufferUser
	bufferDomain
	bufferVersion
)

// Definition says what rules can look at and where SMB is expected.
func (p *Parser) Definition() app.Definition {
	return app.Definition{
		Transports: decoders.LayerTCP, TCPPorts: []uint16{139, 445}, Files: true, FlowSides: true,
		Fields: []app.Field{
			{Name: "smb.named_pipe", Aliases: []string{"smb_named_pipe"}, Buffer: bufferPipe, Dirs: app.ToServer},
			{Name: "smb.share", Aliases: []string{"smb_share"}, Buffer: bufferShare, Dirs: app.ToServer},
			{Name: "smb.ntlmssp_user", Buffer: bufferUser, Dirs: app.ToServer},
			{Name: "smb.ntlmssp_domain", Buffer: bufferDomain, Dirs: app.ToServer},
			{Name: "smb.version", Buffer: bufferVersion, Dirs: app.Both, Bits: 8},
		},
	}
}

// Buffer returns a buffer.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	switch {
	case t.kind == kindFile && b < app.FirstField:
		return t.content.Buffer(b, i)
	case t.kind == kindCall && b < app.FirstField:
		return t.call.buffer(b, i, &t.texts[textScratch])
	case i > 0:
		return nil, false
	}
	switch b {
	case bufferPipe:
		return t.texts[textName], t.kind == kindTree && t.pipe
	case bufferShare:
		return t.texts[textName], t.kind == kindTree && !t.pipe
	case bufferUser:
		return t.texts[textUser], t.ntlm
	case bufferDomain:
		return t.texts[textDomain], t.ntlm
	}
	return nil, false
}

// buffer returns what rules ask of a remote call.
func (c *call) buffer(b app.Buffer, i int, scratch *[]byte) ([]byte, bool) {
	switch b {
	case app.DCEStubData, app.DCEStubData.In(decoders.ToClient):
		dir := b - app.DCEStubData
		return c.stub[dir], i == 0 && c.fragments[dir] > 0
	case app.DCEInterface:
		if c.request != dce.Request {
			return nil, false
		}
		for n := range c.interfaces {
			if f := &c.interfaces[n]; f.Accepted() {
				if i == 0 {
					*scratch = f.AppendRule((*scratch)[:0])
					return *scratch, true
				}
				i--
			}
		}
	}
	return nil, false
}

// Integer returns a number.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	switch {
	case t.kind == kindFile && b < app.FirstField:
		return t.content.Integer(b, i)
	case i > 0:
		return 0, false
	}
	switch b {
	case bufferVersion:
		return uint64(t.version), true
	case app.DCEOpnum:
		return uint64(t.call.opnum), t.kind == kindCall && t.call.request == dce.Request
	case app.DCELittle:
		if t.kind == kindCall && t.call.little {
			return 1, true
		}
		return 0, t.kind == kindCall
	}
	return 0, false
}
