package rfb

import (
	"encoding/binary"
	"encoding/hex"

	"spanwatch/decoders"
)

// Security types that are read (RFC 6143 section 7.2).
const (
	securityInvalid = 0 // the server refuses, and says why
	securityNone    = 1
	securityVNC     = 2
)

// Security results (RFC 6143 section 7.1.3); the last two are of servers that
// say more than it lets them.
const (
	resultOK      = 0
	resultFailed  = 1
	resultTooMany = 2
	resultUnknown = 3
)

const (
	versionLen   = 12 // "RFB 003.008\n"
	challengeLen = 16
	u32Len       = 4
	// serverInitLen is a server's message before the name: width, height, the
	// pixel format, the name's length (section 7.3.2).
	serverInitLen = 24
	maxText       = 4096 // bytes of a name or reason, as Suricata's max-string-length
)

// step is the message that is due.
type step uint8

const (
	serverVersion step = iota
	clientVersion
	securityTypes  // from version 3.7: those that the server offers
	securityChosen // before: the one that the server wants
	selection
	challenge
	response
	result
	reason
	clientInit
	serverInit
	over // nothing is read any more
)

// turns is the side that sends each message.
var turns = [over]decoders.Direction{
	serverVersion: decoders.ToClient, clientVersion: decoders.ToServer,
	securityTypes: decoders.ToClient, securityChosen: decoders.ToClient, selection: decoders.ToServer,
	challenge: decoders.ToClient, response: decoders.ToServer, result: decoders.ToClient, reason: decoders.ToClient,
	clientInit: decoders.ToServer, serverInit: decoders.ToClient,
}

// size returns how many bytes it takes to read the message at the start of
// data, which is not empty: more than there are until its length is known.
func (s step) size(data []byte) int {
	switch s {
	case serverVersion, clientVersion:
		return versionLen
	case securityTypes:
		return 1 + int(data[0])
	case challenge, response:
		return challengeLen
	case securityChosen, result:
		return u32Len
	case reason:
		return textEnd(data, 0)
	case serverInit:
		return textEnd(data, serverInitLen-u32Len)
	}
	return 1
}

// textEnd is where what is kept of a text ends, whose length stands at data[at].
func textEnd(data []byte, at int) int {
	end := at + u32Len
	if len(data) < end {
		return end
	}
	return end + int(min(binary.BigEndian.Uint32(data[at:]), maxText))
}

// read takes the message that is due, which is whole but for the end of a long
// text, and returns the next step.
func (t *Tx) read(s step, msg []byte) step {
	switch s {
	case serverVersion:
		if !t.server.read(msg) {
			return t.odd(EventMalformedMessage)
		}
		return clientVersion
	case clientVersion:
		if !t.client.read(msg) {
			return t.odd(EventMalformedMessage)
		}
		if t.atLeast(minorTypes) {
			return securityTypes
		}
		return securityChosen
	case securityTypes:
		if msg[0] == 0 {
			return reason
		}
		return selection
	case selection:
		return t.choose(uint32(msg[0]))
	case securityChosen:
		return t.choose(binary.BigEndian.Uint32(msg))
	case challenge:
		t.hasChallenge = true
		hex.Encode(t.challenge[:], msg)
		return response
	case response:
		t.hasResponse = true
		hex.Encode(t.response[:], msg)
		return result
	case result:
		return t.judge(binary.BigEndian.Uint32(msg))
	case reason:
		t.hasReason = true
		t.reason = t.text(t.reason, msg, 0)
		return t.end()
	case clientInit:
		t.hasShared, t.shared = true, msg[0] != 0
		return serverInit
	case serverInit:
		t.hasScreen = true
		copy(t.screen[:], msg)
		t.name = t.text(t.name, msg, serverInitLen-u32Len)
		return t.end()
	}
	return over
}

// choose takes the security type that the session is to have.
func (t *Tx) choose(security uint32) step {
	t.hasSecurity, t.security = true, security
	switch {
	case security == securityVNC:
		return challenge
	case security == securityNone && t.atLeast(minorResult):
		return result
	case security == securityNone:
		return clientInit
	case security == securityInvalid && !t.atLeast(minorTypes):
		return reason
	}
	return t.odd(EventUnimplementedSecurityType)
}

// judge takes the server's verdict on the client. Before version 3.8 a server
// that says no hangs up instead of saying why.
func (t *Tx) judge(verdict uint32) step {
	t.hasResult, t.result = true, verdict
	switch {
	case verdict == resultOK:
		return clientInit
	case verdict == resultFailed && t.atLeast(minorResult):
		return reason
	case verdict == resultFailed:
		return t.end()
	}
	return t.odd(EventUnknownSecurityResult)
}

// text copies the text of a message, whose length stands at msg[at].
func (t *Tx) text(dst, msg []byte, at int) []byte {
	if binary.BigEndian.Uint32(msg[at:]) > maxText {
		t.events.Add(EventTooLongString)
	}
	return append(dst[:0], msg[at+u32Len:]...)
}

// version is a side's protocol version.
type version struct {
	known        bool
	major, minor [3]byte
}

// Minor versions of protocol 3 with which the handshake changed (RFC 6143
// appendix A); other numbers are the last of these that they reach.
const (
	minorTypes  = "007" // servers offer security types, clients choose
	minorResult = "008" // there is a result without authentication too, and a reason after a bad one
)

// read takes a version message.
func (v *version) read(msg []byte) bool {
	if string(msg[:4]) != "RFB " || msg[7] != '.' || msg[11] != '\n' {
		return false
	}
	v.known = true
	copy(v.major[:], msg[4:])
	copy(v.minor[:], msg[8:])
	return true
}

// atLeast reports whether the version in use, which is the client's unless that is
// beyond the server's, is no earlier than a minor version of protocol 3.
func (t *Tx) atLeast(minor string) bool { return t.client.atLeast(minor) && t.server.atLeast(minor) }

// atLeast reports whether v is no earlier than a minor version of protocol 3.
func (v *version) atLeast(minor string) bool {
	major := string(v.major[:])
	return major > "003" || major == "003" && string(v.minor[:]) >= minor
}
