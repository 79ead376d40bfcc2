package quic

import (
	"encoding/binary"
	"slices"
	"strings"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

func u16(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }

// with8, with16 and with24 put a length in front.
func with8(b []byte) []byte  { return slices.Concat([]byte{byte(len(b))}, b) }
func with16(b []byte) []byte { return slices.Concat(u16(len(b)), b) }
func with24(b []byte) []byte { return slices.Concat([]byte{byte(len(b) >> 16)}, u16(len(b)), b) }

// varint is a variable-length integer of two bytes, or four.
func varint(n int) []byte {
	if n < 1<<14 {
		return u16(n | 0x4000)
	}
	return binary.BigEndian.AppendUint32(nil, uint32(n)|0x80000000)
}

func extensionOf(kind int, body []byte) []byte { return slices.Concat(u16(kind), with16(body)) }

// clientMessage is a client's hello with numbers of RFC 8701 between.
func clientMessage() []byte {
	name := slices.Concat([]byte{0}, with16([]byte("www.example.com")))
	extensions := slices.Concat(
		extensionOf(0x3a3a, nil),
		extensionOf(extServerName, with16(name)),
		extensionOf(extALPN, with16(slices.Concat(with8([]byte("h3")), with8([]byte("hq"))))),
		extensionOf(extGroups, with16(slices.Concat(u16(0x4a4a), u16(29), u16(23)))),
		extensionOf(extPointFormats, with8([]byte{0})),
		extensionOf(extSignatures, with16(slices.Concat(u16(0x0403), u16(0x0804)))),
		extensionOf(extSupportedVersions, with8(slices.Concat(u16(0x2a2a), u16(0x0304), u16(0x7f17)))),
		extensionOf(57, []byte{1, 2, 3}))
	ciphers := slices.Concat(u16(0x1a1a), u16(0x1301), u16(0x1302))
	body := slices.Concat(u16(0x0303), make([]byte, 32), with8(nil), with16(ciphers), with8([]byte{0}), with16(extensions))
	return slices.Concat([]byte{clientHello}, with24(body))
}

func serverMessage() []byte {
	extensions := slices.Concat(extensionOf(51, []byte{1}), extensionOf(extSupportedVersions, u16(0x0304)))
	body := slices.Concat(u16(0x0303), make([]byte, 32), with8(nil), u16(0x1301), []byte{0}, with16(extensions))
	return slices.Concat([]byte{serverHello}, with24(body))
}

func cryptoOf(offset int, data []byte) []byte {
	return slices.Concat([]byte{frameCrypto}, varint(offset), varint(len(data)), data)
}

// firstID is the connection ID that keys are made of.
var firstID = []byte{0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08}

// initial seals frames into an Initial packet with packet number 1 of two bytes.
func initial(v version, dir decoders.Direction, frames ...[]byte) []byte {
	plain := slices.Concat(frames...)
	first := byte(0xc1)
	if v == version2 {
		first = 0xd1
	}
	head := slices.Concat([]byte{first}, binary.BigEndian.AppendUint32(nil, uint32(v)), with8(firstID), with8(nil), with8(nil),
		varint(2+len(plain)+16), []byte{0, 1})
	k := NewParser().initialKeys(v, firstID)
	if k == nil {
		return slices.Concat(head, plain, make([]byte, 16)) // nobody knows the keys
	}
	nonce := k[dir].iv
	nonce[ivSize-1] ^= 1
	packet := k[dir].packet.Seal(slices.Clone(head), nonce[:], plain, head)
	var mask [16]byte
	k[dir].header.Encrypt(mask[:], packet[len(head)-2+sampleAt:][:sampleSize])
	packet[0] ^= mask[0] & 0x0f
	packet[len(head)-2] ^= mask[1]
	packet[len(head)-1] ^= mask[2]
	return packet
}

// long is a packet with a long header of another kind than Initial.
func long(first byte, v version) []byte {
	return slices.Concat([]byte{first}, binary.BigEndian.AppendUint32(nil, uint32(v)), with8(firstID), with8([]byte("server")), make([]byte, 40))
}

// tagged is a message of Google's handshake; each entry is name=value.
func tagged(entries ...string) []byte {
	name := func(s string) []byte { return append([]byte(s), make([]byte, 4-len(s))...) }
	head := slices.Concat(name("CHLO"), binary.LittleEndian.AppendUint16(nil, uint16(len(entries))), []byte{0, 0})
	var index, values []byte
	for _, e := range entries {
		tag, value, _ := strings.Cut(e, "=")
		values = append(values, value...)
		index = slices.Concat(index, name(tag), binary.LittleEndian.AppendUint32(nil, uint32(len(values))))
	}
	return slices.Concat(head, index, values)
}

// google46 is an Initial of Q046 with a STREAM frame.
func google46(message []byte) []byte {
	return slices.Concat([]byte{0xc3}, []byte("Q046"), []byte{0x50}, firstID, []byte{0, 0, 0, 1}, make([]byte, macHash),
		[]byte{0xa0, 1}, with16(message), make([]byte, 20))
}

// google43 is a packet with the public header of Q043.
func google43(message []byte) []byte {
	return slices.Concat([]byte{bitVersion | bitConnectionID}, firstID, []byte("Q043"), []byte{1}, make([]byte, macHash),
		[]byte{0xa4, 1, 0, 0}, with16(message), make([]byte, 20))
}

// seen is a parser's state that has seen datagrams.
func seen(messages ...apptest.Message) (s *State, results []app.Result) {
	s = newParser().New().(*State)
	for _, m := range messages {
		results = append(results, s.Parse(app.Input{Data: m.Data, Dir: m.Dir, Datagram: true}))
	}
	return s, results
}
