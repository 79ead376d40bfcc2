package tls

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"math/big"
	"net"
	"testing"
	"time"

	"crypto/rand"
)

// u16 is a big-endian number.
func u16(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }

func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// with8, with16 and with24 put a length in front.
func with8(b []byte) []byte  { return join([]byte{byte(len(b))}, b) }
func with16(b []byte) []byte { return join(u16(len(b)), b) }
func with24(b []byte) []byte {
	return join([]byte{byte(len(b) >> 16), byte(len(b) >> 8), byte(len(b))}, b)
}

func record(kind byte, body []byte) []byte { return join([]byte{kind, 3, 3}, with16(body)) }
func messageOf(kind byte, body []byte) []byte {
	return join([]byte{kind}, with24(body))
}
func handshakeRecord(kind byte, body []byte) []byte {
	return record(recordHandshake, messageOf(kind, body))
}

func extension(kind int, body []byte) []byte { return join(u16(kind), with16(body)) }

func sniExtension(name string) []byte {
	return extension(extServerName, with16(join([]byte{0}, with16([]byte(name)))))
}

func alpnExtension(names ...string) []byte {
	var list []byte
	for _, n := range names {
		list = join(list, with8([]byte(n)))
	}
	return extension(extALPN, with16(list))
}

func random() []byte {
	b := make([]byte, 32)
	for i := range b {
		b[i] = byte(i + 1)
	}
	return b
}

// hello is the body of a client's hello.
func hello(extensions ...[]byte) []byte {
	ciphers := join(u16(0x1a1a), u16(0x1301), u16(0xc02f), u16(0x0035))
	return join(u16(0x0303), random(), with8([]byte("session")), with16(ciphers), with8([]byte{0}), with16(join(extensions...)))
}

func modernHello() []byte {
	return hello(
		extension(0x2a2a, nil), sniExtension("www.example.com"), alpnExtension("h2", "http/1.1"),
		extension(extGroups, with16(join(u16(0x3a3a), u16(29), u16(23)))), extension(extPointFormats, with8([]byte{0})),
		extension(extSignatures, with16(join(u16(0x0403), u16(0x0804)))),
		extension(extSupportedVersions, with8(join(u16(0x4a4a), u16(0x0304), u16(0x0303)))))
}

// answer is the body of a server's hello.
func answer(session string, extensions ...[]byte) []byte {
	return join(u16(0x0303), random(), with8([]byte(session)), u16(0xc02f), []byte{0}, with16(join(extensions...)))
}

func chainOf(certs ...[]byte) []byte {
	var list []byte
	for _, c := range certs {
		list = join(list, with24(c))
	}
	return with24(list)
}

// certificateFor makes a certificate with many kinds of names.
func certificateFor(t testing.TB, name string, more ...string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x8001),
		Subject: pkix.Name{Country: []string{"IE"}, Organization: []string{"Example"}, CommonName: name,
			ExtraNames: []pkix.AttributeTypeAndValue{{Type: []int{1, 2, 840, 113549, 1, 9, 1}, Value: "a@example.com"}, {Type: []int{1, 3, 6, 1, 5}, Value: "odd"}}},
		NotBefore:   time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC),
		NotAfter:    time.Date(2051, 1, 2, 3, 4, 5, 0, time.UTC),
		DNSNames:    append([]string{name, "other.example.com"}, more...),
		IPAddresses: []net.IP{net.IPv4(192, 0, 2, 1)},
	}
	template.EmailAddresses = []string{"b@example.com"}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
