package tls

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

func newParser() app.Parser { return NewParser() }

const toServer, toClient = decoders.ToServer, decoders.ToClient

func message(dir decoders.Direction, data ...[]byte) apptest.Message {
	return apptest.Message{Dir: dir, Data: join(data...)}
}

// session is a whole session of TLS 1.2 with certificates of both sides.
func session(t testing.TB) []apptest.Message {
	chain := chainOf(certificateFor(t, "www.example.com"), certificateFor(t, "ca.example.com"))
	flight := join(messageOf(serverHello, answer("other", alpnExtension("h2"))), messageOf(certificateMessage, chain),
		messageOf(serverKeyExchange, []byte{1}), messageOf(certificateRequest, []byte{1}), messageOf(serverHelloDone, nil))
	var cut []byte // the flight in records of 100 bytes
	for piece := range slices.Chunk(flight, 100) {
		cut = join(cut, record(recordHandshake, piece))
	}
	return []apptest.Message{
		message(toServer, handshakeRecord(clientHello, modernHello())),
		message(toClient, cut),
		message(toServer, handshakeRecord(certificateMessage, chainOf(certificateFor(t, "client.example.com"))),
			handshakeRecord(clientKeyExchange, []byte{1, 2}), record(recordChangeCipher, []byte{1}), record(recordHandshake, make([]byte, 40))),
		message(toClient, record(recordChangeCipher, []byte{1}), record(recordHandshake, make([]byte, 40))),
		message(toServer, record(recordApplication, make([]byte, 5000))),
		message(toClient, record(recordApplication, make([]byte, 16384)), record(recordAlert, make([]byte, 26))),
	}
}

func TestParserKeepsTheContract(t *testing.T) {
	versions := extension(extSupportedVersions, u16(0x0304))
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "tls 1.2", Grows: true, Messages: session(t)},
		{Name: "tls 1.3 with a second hello", Grows: true, Messages: []apptest.Message{
			message(toServer, handshakeRecord(clientHello, modernHello())),
			message(toClient, handshakeRecord(serverHello, answer("session", versions))),
			message(toServer, handshakeRecord(clientHello, modernHello())),
			message(toClient, handshakeRecord(serverHello, answer("session", versions)), record(recordChangeCipher, []byte{1})),
			message(toServer, record(recordApplication, make([]byte, 80))),
		}},
		{Name: "ssl 2 hello", Grows: true, Messages: []apptest.Message{
			message(toServer, []byte{0x80, 28, 1, 3, 1, 0, 3, 0, 0, 0, 16, 1, 0, 0x80}, make([]byte, 16)),
			message(toClient, handshakeRecord(serverHello, answer(""))),
		}},
		{Name: "heartbeats and a fatal alert", Grows: true, Messages: []apptest.Message{
			message(toServer, record(recordHeartbeat, join([]byte{1, 0, 4}, make([]byte, 20)))),
			message(toClient, record(recordHeartbeat, join([]byte{2, 0, 4}, make([]byte, 20)))),
			message(toClient, record(recordAlert, []byte{2, 40})),
		}},
	})
}

