// Package exportertest is what the tests of sinks share: events in numbers,
// put through a real exporter and outlet, so that the accounts checked are
// those that the pipeline would see.
package exportertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

// Feed gives numbered events to one sink.
type Feed struct {
	t      testing.TB
	x      *exporter.Exporter
	outlet *exporter.Outlet
	ended  chan error
	n      int
}

// Start runs an outlet in front of a sink.
func Start(t testing.TB, s exporter.Sink, cfg exporter.Config) *Feed {
	t.Helper()
	e, err := event.NewEncoder(event.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &Feed{t: t, outlet: exporter.NewOutlet(s, cfg), ended: make(chan error, 1)}
	f.x = exporter.New(e, 0, f.outlet)
	go func() { f.ended <- f.outlet.Run(t.Context()) }()
	return f
}

// Send makes n events of a type, with pad bytes of filling, and flushes. The
// event numbered i has the member "n":i, counted from 1.
func (f *Feed) Send(typ event.Type, n, pad int) {
	for range n {
		f.n++
		open := fmt.Appendf(nil, `{"n":%d,"event_type":%q,"alert":{"severity":%d},"pad":"%s"`, f.n, typ, 1+f.n%3, strings.Repeat("x", pad))
		f.x.Append(typ, open, event.ID{byte(f.n >> 16), byte(f.n >> 8), byte(f.n)}, nil, int64(f.n)*1e9)
	}
	f.x.Flush()
}

// Counts are the accounts as they stand, which must balance.
func (f *Feed) Counts() exporter.TypeCounts {
	f.t.Helper()
	counts := f.outlet.Snapshot()
	total := counts.Total()
	if total.Balance() != 0 {
		f.t.Errorf("the accounts do not balance: %+v", total)
	}
	return total
}

// Close ends the input, waits for the outlet and returns the final accounts.
func (f *Feed) Close() exporter.TypeCounts {
	f.t.Helper()
	f.x.Close()
	if err := <-f.ended; err != nil {
		f.t.Errorf("closing the sink: %v", err)
	}
	total := f.Counts()
	if total.Made != uint64(f.n) || total.Queued != 0 {
		f.t.Errorf("%d events were sent, the accounts say %+v", f.n, total)
	}
	return total
}

// Certificate writes a certificate for 127.0.0.1 and localhost that is its own
// authority, and its key, as PEM files.
func Certificate(t testing.TB) (cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// Program returns the path of a program that a test needs. Without it the test
// is skipped, or fails when $SPANWATCH_TEST_REQUIRE, a comma-separated list,
// names it.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if slices.Contains(strings.Split(os.Getenv("SPANWATCH_TEST_REQUIRE"), ","), name) {
		t.Fatalf("$SPANWATCH_TEST_REQUIRE demands %s: %v", name, err)
	}
	t.Skipf("%s is not installed (make deps-test): %v", name, err)
	return ""
}
