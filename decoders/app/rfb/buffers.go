package rfb

import "spanwatch/decoders/app"

// Buffers that rules can look at.
const (
	bufferName = app.FirstField + app.Buffer(app.ProtoRFB)*app.FieldsPerProtocol + iota
	bufferSecurityType
	bufferSecurityResult
)

var fields = []app.Field{
	{Name: "rfb.name", Buffer: bufferName, Dirs: app.ToClient},
	{Name: "rfb.sectype", Buffer: bufferSecurityType, Dirs: app.ToServer, Bits: 32},
	{Name: "rfb.secresult", Buffer: bufferSecurityResult, Dirs: app.ToClient, Bits: 32, Words: map[string]uint64{
		"ok": resultOK, "fail": resultFailed, "toomany": resultTooMany, "too_many": resultTooMany, "unknown": resultUnknown,
	}},
}

// Buffer returns the desktop's name.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	return t.name, b == bufferName && i == 0 && t.hasScreen
}

// Integer returns what was agreed on.
func (t *Tx) Integer(b app.Buffer, i int) (uint64, bool) {
	switch {
	case i != 0:
	case b == bufferSecurityType:
		return uint64(t.security), t.hasSecurity
	case b == bufferSecurityResult:
		return uint64(t.result), t.hasResult
	}
	return 0, false
}
