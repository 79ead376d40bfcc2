package kafka

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/segmentio/kafka-go/protocol/saslauthenticate"
	"github.com/segmentio/kafka-go/protocol/saslhandshake"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// Mechanisms of SASL.
const (
	MechanismPlain       = "PLAIN"
	MechanismScramSHA256 = "SCRAM-SHA-256"
	MechanismScramSHA512 = "SCRAM-SHA-512"
)

// maxSecret bounds what is read of a password file, which may be a mistaken
// path.
const maxSecret = 4 << 10

func (s *SASL) validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	switch s.Mechanism {
	case "":
		if s.User != "" || s.PasswordFile != "" || s.PasswordEnv != "" {
			fault("sasl.mechanism: is empty, but sasl has other settings")
		}
		return errors.Join(faults...)
	case MechanismPlain, MechanismScramSHA256, MechanismScramSHA512:
	default:
		fault("sasl.mechanism: %q is none of %s, %s, %s", s.Mechanism, MechanismPlain, MechanismScramSHA256, MechanismScramSHA512)
	}
	if s.User == "" {
		fault("sasl.user: must not be empty")
	}
	if (s.PasswordFile == "") == (s.PasswordEnv == "") {
		fault("sasl: exactly one of password_file and password_env is needed")
	} else if _, err := s.password(); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// password reads the secret. Errors never contain it.
func (s *SASL) password() (string, error) {
	if s.PasswordEnv != "" {
		secret, ok := os.LookupEnv(s.PasswordEnv)
		if !ok || secret == "" {
			return "", fmt.Errorf("sasl.password_env: %s is not set", s.PasswordEnv)
		}
		return secret, nil
	}
	text, err := os.ReadFile(s.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("sasl.password_file: %w", err)
	}
	secret := strings.TrimRight(string(text), "\r\n") // editors end files so
	if secret == "" || len(secret) > maxSecret {
		return "", fmt.Errorf("sasl.password_file: %s: must hold 1 to %d bytes", s.PasswordFile, maxSecret)
	}
	return secret, nil
}

func (s *SASL) mechanism() (sasl.Mechanism, error) {
	secret, err := s.password()
	if err != nil {
		return nil, err
	}
	switch s.Mechanism {
	case MechanismScramSHA256:
		return scram.Mechanism(scram.SHA256, s.User, secret)
	case MechanismScramSHA512:
		return scram.Mechanism(scram.SHA512, s.User, secret)
	}
	return plain.Mechanism{Username: s.User, Password: secret}, nil
}

// authenticate runs the SASL exchange on a connection whose versions are
// negotiated.
func (c *conn) authenticate(ctx context.Context, s *SASL) error {
	mechanism, err := s.mechanism()
	if err != nil {
		return err
	}
	answer, err := c.exchange(&saslhandshake.Request{Mechanism: mechanism.Name()})
	if err != nil {
		return err
	}
	code, err := readHandshake(answer)
	if err == nil && code != 0 {
		err = brokerError(code)
	}
	if err != nil {
		return err
	}
	machine, bytes, err := mechanism.Start(ctx)
	if err != nil {
		return fmt.Errorf("sasl: %w", err)
	}
	for done := false; !done; {
		answer, err := c.exchange(&saslauthenticate.Request{AuthBytes: bytes})
		if err != nil {
			return err
		}
		challenge, code, err := readAuthenticate(answer)
		if err == nil && code != 0 {
			err = brokerError(code)
		}
		if err != nil {
			return err
		}
		if done, bytes, err = machine.Next(ctx, challenge); err != nil {
			return fmt.Errorf("sasl: %w", err)
		}
	}
	return nil
}
