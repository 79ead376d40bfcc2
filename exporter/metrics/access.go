package metrics

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// Auth is who may scrape. The zero value lets everybody. Secrets are read from
// their files with every request, so that a change needs no restart.
type Auth struct {
	// User and PasswordFile switch basic authentication on (RFC 7617).
	User, PasswordFile string
	// TokenFile switches bearer tokens on (RFC 6750). With both, either does.
	TokenFile string
}

// Faults of an Auth.
var (
	ErrAuth   = errors.New("user and password-file need each other")
	ErrSecret = errors.New("is empty, or larger than a secret can be")
)

const maxSecret = 4096

// Validate reads the secrets once.
func (a *Auth) Validate() error {
	if (a.User == "") != (a.PasswordFile == "") {
		return fmt.Errorf("metrics.auth: %w", ErrAuth)
	}
	for _, path := range []string{a.PasswordFile, a.TokenFile} {
		if path == "" {
			continue
		}
		if _, err := readSecret(path); err != nil {
			return fmt.Errorf("metrics.auth: %w", err)
		}
	}
	return nil
}

func readSecret(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimRight(text, "\r\n")
	if len(text) == 0 || len(text) > maxSecret {
		return nil, fmt.Errorf("%s %w", path, ErrSecret)
	}
	return text, nil
}

// guard lets through to next who a lets.
func (a Auth) guard(next http.Handler) http.Handler {
	if a == (Auth{}) {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if a.allows(req) {
			next.ServeHTTP(w, req)
			return
		}
		if a.User != "" {
			w.Header().Add("WWW-Authenticate", `Basic realm="spanwatch", charset="UTF-8"`)
		}
		if a.TokenFile != "" {
			w.Header().Add("WWW-Authenticate", `Bearer realm="spanwatch"`)
		}
		answer(w, http.StatusUnauthorized, "unauthorized")
	})
}

func (a *Auth) allows(req *http.Request) bool {
	if user, password, ok := req.BasicAuth(); ok && a.User != "" {
		secret, err := readSecret(a.PasswordFile)
		// Both are compared whatever the first says, in constant time.
		return equal([]byte(user), []byte(a.User))&equal([]byte(password), secret) == 1 && err == nil
	}
	token, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer ")
	if !ok || a.TokenFile == "" {
		return false
	}
	secret, err := readSecret(a.TokenFile)
	return equal([]byte(token), secret) == 1 && err == nil
}

// equal compares by hashes, which all have the same length.
func equal(a, b []byte) int {
	x, y := sha256.Sum256(a), sha256.Sum256(b)
	return subtle.ConstantTimeCompare(x[:], y[:])
}

// TLS makes the endpoint serve HTTPS. The zero value serves plain HTTP.
type TLS struct {
	// CertFile and KeyFile are PEM files, read again when they change.
	CertFile, KeyFile string
	// ClientCAFile has the certificates that clients must be signed by; empty
	// asks clients for none.
	ClientCAFile string
}

// ErrTLS says that settings of TLS are missing.
var ErrTLS = errors.New("cert-file and key-file need each other, and client-ca-file needs both")

// Config returns what a server needs; nil for the zero value.
func (t TLS) Config() (*tls.Config, error) {
	if t == (TLS{}) {
		return nil, nil
	}
	if t.CertFile == "" || t.KeyFile == "" {
		return nil, fmt.Errorf("metrics.tls: %w", ErrTLS)
	}
	keep := &certificate{files: t}
	if _, err := keep.get(nil); err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: keep.get}
	if t.ClientCAFile != "" {
		text, err := os.ReadFile(t.ClientCAFile)
		if err != nil {
			return nil, fmt.Errorf("metrics.tls: %w", err)
		}
		c.ClientCAs = x509.NewCertPool()
		if !c.ClientCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("metrics.tls: %s holds no certificate in PEM form", t.ClientCAFile)
		}
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return c, nil
}

// certificate is the server's, read again when its file has another time.
type certificate struct {
	files TLS

	mu   sync.Mutex
	time time.Time
	pair *tls.Certificate
}

// get implements tls.Config.GetCertificate. A pair that does not fit, as while
// one of the two files has been replaced, leaves the one before in use.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	st, err := os.Stat(c.files.CertFile)
	if err == nil && st.ModTime().Equal(c.time) {
		return c.pair, nil
	}
	pair, err := tls.LoadX509KeyPair(c.files.CertFile, c.files.KeyFile)
	if err != nil {
		if c.pair != nil {
			return c.pair, nil
		}
		return nil, fmt.Errorf("metrics.tls: %w", err)
	}
	c.pair = &pair
	if st != nil {
		c.time = st.ModTime()
	}
	return c.pair, nil
}