func TestSessionGivesWhatRulesAskFor(t *testing.T) {
	p := NewParser()
	s := p.New().(*State)
	for _, m := range session(t) {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
	}
	tx := s.Txs()[0]
	texts := []struct {
		name   string
		buffer app.Buffer
		want   []string
	}{
		{"sni", app.TLSSNI, []string{"www.example.com"}},
		{"alpn of the client", app.TLSALPN, []string{"h2", "http/1.1"}},
		{"alpn of the server", app.TLSALPN.In(toClient), []string{"h2"}},
		{"random", app.TLSRandom, []string{string(random())}},
		{"time of the server's random", app.TLSRandomTime.In(toClient), []string{"\x01\x02\x03\x04"}},
		{"the other bytes", app.TLSRandomBytes, []string{string(random()[4:])}},
		{"subject", app.TLSCertSubject.In(toClient), []string{"C=IE, O=Example, CN=www.example.com, Email=a@example.com, OID(1.3.6.1.5)=odd"}},
		{"issuer of the client", app.TLSCertIssuer, []string{"C=IE, O=Example, CN=client.example.com, Email=a@example.com, OID(1.3.6.1.5)=odd"}},
		{"serial", app.TLSCertSerial.In(toClient), []string{"00:80:01"}},
		{"other names", app.TLSSubjectAltName, []string{"www.example.com", "other.example.com", "RFC822Name(b@example.com)", "[192, 0, 2, 1]"}},
		{"ja3", app.JA3String, []string{"771,4865-49199-53,0-16-10-11-13-43,29-23,0"}},
		{"ja3s", app.JA3SString, []string{"771,49199,16"}},
		{"no such instance", app.DNSQuery, nil},
	}
	for _, c := range texts {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for i := 0; ; i++ {
				b, ok := tx.Buffer(c.buffer, i)
				if !ok {
					break
				}
				got = append(got, string(b))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	for buffer, want := range map[app.Buffer]uint64{
		app.TLSVersion: 0x0304, app.TLSVersion.In(toClient): 0x0303, app.TLSSeen: 15, app.TLSCertChainLen: 2,
		app.TLSCertNotBefore: 1577934245, app.TLSCertNotAfter: 2556241445,
	} {
		if got, ok := tx.Integer(buffer, 0); !ok || got != want {
			t.Errorf("number %d is %d %v, want %d", buffer, got, ok, want)
		}
	}
	for i := range 2 {
		if der, ok := tx.Buffer(app.TLSCerts.In(toClient), i); !ok || len(der) < 200 || der[0] != 0x30 {
			t.Errorf("certificate %d: %x %v", i, der, ok)
		}
	}
	for buffer, length := range map[app.Buffer]int{app.JA3Hash: 32, app.JA3SHash: 32, app.TLSCertFingerprint: 59} {
		if b, ok := tx.Buffer(buffer, 0); !ok || len(b) != length {
			t.Errorf("buffer %d: %q", buffer, b)
		}
	}
	if b, _ := tx.Buffer(app.JA4Hash, 0); !strings.HasPrefix(string(b), "t13d0306h2_") || len(b) != 36 {
		t.Errorf("ja4 %q", b)
	}
	if !s.Encrypted() || tx.Progress(toServer) != ClientHandshakeDone || len(tx.AppendEvents(nil)) != 0 {
		t.Errorf("encrypted %v, progress %d, events %v", s.Encrypted(), tx.Progress(toServer), tx.AppendEvents(nil))
	}
}

func TestAskingForEverythingDoesNotAllocate(t *testing.T) {
	messages := session(t)
	s := NewParser().New().(*State)
	once := func() {
		for _, m := range messages {
			s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
		}
		tx := s.Txs()[0].(*Tx)
		for b := app.BufferNone; b < app.BufferCount; b++ {
			for i := 0; ; i++ {
				if _, ok := tx.Buffer(b, i); !ok {
					break
				}
			}
		}
		if r := tx.Record(); r == nil || len(r.Server.AltNames) == 0 {
			t.Fatal("no record")
		}
		s.Reset()
	}
	once()
	if n := testing.AllocsPerRun(20, once); n != 0 {
		t.Errorf("%v allocations for a session, want 0", n)
	}
}

// TestJA4OfAnEmptyHello has the value that every implementation agrees on: the
// digests of nothing and of "_".
func TestJA4OfAnEmptyHello(t *testing.T) {
	s := NewParser().New().(*State)
	if got := string(s.tx.JA4()); got != "t00i000000_e3b0c44298fc_d2e2adf7177b" {
		t.Errorf("got %s", got)
	}
}

func TestAHelloOfSSL2HasTheJA4OfAnEmptyOne(t *testing.T) {
	s := NewParser().New().(*State)
	if _, ok := s.tx.Buffer(app.JA4Hash, 0); ok {
		t.Error("a JA4 before any hello")
	}
	s.Parse(app.Input{Data: append([]byte{0x80, 28, 1, 3, 1, 0, 3, 0, 0, 0, 16, 1, 0, 0x80}, make([]byte, 16)...)})
	if got, _ := s.tx.Buffer(app.JA4Hash, 0); string(got) != "t00i000000_e3b0c44298fc_d2e2adf7177b" {
		t.Errorf("%q", got)
	}
}

func TestAlertsKnowTheSessionSoFar(t *testing.T) {
	messages := session(t)
	s := NewParser().New().(*State)
	s.Parse(app.Input{Data: messages[0].Data, Dir: messages[0].Dir})
	tx := s.Txs()[0].(*Tx)
	if r := tx.Record(); r != nil {
		t.Errorf("a record of a hello alone: %+v", r)
	}
	if r := tx.SoFar(); string(r.SNI) != "www.example.com" || r.Version != VersionTLS13 || r.Resumed || len(r.ClientProtocols) != 2 || r.Server.Subject != nil {
		t.Errorf("so far %+v", r)
	}
}

func TestMalformedShapes(t *testing.T) {
	client := func(extensions ...[]byte) []byte { return handshakeRecord(clientHello, hello(extensions...)) }
	cert := certificateFor(t, "a")
	cases := []struct {
		name   string
		data   []byte
		status app.Status
		events []app.Event
	}{
		{"an unknown type of record is no TLS", []byte{9, 3, 3, 0, 1, 0}, app.StatusError, []app.Event{app.EventTLSInvalidRecordType}},
		{"a record without bytes", []byte{22, 3, 3, 0, 0}, app.StatusError, []app.Event{app.EventTLSInvalidRecordLength}},
		{"a record that is too long", []byte{22, 3, 3, 0xff, 0xff}, app.StatusError, []app.Event{app.EventTLSInvalidRecordLength}},
		{"a version that there is not", []byte{22, 3, 9, 0, 1}, app.StatusError, []app.Event{app.EventTLSInvalidRecordVersion}},
		{"a handshake record below a header", record(recordHandshake, []byte{1, 0, 0}), app.StatusError,
			[]app.Event{app.EventTLSInvalidHandshakeMessage, app.EventTLSInvalidSSLRecord}},
		{"an unknown message", handshakeRecord(99, []byte{1}), app.StatusOK, []app.Event{app.EventTLSInvalidHandshakeMessage}},
		{"a message that is too long", record(recordHandshake, []byte{1, 0xff, 0, 0, 1}), app.StatusOK, []app.Event{app.EventTLSHandshakeInvalidLength}},
		{"a hello that ends early", handshakeRecord(clientHello, modernHello()[:60]), app.StatusOK, []app.Event{app.EventTLSHandshakeInvalidLength}},
		{"a hello with an odd list of ciphers", handshakeRecord(clientHello, join(u16(0x303), random(), []byte{0}, with16([]byte{1, 2, 3}), []byte{1, 0})),
			app.StatusOK, []app.Event{app.EventTLSHandshakeInvalidLength}},
		{"two names", client(sniExtension("a"), sniExtension("b")), app.StatusOK, []app.Event{app.EventTLSMultipleSNIExtensions}},
		{"a name of another type", client(extension(extServerName, []byte{0, 4, 7, 0, 1, 'a'})), app.StatusOK, []app.Event{app.EventTLSInvalidSNIType}},
		{"a name longer than its extension", client(extension(extServerName, []byte{0, 4, 0, 0, 9, 'a'})), app.StatusOK, []app.Event{app.EventTLSInvalidSNILength}},
		{"a name longer than names are", client(sniExtension(strings.Repeat("a", 256))), app.StatusOK, []app.Event{app.EventTLSInvalidSNILength}},
		{"a list of protocols longer than its extension", client(extension(extALPN, []byte{0, 9, 1, 'a'})), app.StatusOK, []app.Event{app.EventTLSHandshakeInvalidLength}},
		{"a chain longer than its message", handshakeRecord(certificateMessage, []byte{0, 0, 9, 1}), app.StatusOK, nil},
		{"a certificate longer than its chain", handshakeRecord(certificateMessage, []byte{0, 0, 4, 0, 0, 9, 1}), app.StatusOK, []app.Event{app.EventTLSInvalidCertificate}},
		{"a certificate that is none", handshakeRecord(certificateMessage, chainOf([]byte{2, 1, 0})), app.StatusOK, []app.Event{app.EventTLSCertificateInvalidDER}},
		{"a certificate that is cut", handshakeRecord(certificateMessage, chainOf(cert[:100])), app.StatusOK, []app.Event{app.EventTLSInvalidCertificate}},
		{"a heartbeat that asks for too much", record(recordHeartbeat, []byte{1, 0x40, 0}), app.StatusError, []app.Event{app.EventTLSOverflowHeartbeatMessage}},
		{"a heartbeat without padding", record(recordHeartbeat, []byte{1, 0, 1, 0}), app.StatusError, []app.Event{app.EventTLSInvalidHeartbeatMessage}},
		{"a heartbeat of no kind", record(recordHeartbeat, []byte{3, 0, 0}), app.StatusError, []app.Event{app.EventTLSInvalidHeartbeatMessage}},
		{"two heartbeats without answer", join(record(recordHeartbeat, join([]byte{1, 0, 0}, make([]byte, 16))), record(recordHeartbeat, join([]byte{1, 0, 0}, make([]byte, 16)))),
			app.StatusError, []app.Event{app.EventTLSInvalidHeartbeatMessage}},
		{"an alert of one byte", record(recordAlert, []byte{1}), app.StatusError, []app.Event{app.EventTLSInvalidAlert}},
		{"an error of SSL 2", []byte{0x80, 1, 0}, app.StatusOK, []app.Event{app.EventTLSErrorMessageEncountered}},
		{"a record of SSL 2 without bytes", []byte{0x80, 0}, app.StatusError, []app.Event{app.EventTLSInvalidSSLv2Header, app.EventTLSInvalidSSLRecord}},
		{"a hello of SSL 2 that ends early", []byte{0x80, 2, 1, 0}, app.StatusError, []app.Event{app.EventTLSInvalidSSLRecord}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := NewParser().New()
			if r := s.Parse(app.Input{Data: c.data}); r.Status != c.status {
				t.Errorf("status %d, want %d", r.Status, c.status)
			}
			if got := s.Txs()[0].AppendEvents(nil); !slices.Equal(got, c.events) {
				t.Errorf("events %v, want %v", got, c.events)
			}
		})
	}
}

func TestAnEncryptedAnswerLongerThanItsHeartbeatIsALeak(t *testing.T) {
	s := NewParser().New()
	s.Parse(app.Input{Data: join(record(recordChangeCipher, []byte{1}), record(recordHeartbeat, make([]byte, 30)))})
	r := s.Parse(app.Input{Data: record(recordHeartbeat, make([]byte, 300)), Dir: toClient})
	if r.Status != app.StatusError || !s.Txs()[0].HasEvent(app.EventTLSDataleakHeartbeatMismatch) {
		t.Errorf("%+v, events %v", r, s.Txs()[0].AppendEvents(nil))
	}
}

func TestACertificateWithTooManyNamesIsAnEventAndTheFirstAreToldOf(t *testing.T) {
	const others = 4 // that certificateFor puts into each
	for n, want := range map[int]bool{maxAltNames - 1: false, maxAltNames: true, maxAltNames + 1: true} {
		names := make([]string, n-others)
		for i := range names {
			names[i] = "n" // all fit into one record
		}
		s := newParser().New()
		s.Parse(app.Input{Dir: toClient, Data: handshakeRecord(certificateMessage, chainOf(certificateFor(t, "www.example.com", names...)))})
		tx := s.Txs()[0].(*Tx)
		if got := tx.HasEvent(app.EventTLSTooManySubjectAlternativeNames); got != want {
			t.Errorf("%d names: event %v", n, got)
		}
		if got := len(tx.altNames()); got != min(n, maxAltNames) {
			t.Errorf("%d names: %d told of", n, got)
		}
	}
}

func TestAnUnreadableCertificateGivesWayToTheNext(t *testing.T) {
	s := NewParser().New()
	good := certificateFor(t, "second")
	s.Parse(app.Input{Data: handshakeRecord(certificateMessage, chainOf([]byte{2, 1, 0}, good)), Dir: toClient})
	tx := s.Txs()[0]
	if b, _ := tx.Buffer(app.TLSCertSubject.In(toClient), 0); !bytes.Contains(b, []byte("CN=second")) {
		t.Errorf("subject %q", b)
	}
	if n, _ := tx.Integer(app.TLSCertChainLen, 0); n != 1 {
		t.Errorf("%d certificates count", n)
	}
}

func TestGaps(t *testing.T) {
	s := NewParser().New()
	s.Parse(app.Input{Data: record(recordApplication, make([]byte, 100))[:55]})
	if r := s.Parse(app.Input{Data: make([]byte, 10), Gap: 40}); r.Status != app.StatusOK {
		t.Errorf("a gap in application data: %+v", r)
	}
	if r := s.Parse(app.Input{Data: record(recordAlert, []byte{1, 0}), Gap: 1}); r.Status != app.StatusError {
		t.Errorf("a gap anywhere else: %+v", r)
	}
}

func TestNames(t *testing.T) {
	attribute := func(tag byte, text string) []byte {
		a := join([]byte{6, 3, 0x55, 4, 3, tag}, with8([]byte(text)))
		return join([]byte{0x30}, with8(a))
	}
	set := func(attributes ...[]byte) []byte { return join([]byte{0x31}, with8(join(attributes...))) }
	cases := []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, ""},
		{"attributes of one set", set(attribute(12, "a"), attribute(12, "b")), "CN=a + CN=b"},
		{"attributes of two sets", join(set(attribute(12, "a")), set(attribute(12, "b"))), "CN=a, CN=b"},
		{"UTF-16", set(attribute(30, "\x00a\xd8\x3d\xde\x00")), "CN=a\U0001F600"},
		{"half a pair of UTF-16", set(attribute(30, "\xd8\x3d")), unreadableName},
		{"Latin-1", set(attribute(20, "\xe9")), unreadableName},
		{"no text at all", set(attribute(1, "\xff")), "CN=FF"},
		{"a zero byte", set(attribute(12, "a\x00b")), "CN=a\x00b"},
		{"a broken set ends the name", join(set(attribute(12, "a")), []byte{0x31, 9}), "CN=a"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := string(appendName([]byte("x"), c.data)); got != "x"+c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTimes(t *testing.T) {
	cases := []struct {
		tag  byte
		text string
		want int64
		ok   bool
	}{
		{tagUTCTime, "700101000000Z", 0, true},
		{tagUTCTime, "490101000000Z", 2493072000, true},
		{tagUTCTime, "500101000000Z", -631152000, true},
		{tagUTCTime, "7001010000Z", 0, true},
		{tagUTCTime, "700101010000+0100", 0, true},
		{tagGeneralizedTime, "19700101000001.25Z", 1, true},
		{tagUTCTime, "701301000000Z", 0, false},
		{tagUTCTime, "700101000000", 0, false},
		{tagUTCTime, "70010100xx00Z", 0, false},
		{tagUTCTime, "", 0, false},
		{tagInteger, "700101000000Z", 0, false},
	}
	for _, c := range cases {
		got, rest, ok := nextTime(join([]byte{c.tag}, with8([]byte(c.text)), []byte{5}))
		if got != c.want || ok != c.ok || ok && len(rest) != 1 {
			t.Errorf("%s: %d %v, want %d %v", c.text, got, ok, c.want, c.ok)
		}
	}
}

func TestVersionsHaveTheNamesOfEvents(t *testing.T) {
	for v, want := range map[Version]string{
		0: "UNDETERMINED", VersionSSL2: "SSLv2", VersionSSL3: "SSLv3", VersionTLS10: "TLSv1", VersionTLS11: "TLS 1.1",
		VersionTLS12: "TLS 1.2", VersionTLS13: "TLS 1.3", 0x7f1c: "TLS 1.3 draft-28", 0xfb1a: "TLS 1.3 draft-26-fb",
		versionEarlyDraft: "TLS 1.3 draft-<16", 0x1234: "4660",
	} {
		if got := string(v.AppendText(nil)); got != want {
			t.Errorf("%04x: %s, want %s", uint16(v), got, want)
		}
	}
}

func TestProbe(t *testing.T) {
	for data, want := range map[string]app.Answer{
		"\x80\x2e\x01": app.Yes, "\x16\x03\x01": app.No, "\x80": app.Maybe,
	} {
		if got := NewParser().Probe(app.Input{Data: []byte(data)}); got != want {
			t.Errorf("%x: %d, want %d", data, got, want)
		}
	}
	if got := NewParser().Probe(app.Input{Data: []byte("\x80\x2e\x01"), Datagram: true}); got != app.No {
		t.Errorf("a datagram: %d", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := NewParser().New().(*State)
	many := hello(alpnExtension(strings.Repeat("a", 255), strings.Repeat("b", 255)), extension(extGroups, with16(make([]byte, 12000))))
	for i := range 300 {
		if r := s.Parse(app.Input{Data: handshakeRecord(clientHello, many)}); r.Status != app.StatusOK {
			t.Fatalf("hello %d: %+v", i, r)
		}
	}
	if n := len(s.tx.sides[0].numbers.groups); n != maxNumbers {
		t.Errorf("%d groups, want as many as there may be", n)
	}
	for i, list := range [][]uint16{s.tx.sides[0].numbers.ciphers, s.tx.sides[0].numbers.groups} {
		if len(list) > maxNumbers {
			t.Errorf("list %d has %d numbers", i, len(list))
		}
	}
	if len(s.tx.names) > maxNames {
		t.Errorf("%d bytes of names", len(s.tx.names))
	}
	s.Reset()
	if cap(s.tx.names) > keptNames || cap(s.tx.sides[0].numbers.groups) > 256 {
		t.Error("memory was not given up")
	}
}

func FuzzParse(f *testing.F) {
	for _, m := range session(f) {
		f.Add(m.Data, []byte{0, 1, 20, 31, 1})
	}
	f.Add(join(handshakeRecord(clientHello, modernHello()), record(recordApplication, []byte{1})), []byte{0})
	f.Add([]byte{0x80, 28, 1, 3, 1, 0, 3, 0, 0, 0, 16, 1, 0, 0x80}, []byte{0})
	f.Fuzz(func(t *testing.T, data, ops []byte) {
		apptest.Fuzz(t, newParser, data, ops)
	})
}

// FuzzCertificate holds whatever is read of a certificate against its bytes.
func FuzzCertificate(f *testing.F) {
	f.Add(certificateFor(f, "a"))
	f.Fuzz(func(t *testing.T, der []byte) {
		s := NewParser().New().(*State)
		if len(der) > maxMessage-6 {
			return
		}
		s.tx.readCertificates(chainOf(der), toClient)
		s.open = true
		apptest.Snapshot(t, s)
		c := s.tx.sides[toClient].certs
		if (c.leaf.der == nil) != (s.tx.events != 0) {
			t.Errorf("certificate %v, events %v", c.leaf.der != nil, s.tx.AppendEvents(nil))
		}
		if len(c.leaf.serial)+len(c.leaf.issuer)+len(c.leaf.subject)+len(c.leaf.altNames) > len(der) {
			t.Error("parts are longer than the whole")
		}
	})
}

func BenchmarkHandshake(b *testing.B) {
	messages := session(b)
	s := NewParser().New().(*State)
	b.ReportAllocs()
	for b.Loop() {
		for _, m := range messages {
			s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
		}
		s.Reset()
	}
}
