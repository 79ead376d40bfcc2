package rdp

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

func be16(v int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(v))) }
func le16(v int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(v))) }
func le32(v int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(v))) }

func tpkt(body string) string { return "\x03\x00" + be16(tpktHeader+len(body)) + body }

// x224 is a connection request or confirm with a variable part.
func x224(code byte, part string) string {
	return tpkt(string([]byte{byte(6 + len(part)), code, 0, 0, 0x12, 0x34, 0}) + part)
}

func negotiationOf(kind, flags byte, value int) string {
	return string([]byte{kind, flags}) + le16(8) + le32(value)
}

func wide(s string, size int) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(append(b, make([]byte, size-len(b))...))
}

func block(kind int, body string) string { return le16(kind) + le16(4+len(body)) + body }

// core is a client's core block with members that it may leave out.
func core(optional string) string {
	return block(blockCore, le32(0x80004)+le16(1024)+le16(768)+le16(0xca01)+le16(0xaa03)+le32(0x0407)+le32(7601)+
		wide("H\u00f6st\U0001f600", nameSize)+le32(4)+le32(1)+le32(12)+wide("ime.dll", imeSize)+optional)
}

// optional are those members, as far as the type of the connection.
func optional(post, high, capabilities int, hint byte) string {
	return le16(post) + le16(1) + le32(77) + le16(high) + le16(7) + le16(capabilities) + wide("id-1", idSize) + string([]byte{hint})
}

func channels(count int, names ...string) string {
	b := le32(count)
	for _, name := range names {
		b += name + strings.Repeat("\x00", 8-len(name)) + le32(0)
	}
	return block(blockChannels, b)
}

func connectInitial(blocks string) string {
	return tpkt("\x02\xf0\x80\x7f\x65\x82\x01\x94whatever\x00Duca" + be16(0x8000|len(blocks)) + blocks)
}

const connectReply = "\x02\xf0\x80\x7f\x66\x03\x0a\x01\x00"

func tlsRecord(kind byte, body string) string {
	return string([]byte{kind, 3, 3}) + be16(len(body)) + body
}

func hand(kind byte, body string) string {
	return string([]byte{kind, 0}) + be16(len(body)) + body
}

func der(tag byte, body string) string { return string([]byte{tag, byte(len(body))}) + body }

func certificate(serial string) string {
	return der(0x30, der(0x30, der(0xa0, der(2, "\x02"))+der(2, serial)+der(0x30, "")))
}

func chain(certificates ...string) string {
	list := ""
	for _, c := range certificates {
		list += "\x00" + be16(len(c)) + c
	}
	return hand(tlsCertificate, "\x00"+be16(len(list))+list)
}

func up(s ...string) apptest.Message {
	return apptest.Message{Dir: toServer, Data: []byte(strings.Join(s, ""))}
}
func down(s ...string) apptest.Message {
	return apptest.Message{Dir: toClient, Data: []byte(strings.Join(s, ""))}
}

var (
	certificates = chain(certificate("\x00\xab\x01"), "none", certificate("\x07"))

	plain = []apptest.Message{
		up(x224(x224Request, "Cookie: mstshash=me\r\n"+negotiationOf(negotiationRequest, 9, 3))),
		down(x224(x224Confirm, negotiationOf(negotiationResponse, 3, 0))),
		up(connectInitial(core(optional(0xca01, 24, 0x21, 6)) + block(0xc002, "\x00\x00\x00\x00") + channels(2, "rdpdr", "abcdefgh"))),
		down(tpkt(connectReply), x224(x224Confirm, "")),
		up("\x00\x05\x00\x01\x02"),
	}
	encrypted = []apptest.Message{
		up(x224(x224Request, "")), down(x224(x224Confirm, negotiationOf(negotiationResponse, 0, 2))),
		up(tlsRecord(tlsHandshakeTag, hand(1, "hello")), tlsRecord(23, "early data")),
		down(tlsRecord(tlsHandshakeTag, hand(2, "server")+certificates[:20]), tlsRecord(tlsAlertTag, "\x01\x00"), tlsRecord(tlsHandshakeTag, certificates[20:])),
		down("whatever"),
	}
)

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "plain", Messages: plain, Min: 4},
		{Name: "TLS", Messages: encrypted, Min: 3},
	})
}

func FuzzConversation(f *testing.F) {
	for _, c := range [][]apptest.Message{plain, encrypted} {
		for _, m := range c {
			f.Add(m.Data, []byte{0xfe | byte(m.Dir)})
		}
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) {
		apptest.Fuzz(t, newParser, data, ops)
		s := newParser().New()
		for _, dir := range []decoders.Direction{toServer, toClient} {
			s.Parse(app.Input{Data: data, Dir: dir})
		}
		for _, tx := range s.Txs() {
			if strings.HasPrefix(apptest.RecordText(tx.(*Tx)), "open") {
				t.Error("a record is not closed")
			}
		}
	})
}

