package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrNoCertificate says that a CA file holds no certificate.
var ErrNoCertificate = errors.New("holds no certificate in PEM form")

func (t *TLS) validate() error {
	var faults []error
	if !t.Enabled {
		if t.CAFile != "" || t.CertFile != "" || t.KeyFile != "" || t.ServerName != "" || t.MinVersion != "" {
			faults = append(faults, errors.New("tls.enabled: is false, but tls has other settings"))
		}
		return errors.Join(faults...)
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		faults = append(faults, errors.New("tls.cert_file and tls.key_file: need each other"))
	}
	if _, ok := tlsVersion(t.MinVersion); !ok {
		faults = append(faults, fmt.Errorf("tls.min_version: %q is neither 1.2 nor 1.3", t.MinVersion))
	}
	var keep tlsFiles
	if _, err := keep.config(t, ""); err != nil && len(faults) == 0 {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

func tlsVersion(text string) (uint16, bool) {
	switch text {
	case "", "1.2":
		return tls.VersionTLS12, true
	case "1.3":
		return tls.VersionTLS13, true
	}
	return 0, false
}

// tlsFiles keeps what the files held when they last changed.
type tlsFiles struct {
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

// config returns the settings for a connection to host. An unreadable file is
// an error also when an earlier state of it is known: going on with a
// certificate that was taken away would hide the fault until the next start.
func (f *tlsFiles) config(t *TLS, host string) (*tls.Config, error) {
	if t.CAFile != "" {
		if changed, err := f.ca.changed(t.CAFile); err != nil {
			return nil, fmt.Errorf("tls.ca_file: %w", err)
		} else if changed {
			text, err := os.ReadFile(t.CAFile)
			if err != nil {
				f.ca = fileState{}
				return nil, fmt.Errorf("tls.ca_file: %w", err)
			}
			pool := x509.NewCertPool()
			if !pool.AppendCertsFromPEM(text) {
				f.ca = fileState{}
				return nil, fmt.Errorf("tls.ca_file: %s %w", t.CAFile, ErrNoCertificate)
			}
			f.roots = pool
		}
	}
	if t.CertFile != "" {
		certChanged, err := f.cert.changed(t.CertFile)
		if err != nil {
			return nil, fmt.Errorf("tls.cert_file: %w", err)
		}
		keyChanged, err := f.key.changed(t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("tls.key_file: %w", err)
		}
		if certChanged || keyChanged {
			pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
			if err != nil { // perhaps only one of the two has been replaced so far
				f.cert, f.key = fileState{}, fileState{}
				return nil, fmt.Errorf("tls.cert_file, tls.key_file: %w", err)
			}
			f.own = []tls.Certificate{pair}
		}
	}
	least, _ := tlsVersion(t.MinVersion)
	name := t.ServerName
	if name == "" {
		name = host
	}
	return &tls.Config{RootCAs: f.roots, Certificates: f.own, ServerName: name, MinVersion: least}, nil
}
