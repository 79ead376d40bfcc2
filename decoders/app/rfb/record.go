package rfb

import (
	"encoding/binary"

	"spanwatch/decoders/app"
)

// AppendRecord fills in the record of the session, with the members of EVE.
// There is none before the server has said its version.
func (t *Tx) AppendRecord(r *app.Record) bool {
	if !t.server.known {
		return false
	}
	t.server.append(r, "server_protocol_version")
	if t.client.known {
		t.client.append(r, "client_protocol_version")
	}
	r.Object("authentication")
	t.appendAuthentication(r)
	r.End()
	if t.hasReason {
		r.Text("server_security_failure_reason", t.reason)
	}
	if t.hasShared {
		r.Bool("screen_shared", t.shared)
	}
	if t.hasScreen {
		r.Object("framebuffer")
		t.appendScreen(r)
		r.End()
	}
	return true
}

func (v *version) append(r *app.Record, name string) {
	r.Object(name)
	r.Text("major", v.major[:])
	r.Text("minor", v.minor[:])
	r.End()
}

func (t *Tx) appendAuthentication(r *app.Record) {
	if t.hasSecurity {
		r.Uint("security_type", uint64(t.security))
	}
	if t.hasSecurity && t.security == securityVNC {
		r.Object("vnc")
		if t.hasChallenge {
			r.Text("challenge", t.challenge[:])
		}
		if t.hasResponse {
			r.Text("response", t.response[:])
		}
		r.End()
	}
	if !t.hasResult {
		return
	}
	switch t.result {
	case resultOK:
		r.Word("security_result", "OK")
	case resultFailed:
		r.Word("security_result", "FAIL")
	case resultTooMany:
		r.Word("security_result", "TOOMANY")
	default:
		r.Word("security_result", "UNKNOWN")
	}
}

// appendScreen adds the server's message (RFC 6143 sections 7.3.2 and 7.4).
func (t *Tx) appendScreen(r *app.Record) {
	be16 := func(at int) uint64 { return uint64(binary.BigEndian.Uint16(t.screen[at:])) }
	r.Uint("width", be16(0))
	r.Uint("height", be16(2))
	r.Text("name", t.name)
	r.Object("pixel_format")
	r.Uint("bits_per_pixel", uint64(t.screen[4]))
	r.Uint("depth", uint64(t.screen[5]))
	r.Bool("big_endian", t.screen[6] != 0)
	r.Bool("true_color", t.screen[7] != 0)
	r.Uint("red_max", be16(8))
	r.Uint("green_max", be16(10))
	r.Uint("blue_max", be16(12))
	r.Uint("red_shift", uint64(t.screen[14]))
	r.Uint("green_shift", uint64(t.screen[15]))
	r.Uint("blue_shift", uint64(t.screen[16]))
	r.End()
}
