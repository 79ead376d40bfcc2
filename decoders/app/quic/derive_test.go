package quic

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"testing"
)

func TestDerivationEqualsTheStandardLibrary(t *testing.T) {
	var d derivation
	for n := range 65 {
		salt, secret := bytes.Repeat([]byte{byte(n)}, n), bytes.Repeat([]byte{byte(n + 1)}, 64-n)
		key := d.extract(salt, secret)
		want, err := hkdf.Extract(sha256.New, secret, salt)
		if err != nil || !bytes.Equal(key[:], want) {
			t.Errorf("extract with a salt of %d bytes: %x, want %x (%v)", n, key, want, err)
		}
		out := make([]byte, n%sha256.Size+1)
		d.expand(out, key[:], "quic key")
		info := "\x00" + string(rune(len(out))) + "\x0etls13 quic key\x00"
		want, err = hkdf.Expand(sha256.New, want, info, len(out))
		if err != nil || !bytes.Equal(out, want) {
			t.Errorf("expand to %d bytes: %x, want %x (%v)", len(out), out, want, err)
		}
	}
}

func TestDerivationAllocatesNothing(t *testing.T) {
	var d derivation
	var key [16]byte
	salt := version1.salt()
	if n := testing.AllocsPerRun(10, func() {
		secret := d.extract(salt, firstID)
		d.expand(key[:], secret[:], "quic key")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
