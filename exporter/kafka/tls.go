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

func (t *TLS) validate(faults *faultList) {
	if !t.Enabled {
		if t.CAFile != "" || t.CertFile != "" || t.KeyFile != "" || t.ServerName != "" || t.MinVersion != "" {
			faults.add("tls.enabled", "is false, but tls has other settings")
		}
		return
	}
	good := true
	if (t.CertFile == "") != (t.KeyFile == "") {
		faults.add("tls.cert-file", "and tls.key-file need each other")
		good = false
	}
	if _, ok := tlsVersion(t.MinVersion); !ok {
		faults.add("tls.min-version", "%q is neither 1.2 nor 1.3", t.MinVersion)
		good = false
	}
	var keep tlsFiles
	if _, err := keep.config(t, ""); err != nil && good {
		*faults = append(*faults, err)
	}
}

// setting blames a setting of tls for err.
func setting(name string, err error) error { return &SettingError{"tls." + name, err} }

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
			return nil, setting("ca-file", err)
		} else if changed {
			text, err := os.ReadFile(t.CAFile)
			if err != nil {
				f.ca = fileState{}
				return nil, setting("ca-file", err)
			}
			pool := x509.NewCertPool()
			if !pool.AppendCertsFromPEM(text) {
				f.ca = fileState{}
				return nil, setting("ca-file", fmt.Errorf("%s %w", t.CAFile, ErrNoCertificate))
			}
			f.roots = pool
		}
	}
	if t.CertFile != "" {
		certChanged, err := f.cert.changed(t.CertFile)
		if err != nil {
			return nil, setting("cert-file", err)
		}
		keyChanged, err := f.key.changed(t.KeyFile)
		if err != nil {
			return nil, setting("key-file", err)
		}
		if certChanged || keyChanged {
			pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
			if err != nil { // perhaps only one of the two has been replaced so far
				f.cert, f.key = fileState{}, fileState{}
				return nil, setting("cert-file", err)
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
