package smb

import (
	"bytes"
	"encoding/binary"
)

// ntlmAuthenticate is the type of the message that names the user (MS-NLMP
// section 2.2.1.3).
const ntlmAuthenticate = 3

var ntlmSignature = []byte("NTLMSSP\x00")

// ntlmssp takes user, domain and host from the security blob of a session
// set-up, however it is wrapped.
func (t *Tx) ntlmssp(blob []byte) {
	at := bytes.Index(blob, ntlmSignature)
	if at < 0 {
		return
	}
	m := blob[at:]
	const fixed = 64
	if len(m) < 12 || binary.LittleEndian.Uint32(m[8:]) != ntlmAuthenticate {
		return
	}
	if len(m) < fixed {
		t.events.Add(EventMalformedNtlmsspRequest)
		return
	}
	flags := binary.LittleEndian.Uint32(m[60:])
	const unicode, versioned = 0x00000001, 0x02000000
	field := func(text, at int) {
		n, from := int(binary.LittleEndian.Uint16(m[at:])), int(binary.LittleEndian.Uint32(m[at+4:]))
		if from+n > len(m) {
			t.events.Add(EventMalformedNtlmsspRequest)
			return
		}
		value := part(m, from, n)
		if flags&unicode != 0 {
			t.texts[text] = appendUTF16(t.texts[text][:0], value)
		} else {
			t.set(text, value)
		}
	}
	field(textDomain, 28)
	field(textUser, 36)
	field(textHost, 44)
	t.ntlm = true
	if flags&versioned != 0 && len(m) >= fixed+8 {
		v := m[fixed:]
		b := appendDecimal(t.texts[textVersion][:0], uint64(v[0]))
		b = appendDecimal(append(b, '.'), uint64(v[1]))
		b = appendDecimal(append(b, " build "...), uint64(binary.LittleEndian.Uint16(v[2:])))
		t.texts[textVersion] = appendDecimal(append(b, " rev "...), uint64(v[7]))
	}
}
