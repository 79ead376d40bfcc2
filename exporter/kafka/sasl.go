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
	MechanismOAuthBearer = "OAUTHBEARER"
)

// maxSecret bounds what is read of a password file, which may be a mistaken
// path.
const maxSecret = 64 << 10 // tokens with many claims have some kilobytes

func (s *SASL) validate(faults *faultList) {
	switch s.Mechanism {
	case "":
		if *s != (SASL{}) {
			faults.add("sasl.mechanism", "is empty, but sasl has other settings")
		}
		return
	case MechanismOAuthBearer:
		if s.User != "" || s.PasswordFile != "" || s.PasswordEnv != "" {
			faults.add("sasl.mechanism", "%s takes a token-file only", s.Mechanism)
		}
		if s.TokenFile == "" {
			faults.add("sasl.token-file", "must not be empty")
		} else if _, err := secretOf(s.TokenFile); err != nil {
			faults.add("sasl.token-file", "%w", err)
		}
		return
	case MechanismPlain, MechanismScramSHA256, MechanismScramSHA512:
	default:
		faults.add("sasl.mechanism", "%q is none of %s, %s, %s, %s", s.Mechanism, MechanismPlain, MechanismScramSHA256,
			MechanismScramSHA512, MechanismOAuthBearer)
	}
	if s.TokenFile != "" {
		faults.add("sasl.token-file", "is for %s only", MechanismOAuthBearer)
	}
	if s.User == "" {
		faults.add("sasl.user", "must not be empty")
	}
	if (s.PasswordFile == "") == (s.PasswordEnv == "") {
		faults.add("sasl", "exactly one of password-file and password-env is needed")
	} else if _, err := s.password(); err != nil {
		*faults = append(*faults, err)
	}
}

// password reads the secret. Errors never contain it.
func (s *SASL) password() (string, error) {
	if s.PasswordEnv != "" {
		secret, ok := os.LookupEnv(s.PasswordEnv)
		if !ok || secret == "" {
			return "", &SettingError{"sasl.password-env", fmt.Errorf("%s %w", s.PasswordEnv, ErrNotSet)}
		}
		return secret, nil
	}
	secret, err := secretOf(s.PasswordFile)
	if err != nil {
		return "", &SettingError{"sasl.password-file", err}
	}
	return secret, nil
}

// Errors of secrets.
var (
	ErrNotSet = errors.New("is not set in the environment")
	ErrSecret = fmt.Errorf("must hold 1 to %d bytes", maxSecret)
)

// secretOf reads a secret from a file. Editors end files with a line feed,
// which is not part of it.
func secretOf(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" || len(secret) > maxSecret {
		return "", fmt.Errorf("%s: %w", path, ErrSecret)
	}
	return secret, nil
}

func (s *SASL) mechanism() (sasl.Mechanism, error) {
	if s.Mechanism == MechanismOAuthBearer {
		token, err := secretOf(s.TokenFile)
		if err != nil {
			return nil, &SettingError{"sasl.token-file", err}
		}
		return bearer{token}, nil
	}
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

// bearer is OAUTHBEARER (RFC 7628) with a token that somebody else renews.
type bearer struct{ token string }

// ErrToken says that the broker does not take the token.
var ErrToken = errors.New("the broker refuses the token")

// Name implements sasl.Mechanism.
func (bearer) Name() string { return MechanismOAuthBearer }

// Start implements sasl.Mechanism.
func (b bearer) Start(context.Context) (sasl.StateMachine, []byte, error) {
	return b, []byte("n,,\x01auth=Bearer " + b.token + "\x01\x01"), nil
}

// Next implements sasl.StateMachine. A challenge is the broker's complaint.
func (b bearer) Next(_ context.Context, challenge []byte) (bool, []byte, error) {
	if len(challenge) > 0 {
		return false, nil, fmt.Errorf("%w: %q", ErrToken, challenge)
	}
	return true, nil, nil
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
