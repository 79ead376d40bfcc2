package pipeline

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"math/big"
	"strings"
	"testing"
	"time"

	"spanwatch/decoders"
)

const ts, tc = decoders.ToServer, decoders.ToClient

// withLength puts the length of s, in n bytes, in front of it.
func withLength(n int, s string) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(s)))
	return string(b[4-n:]) + s
}

// handshakeOfTLS are the hellos of TLS 1.2 and a certificate for CN=name.
func handshakeOfTLS(t *testing.T, name string) []said {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Date(2051, 1, 2, 3, 4, 5, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	random := strings.Repeat("r", 32)
	record := func(kind byte, body string) string {
		return "\x16\x03\x03" + withLength(2, string([]byte{kind})+withLength(3, body))
	}
	return []said{
		{ts, record(1, "\x03\x03"+random+"\x00\x00\x02\x00\x2f\x01\x00")},
		{tc, record(2, "\x03\x03"+random+"\x00\x00\x2f\x00") + record(11, withLength(3, withLength(3, string(der)))) + record(14, "")},
	}
}

// TestProtocolsGiveWayToTLS: what follows is parsed as TLS, rules see its
// certificate, and its record says where it came from.
func TestProtocolsGiveWayToTLS(t *testing.T) {
	const startTLS = "1.3.6.1.4.1.1466.20037"
	for _, tt := range []struct {
		from  string
		port  uint16
		turns []said
	}{
		{"smtp", 25, []said{{tc, "220 mx ESMTP\r\n"}, {ts, "EHLO me\r\n"}, {tc, "250-mx\r\n250 STARTTLS\r\n"}, {ts, "STARTTLS\r\n"}, {tc, "220 go ahead\r\n"}}},
		{"ftp", 21, []said{{tc, "220 hello\r\n"}, {ts, "AUTH TLS\r\n"}, {tc, "234 go ahead\r\n"}}},
		{"http", 3128, []said{{ts, "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"}, {tc, "HTTP/1.1 200 OK\r\n\r\n"}}},
		{"pgsql", 5432, []said{{ts, "\x00\x00\x00\x08\x04\xd2\x16\x2f"}, {tc, "S"}}},
		{"ldap", 389, []said{{ts, "\x30\x1d\x02\x01\x01\x77\x18\x80\x16" + startTLS}, {tc, "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"}}},
	} {
		t.Run(tt.from, func(t *testing.T) {
			path := session(t, tt.port, append(tt.turns, handshakeOfTLS(t, "starttls.example")...))
			r := replay(t, `alert tls any any -> any any (tls.cert_subject; content:"starttls.example"; sid:1;)`, nil, path)
			records, alerts := r.ofType("tls"), r.ofType("alert")
			if len(records) != 1 || len(alerts) != 1 {
				t.Fatalf("%d records, %d alerts:\n%s", len(records), len(alerts), r.text)
			}
			for _, line := range []string{records[0], alerts[0]} {
				if !strings.Contains(line, `"from_proto":"`+tt.from+`"`) || !strings.Contains(line, `"subject":"CN=starttls.example"`) {
					t.Errorf("%s", line)
				}
			}
			if anomalies := r.ofType("anomaly"); len(anomalies) > 0 {
				t.Errorf("%s", anomalies)
			}
		})
	}
}

// TestWhatWasSaidBeforeTLSIsTheFormerProtocols: rules of that protocol see it on
// the stream, in both directions, and rules of TLS do not.
func TestWhatWasSaidBeforeTLSIsTheFormerProtocols(t *testing.T) {
	path := session(t, 3128, append([]said{
		{ts, "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"}, {tc, "HTTP/1.1 200 Granted\r\n\r\n"},
	}, handshakeOfTLS(t, "a.example")...))
	r := replay(t, `alert http any any -> any any (content:"CONNECT a.example"; sid:1;)
alert http any any -> any any (flow:to_client; content:"200 Granted"; sid:2;)
alert http any any -> any any (http.stat_msg; content:"Granted"; sid:3;)
alert http any any -> any any (content:"rrrrrrrr"; sid:4;)
alert tls any any -> any any (content:"a.example:443"; sid:5;)
`, nil, path)
	for sid, want := range map[string]int{"1": 1, "2": 1, "3": 1, "4": 0, "5": 0} {
		if n := strings.Count(string(r.text), `"signature_id":`+sid+`,`); n != want {
			t.Errorf("%d alerts of rule %s, want %d", n, sid, want)
		}
	}
}

// frame2 is a frame of HTTP/2.
func frame2(kind, flags byte, stream uint32, content string) string {
	return withLength(3, content)[:3] + string([]byte{kind, flags}) + string(binary.BigEndian.AppendUint32(nil, stream)) + content
}

// headers2 is a block of headers without compression.
func headers2(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		b.WriteString("\x00" + withLength(1, pairs[i]) + withLength(1, pairs[i+1]))
	}
	return b.String()
}

