package quic

import (
	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

// Buffers that rules can look at, besides the fingerprints that TLS has too.
const (
	bufferVersion = app.FirstField + app.Buffer(app.ProtoQUIC)*app.FieldsPerProtocol + iota
	bufferSNI
	bufferUserAgent
	bufferCYUHash
	bufferCYUString
)

var fields = []app.Field{
	{Name: "quic.version", Buffer: bufferVersion, Dirs: app.Both}, // 4 bytes
	{Name: "quic.sni", Buffer: bufferSNI, Dirs: app.ToServer},
	{Name: "quic.ua", Buffer: bufferUserAgent, Dirs: app.ToServer},
	{Name: "quic.cyu.hash", Buffer: bufferCYUHash, Dirs: app.ToServer, Multi: true},
	{Name: "quic.cyu.string", Buffer: bufferCYUString, Dirs: app.ToServer, Multi: true},
}

// Buffer returns a buffer.
func (t *Tx) Buffer(b app.Buffer, i int) ([]byte, bool) {
	if b == bufferCYUHash || b == bufferCYUString {
		if i >= len(t.cyu) {
			return nil, false
		}
		if b == bufferCYUHash {
			return t.get(t.cyu[i].hash), true
		}
		return t.get(t.cyu[i].text), true
	}
	if i > 0 {
		return nil, false
	}
	hello := t.ja3 != print{}
	fromClient := hello && t.Direction() == decoders.ToServer
	fromServer := hello && !fromClient
	switch b {
	case bufferVersion:
		return t.version[:], t.header.long
	case bufferSNI:
		return t.get(t.sni), t.hasSNI
	case bufferUserAgent:
		return t.get(t.ua), t.hasUA
	case app.JA3String:
		return t.get(t.ja3.text), fromClient
	case app.JA3Hash:
		return t.get(t.ja3.hash), fromClient
	case app.JA3SString:
		return t.get(t.ja3.text), fromServer
	case app.JA3SHash:
		return t.get(t.ja3.hash), fromServer
	case app.JA4Hash:
		return t.get(t.ja4), t.ja4 != span{}
	}
	return nil, false
}

// Integer returns false: no keyword is a number.
func (t *Tx) Integer(app.Buffer, int) (uint64, bool) { return 0, false }