// told parses messages and returns the records.
func told(messages ...apptest.Message) (records []string) {
	s := newParser().New()
	for _, m := range messages {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
	}
	for _, tx := range s.Txs() {
		records = append(records, apptest.RecordText(tx.(*Tx)))
	}
	return records
}

func TestMessagesAreToldOf(t *testing.T) {
	const host = `client: {version: "v5", desktop_width: 1024, desktop_height: 768, `
	const who = `keyboard_layout: "de-DE", build: "Windows 7 SP1", client_name: "Höst😀", keyboard_type: "enhanced", keyboard_subtype: 1, function_keys: 12, ime: "ime.dll"`
	request := func(part string) apptest.Message { return up(x224(x224Request, part)) }
	confirm := func(kind, flags byte, value int) apptest.Message {
		return down(x224(x224Confirm, negotiationOf(kind, flags, value)))
	}
	connect := func(blocks string) apptest.Message { return up(connectInitial(blocks)) }
	screen := func(numbers ...int) string {
		b := optional(0, 0, 1, 0) + "\x00" + le32(1)
		for i, n := range numbers {
			if i == 2 {
				b += le16(n)
			} else {
				b += le32(n)
			}
		}
		return b
	}
	const idOnly = who + `, product_id: 1, serial_number: 77, capabilities: ["support_errinfo_pdf"], id: "id-1"`
	for _, c := range []struct {
		name string
		m    apptest.Message
		want string
	}{
		{"a request", request(""), `event_type: "initial_request"`},
		{"a request with a name", request("Cookie: mstshash=me\r\n"), `event_type: "initial_request", cookie: "me"`},
		{"a request with an empty name", request("Cookie: mstshash=\r\n"), `event_type: "initial_request", cookie: ""`},
		{"a request with a name without end", request("Cookie: mstshash=me"), `event_type: "initial_request"`},
		{"a request with flags", request("Cookie: mstshash=me\r\n" + negotiationOf(1, 0x1b, 3)),
			`event_type: "initial_request", cookie: "me", flags: ["restricted_admin_mode_required", "redirected_authentication_mode_required", "correlation_info_present"]`},
		{"a request to a broker", request("Cookie: msts=1.2.3\r\n" + negotiationOf(1, 1, 3)), `event_type: "initial_request", flags: ["restricted_admin_mode_required"]`},
		{"a confirm", down(x224(x224Confirm, "")), `event_type: "initial_response"`},
		{"a confirm with a protocol", confirm(2, 0x1f, 8),
			`event_type: "initial_response", server_supports: ["extended_client_data", "dynvc_gfx", "restricted_admin", "redirected_authentication"], protocol: "hybrid_ex"`},
		{"a confirm with a protocol that there is not", confirm(2, 1, 3), `event_type: "initial_response", server_supports: ["extended_client_data"]`},
		{"a failure", confirm(3, 0, 5), `event_type: "initial_response", error_code: 5, reason: "hybrid required by server"`},
		{"a failure without a name", confirm(3, 0, 99), `event_type: "initial_response", error_code: 99`},
		{"an old client", connect(core("")), `event_type: "connect_request", ` + host + `color_depth: 8, ` + who + `}`},
		{"a client without its last members", connect(core(optional(0xca01, 24, 0x801, 6)[:8])),
			`event_type: "connect_request", ` + host + `color_depth: 8, ` + who + `, product_id: 1, serial_number: 77}`},
		{"a client", connect(core(optional(0xca01, 24, 0x801, 6)) + channels(2, "rdpdr", "abcdefgh")),
			`event_type: "connect_request", ` + host + `color_depth: 24, ` + who + `, product_id: 1, serial_number: 77, ` +
				`capabilities: ["support_errinfo_pdf", "support_skip_channeljoin"], id: "id-1", connection_hint: "lan"}, channels: ["rdpdr", "abcdefgh"]`},
		{"a client of an impossible depth", connect(core(optional(0xca03, 7, 1, 6))),
			`event_type: "connect_request", ` + host + `color_depth: 16, ` + who + `, product_id: 1, serial_number: 77}`},
		{"a client of an impossible connection", connect(core(optional(0, 0, 1, 8) + "\x00" + le32(0) + le32(300))),
			`event_type: "connect_request", ` + host + `color_depth: 8, ` + idOnly + `}`},
		{"a client with a screen", connect(core(screen(300, 200, 90, 150, 140))), `event_type: "connect_request", ` + host + `color_depth: 8, ` + idOnly +
			`, physical_width: 300, physical_height: 200, desktop_orientation: 90, scale_factor: 150, device_scale_factor: 140}`},
		{"a client with a screen of impossible scale", connect(core(screen(300, 200, 90, 99, 140))), `event_type: "connect_request", ` + host + `color_depth: 8, ` + idOnly +
			`, physical_width: 300, physical_height: 200, desktop_orientation: 90}`},
		{"a client without a screen", connect(core(screen(0, 0, 0, 100, 100))), `event_type: "connect_request", ` + host + `color_depth: 8, ` + idOnly + `}`},
		{"more channels than there are", connect(channels(9, "a")), `event_type: "connect_request", channels: ["a"]`},
		{"no channels", connect(channels(0)), `event_type: "connect_request"`},
		{"half a core block", connect(block(blockCore, le32(0x80004))), `event_type: "connect_request"`},
		{"consent to the settings", down(tpkt(connectReply)), `event_type: "connect_response"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := told(c.m)
			if want := `{tx_id: 1, ` + c.want + `}`; len(got) != 1 || got[0] != want {
				t.Errorf("records\n%s\nwant\n%s", strings.Join(got, "\n"), want)
			}
		})
	}
}

func TestCertificatesAreToldOf(t *testing.T) {
	got := told(encrypted...)
	if want := `{tx_id: 3, event_type: "tls_handshake", x509_serials: ["ab01", "7"]}`; len(got) != 3 || got[2] != want {
		t.Errorf("records %q, want %s last", got, want)
	}
	hidden := []apptest.Message{encrypted[0], encrypted[1], encrypted[2], down(tlsRecord(tlsHandshakeTag, hand(2, "server")), tlsRecord(20, "\x01"), "ciphertext")}
	if got := told(hidden...); len(got) != 2 {
		t.Errorf("records %q of TLS 1.3", got)
	}
}

func TestWhatIsNoMessageOfRDPIsPassedOver(t *testing.T) {
	for name, data := range map[string]string{
		"another class":              tpkt("\x06\xe0\x00\x00\x00\x00\x10"),
		"a reference to nothing":     tpkt("\x06\xe0\x00\x01\x00\x00\x00"),
		"a length that is too short": tpkt("\x05\xe0\x00\x00\x00\x00\x00"),
		"a length that is too long":  tpkt("\x20\xe0\x00\x00\x00\x00\x00"),
		"nothing":                    tpkt(""),
		"one byte":                   tpkt("\x02"),
		"another message of MCS":     tpkt("\x02\xf0\x80\x64\x00\x00"),
		"settings without a key":     tpkt("\x02\xf0\x80\x7f\x65\x03abc"),
		"settings cut short":         tpkt("\x02\xf0\x80\x7f\x65\x03Duca\x10"),
		"settings in fragments":      tpkt("\x02\xf0\x80\x7f\x65\x03Duca\xc1a"),
		"settings that end too soon": tpkt("\x02\xf0\x80\x7f\x65\x03Duca\x81\x00abc"),
	} {
		if got := told(up(data, x224(x224Request, ""))); len(got) != 1 {
			t.Errorf("%s: records %q, want that of the request behind it", name, got)
		}
	}
}

func TestBoundsHold(t *testing.T) {
	for _, c := range []struct {
		name, data string
		dir        decoders.Direction
		want       app.Status
	}{
		{"text", "GET / HTTP/1.0\r\n", toServer, app.StatusError},
		{"a packet shorter than its header", "\x03\x00\x00\x03", toServer, app.StatusError},
		{"a record of TLS that is too long", "\x16\x03\x03\xff\xff", toClient, app.StatusError},
		{"a message of TLS that is too long", tlsRecord(tlsHandshakeTag, "\x0b\x02\x00\x00"), toClient, app.StatusOK},
		{"too many requests", strings.Repeat(x224(x224Request, ""), maxTxs+1), toServer, app.StatusError},
	} {
		s := newParser().New()
		if r := s.Parse(app.Input{Data: []byte(c.data), Dir: c.dir}); r.Status != c.want {
			t.Errorf("%s: status %d, want %d", c.name, r.Status, c.want)
		}
		if c.want == app.StatusOK && !s.(*State).over {
			t.Errorf("%s: more is parsed", c.name)
		}
	}
	if r := newParser().New().Parse(app.Input{Data: []byte("\x03"), Gap: 1}); r.Status != app.StatusError {
		t.Error("a packet is looked for behind missing bytes")
	}
}

func TestTheStartOfAFlowTells(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       app.Answer
		dir        decoders.Direction
	}{
		{"a request", x224(x224Request, ""), app.Yes, toServer},
		{"a confirm", x224(x224Confirm, ""), app.Yes, toClient},
		{"data", tpkt(connectReply), app.Yes, toServer},
		{"its start", "\x03\x00\x00\x2b\x26", app.Maybe, toServer},
		{"a packet shorter than its message", "\x03\x00\x00\x08\x06\xe0\x00\x00", app.No, toServer},
		{"another message", tpkt("\x06\x80\x00\x00\x00\x00\x00"), app.No, toServer},
		{"HTTP", "GET / HTTP/1.0", app.No, toServer},
	} {
		in := app.Input{Data: []byte(c.data), Dir: toServer}
		if got := NewParser().Probe(in); got != c.want {
			t.Errorf("%s: answer %d, want %d", c.name, got, c.want)
		} else if got == app.Yes && NewParser().Direction(in) != c.dir {
			t.Errorf("%s runs the wrong way", c.name)
		}
	}
}
