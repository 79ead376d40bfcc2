package kafka

import (
	"errors"

	"spanwatch/exporter/tlsclient"
)

// TLS says how to encrypt the connections to brokers.
type TLS = tlsclient.Config

// validateTLS adds the faults of t, each as one of the section tls.
func validateTLS(t *TLS, faults *faultList) {
	for _, err := range t.Validate() {
		*faults = append(*faults, tlsFault(err))
	}
}

func tlsFault(err error) error {
	if s := new(tlsclient.SettingError); errors.As(err, &s) {
		return &SettingError{"tls." + s.Setting, s.Err}
	}
	return err
}