const (
	preface2  = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	settings2 = 4
	headOf2   = 1
	dataOf2   = 0
	ended     = 1 // the stream
	whole     = 4 // the block of headers
)

func TestHTTP1GivesWayToHTTP2(t *testing.T) {
	path := session(t, 80, []said{
		{ts, "GET /up HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"},
		{tc, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"},
		{ts, preface2 + frame2(settings2, 0, 0, "")},
		{tc, frame2(settings2, 0, 0, "") + frame2(headOf2, whole, 1, headers2(":status", "200")) + frame2(dataOf2, ended, 1, "first")},
		{ts, frame2(headOf2, whole|ended, 3, headers2(":method", "GET", ":path", "/next", ":scheme", "http", ":authority", "a.example"))},
		{tc, frame2(headOf2, whole, 3, headers2(":status", "404")) + frame2(dataOf2, ended, 3, "second")},
	})
	r := replay(t, `alert http1 any any -> any any (http.uri; content:"/up"; sid:1;)
alert http2 any any -> any any (http.uri; content:"/next"; sid:2;)
alert http2 any any -> any any (flow:to_client; file.data; content:"first"; sid:3;)
alert http2 any any -> any any (http.stat_code; content:"404"; sid:4;)
`, nil, path)
	for sid := '1'; sid <= '4'; sid++ {
		if n := strings.Count(string(r.text), `"signature_id":`+string(sid)+`,`); n != 1 {
			t.Errorf("%d alerts of rule %c", n, sid)
		}
	}
	if flows := r.ofType("flow"); len(flows) != 1 || !strings.Contains(flows[0], `"app_proto":"http2"`) || !strings.Contains(flows[0], `"app_proto_orig":"http"`) {
		t.Errorf("%s", flows)
	}
}

func TestDNSInHTTP2IsDNS(t *testing.T) {
	const question = "\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01"
	const answer = "\x00\x00\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x07"
	const kind = "application/dns-message"
	path := session(t, 80, []said{
		{ts, preface2 + frame2(settings2, 0, 0, "") +
			frame2(headOf2, whole, 1, headers2(":method", "POST", ":path", "/dns-query", ":scheme", "http", ":authority", "doh.example", "content-type", kind)) +
			frame2(dataOf2, ended, 1, question)},
		{tc, frame2(settings2, 0, 0, "") + frame2(headOf2, whole, 1, headers2(":status", "200", "content-type", kind)) + frame2(dataOf2, ended, 1, answer)},
	})
	r := replay(t, `alert dns any any -> any any (dns.query; content:"example.org"; sid:1;)
alert doh2 any any -> any any (http.uri; content:"/dns-query"; sid:2;)
`, nil, path)
	for _, sid := range "12" {
		if n := strings.Count(string(r.text), `"signature_id":`+string(sid)+`,`); n != 1 {
			t.Errorf("%d alerts of rule %c", n, sid)
		}
	}
	records := r.ofType("dns")
	if len(records) != 1 || !strings.Contains(records[0], `"rdata":"192.0.2.7"`) || !strings.Contains(records[0], `"url":"/dns-query"`) {
		t.Errorf("%s", strings.Join(records, "\n"))
	}
}
