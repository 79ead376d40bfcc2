package smb

import (
	"encoding/binary"
	"unicode/utf16"

	"spanwatch/decoders"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

var le = binary.LittleEndian

// wide is UTF-16.
func wide(s string) string {
	var b []byte
	for _, c := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, c)
	}
	return string(b)
}

func u16(v int) string   { return string(le.AppendUint16(nil, uint16(v))) }
func u32(v int) string   { return string(le.AppendUint32(nil, uint32(v))) }
func u64(v int) string   { return string(le.AppendUint64(nil, uint64(v))) }
func zeros(n int) string { return string(make([]byte, n)) }
func record(m string) []byte {
	return append([]byte{0, byte(len(m) >> 16), byte(len(m) >> 8), byte(len(m))}, m...)
}

// v2 is a message of version 2 without NetBIOS.
func v2(answer bool, command, message, status int, body string) string {
	flags := 0
	if answer {
		flags = 1
	}
	return "\xfeSMB" + u16(64) + u16(0) + u32(status) + u16(command) + u16(1) + u32(flags) + u32(0) + u64(message) + u32(0) +
		u32(5) + u64(77) + zeros(16) + body
}

func request2(command, message int, body string) apptest.Message {
	return apptest.Message{Dir: toServer, Data: record(v2(false, command, message, 0, body))}
}

func answer2(command, message, status int, body string) apptest.Message {
	return apptest.Message{Dir: toClient, Data: record(v2(true, command, message, status, body))}
}

// guid is that of a file: 16 bytes that start with n.
func guid(n byte) string { return string([]byte{n, 0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 0, 0}) }

const windowsEpoch1970 = 116444736000000000

func treeConnect2(message int, path string, kind byte) []apptest.Message {
	return []apptest.Message{
		request2(v2TreeConnect, message, u16(9)+u16(0)+u16(headerV2+8)+u16(2*len(path))+wide(path)),
		answer2(v2TreeConnect, message, 0, u16(16)+string([]byte{kind, 0})+zeros(12)),
	}
}

func create2(message int, name string, file byte) []apptest.Message {
	body := u16(57) + zeros(34) + u32(2) + u32(deleteOnClose) + u16(headerV2+56) + u16(2*len(name)) + zeros(8) + wide(name)
	times := u64(windowsEpoch1970 + 10000000)
	return []apptest.Message{
		request2(v2Create, message, body),
		answer2(v2Create, message, 0, u16(89)+zeros(6)+times+times+times+times+u64(4096)+u64(1234)+zeros(8)+guid(file)+zeros(8)),
	}
}

func write2(message int, file byte, offset int, data string) apptest.Message {
	return request2(v2Write, message, u16(49)+u16(writeV2)+u32(len(data))+u64(offset)+guid(file)+zeros(16)+data)
}

func read2(message int, file byte, offset int, data string) []apptest.Message {
	return []apptest.Message{
		request2(v2Read, message, u16(49)+zeros(2)+u32(len(data))+u64(offset)+guid(file)+zeros(16)),
		answer2(v2Read, message, 0, u16(17)+string([]byte{readV2, 0})+u32(len(data))+zeros(8)+data),
	}
}

func close2(message int, file byte) []apptest.Message {
	return []apptest.Message{
		request2(v2Close, message, u16(24)+zeros(6)+guid(file)),
		answer2(v2Close, message, 0, u16(60)+zeros(58)),
	}
}

func ioctl2(message int, file byte, function int, input, output string) []apptest.Message {
	return []apptest.Message{
		request2(v2IOCTL, message, u16(57)+u16(0)+u32(function)+guid(file)+u32(headerV2+56)+u32(len(input))+zeros(24)+input),
		answer2(v2IOCTL, message, 0, u16(49)+u16(0)+u32(function)+guid(file)+zeros(8)+u32(headerV2+48)+u32(len(output))+zeros(8)+output),
	}
}

// ntlm is the message of NTLMSSP that names the user.
func ntlm(domain, user, host string) string {
	const fixed = 72
	at := fixed
	field := func(s string) string {
		f := u16(2*len(s)) + u16(2*len(s)) + u32(at)
		at += 2 * len(s)
		return f
	}
	return "NTLMSSP\x00" + u32(ntlmAuthenticate) + zeros(16) + field(domain) + field(user) + field(host) + zeros(8) + u32(0x02000001) +
		"\x0a\x00" + u16(19041) + "\x00\x00\x00\x0f" + wide(domain+user+host)
}

// pdu is a remote call in little-endian order.
func pdu(kind, flags byte, id int, body string) string {
	return "\x05\x00" + string([]byte{kind, flags}) + "\x10\x00\x00\x00" + u16(16+len(body)) + u16(0) + u32(id) + body
}

// v1 is a message of version 1; words come in pairs of bytes.
func v1(answer bool, command byte, message, status int, words, bytes string) string {
	flags := byte(0x18)
	if answer {
		flags |= flagAnswerV1
	}
	return "\xffSMB" + string([]byte{command}) + u32(status) + string([]byte{flags}) + u16(flagUnicode|flagNTStatus) + zeros(12) +
		u16(5) + u16(9) + u16(7) + u16(message) + string([]byte{byte(len(words) / 2)}) + words + u16(len(bytes)) + bytes
}

func request1(command byte, message int, words, bytes string) apptest.Message {
	return apptest.Message{Dir: toServer, Data: record(v1(false, command, message, 0, words, bytes))}
}

func answer1(command byte, message, status int, words, bytes string) apptest.Message {
	return apptest.Message{Dir: toClient, Data: record(v1(true, command, message, status, words, bytes))}
}

// alone says that no command is chained.
const alone = "\xff\x00\x00\x00"
