package tlsclient_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"spanwatch/exporter/tlsclient"
)

func TestTLSFilesAreReadAgainWhenTheyChangeOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	var keep tlsclient.Files
	cfg := tlsclient.Config{Enabled: true, CAFile: file}
	if err := os.WriteFile(file, []byte(testCA), 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := keep.Client(&cfg, "host")
	if err != nil {
		t.Fatal(err)
	}
	again, err := keep.Client(&cfg, "host")
	if err != nil || again.RootCAs != first.RootCAs || again.ServerName != "host" {
		t.Errorf("an unchanged file was read again: %v", err)
	}
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(file, later, later); err != nil {
		t.Fatal(err)
	}
	changed, err := keep.Client(&cfg, "host")
	if err != nil || changed.RootCAs == first.RootCAs {
		t.Errorf("a changed file was not read: %v", err)
	}
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := keep.Client(&cfg, "host"); !errors.Is(err, tlsclient.ErrNoCertificate) {
			t.Errorf("got %v, want ErrNoCertificate", err)
		}
	}
}

// testCA is a certificate without a use.
const testCA = `-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIUPPumhTNUUukNNAYZoavMQfYuLmUwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIzMjEwMjIzWhgPMjEy
NjEwMzAyMTAyMjNaMBkxFzAVBgNVBAMMDnRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEZnTtDL+w9YmSiVnNG5OmghsouWyN16CQg7Yfc4ra
vhtgw5OSXGKY4bqs74L0FMnQsEewHZYds2NB4vkZmiSdmqNTMFEwHQYDVR0OBBYE
FBtok2XqE05r7QNChYxIGE8T3sbZMB8GA1UdIwQYMBaAFBtok2XqE05r7QNChYxI
GE8T3sbZMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAM19JqrA
uvfhN/9kjaeA78QjkKeZbziNyie/5Zp6stcqAiBQMZBVq+QWmJqMK8A6VPyn+fLz
PDPiC0EQv1h/YcqO/w==
-----END CERTIFICATE-----
`
