// Package tlsclient makes the TLS settings of sinks that connect to others,
// from files that are read again when they change: a renewed certificate needs
// no restart.
package tlsclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"
)

// Config says how to encrypt.
type Config struct {
	Enabled bool
	// CAFile holds the certificates (PEM) that servers are checked by; the
	// system's when empty.
	CAFile string
	// CertFile and KeyFile are the sensor's own (PEM), for mutual TLS.
	CertFile, KeyFile string
	// ServerName is the name to expect in the servers' certificates; the host
	// connected to when empty.
	ServerName string
	// MinVersion is "1.2" (default) or "1.3".
	MinVersion string
}

// ErrNoCertificate says that a CA file holds no certificate.
var ErrNoCertificate = errors.New("holds no certificate in PEM form")

// SettingError is a fault of one setting of a Config.
type SettingError struct {
	Setting string // as configured: "ca-file"
	Err     error
}

// Error implements error.
func (e *SettingError) Error() string { return e.Setting + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *SettingError) Unwrap() error { return e.Err }

// Validate returns all faults of c, each a *SettingError. It reads the files.
func (c *Config) Validate() (faults []error) {
	fault := func(name, format string, args ...any) {
		faults = append(faults, &SettingError{name, fmt.Errorf(format, args...)})
	}
	if !c.Enabled {
		if *c != (Config{}) {
			fault("enabled", "is false, but tls has other settings")
		}
		return faults
	}
	if (c.CertFile == "") != (c.KeyFile == "") {
		fault("cert-file", "and tls.key-file need each other")
	}
	if _, ok := version(c.MinVersion); !ok {
		fault("min-version", "%q is neither 1.2 nor 1.3", c.MinVersion)
	}
	if len(faults) > 0 {
		return faults
	}
	var f Files
	if _, err := f.Client(c, ""); err != nil {
		return []error{err}
	}
	return nil
}

func version(text string) (uint16, bool) {
	switch text {
	case "", "1.2":
		return tls.VersionTLS12, true
	case "1.3":
		return tls.VersionTLS13, true
	}
	return 0, false
}

// Files keeps what the files of a Config held when they last changed. The zero
// value is ready; one goroutine at a time.
type Files struct {
	ca, cert, key fileState
	roots         *x509.CertPool
	own           []tls.Certificate
}

// fileState tells a file from a changed one. Renewal tools replace the file or
// write it anew; both change time or size.
type fileState struct {
	size int64
	time time.Time
}

func (s *fileState) changed(path string) (bool, error) {
	st, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	now := fileState{st.Size(), st.ModTime()}
	if now == *s {
		return false, nil
	}
	*s = now
	return true, nil
}

// Client returns the settings for a connection to host; its errors are
// *SettingErrors. An unreadable file is an error also when an earlier state of
// it is known: going on with a certificate that was taken away would hide the
// fault until the next start.
func (f *Files) Client(c *Config, host string) (*tls.Config, error) {
	if c.CAFile != "" {
		if changed, err := f.ca.changed(c.CAFile); err != nil {
			return nil, &SettingError{"ca-file", err}
		} else if changed {
			text, err := os.ReadFile(c.CAFile)
			if err != nil {
				f.ca = fileState{}
				return nil, &SettingError{"ca-file", err}
			}
			pool := x509.NewCertPool()
			if !pool.AppendCertsFromPEM(text) {
				f.ca = fileState{}
				return nil, &SettingError{"ca-file", fmt.Errorf("%s %w", c.CAFile, ErrNoCertificate)}
			}
			f.roots = pool
		}
	}
	if c.CertFile != "" {
		certChanged, err := f.cert.changed(c.CertFile)
		if err != nil {
			return nil, &SettingError{"cert-file", err}
		}
		keyChanged, err := f.key.changed(c.KeyFile)
		if err != nil {
			return nil, &SettingError{"key-file", err}
		}
		if certChanged || keyChanged {
			pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
			if err != nil { // perhaps only one of the two has been replaced so far
				f.cert, f.key = fileState{}, fileState{}
				return nil, &SettingError{"cert-file", err}
			}
			f.own = []tls.Certificate{pair}
		}
	}
	least, _ := version(c.MinVersion)
	name := c.ServerName
	if name == "" {
		name = host
	}
	return &tls.Config{RootCAs: f.roots, Certificates: f.own, ServerName: name, MinVersion: least}, nil
}
