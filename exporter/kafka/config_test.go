package kafka

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAllFaultsOfTheConfigurationAreReportedAtOnce(t *testing.T) {
	cfg := Config{
		Brokers: []string{"no-port", "h:1"}, Prefix: "a b", Topic: "{prefix}.{event_type}", Key: 9, Compression: 99, Timestamp: 9,
		BatchBytes: -1, MaxRecordBytes: 5, DialTimeout: -1, RequestTimeout: -1, MaxBackoff: -1, SpoolAfter: -1, DeliveryTimeout: -1,
		Headers: []Header{{"", "x"}},
		TLS:     TLS{Enabled: true, CertFile: "c", MinVersion: "1.0"},
		SASL:    SASL{Mechanism: "GSSAPI", PasswordFile: "f", PasswordEnv: "E"},
	}
	err := cfg.Validate()
	if err == nil {
		t.Fatal("no fault was found")
	}
	for _, want := range []string{
		"brokers:", "topic:", "key:", "compression:", "timestamp:", "batch-size:", "max-record-size:", "dial-timeout:",
		"request-timeout:", "max-backoff:", "spool-after:", "delivery-timeout:", "headers:", "tls.cert-file", "tls.min-version:",
		"sasl.mechanism:", "sasl.user:", "exactly one of password-file",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s:\n%v", want, err)
		}
	}
	for name, one := range map[string]Config{
		"brokers:":        {},
		"{event_type}":    {Brokers: []string{"h:1"}, Topic: "all"},
		"tls.enabled:":    {Brokers: []string{"h:1"}, TLS: TLS{CAFile: "x"}},
		"tls.ca-file:":    {Brokers: []string{"h:1"}, TLS: TLS{Enabled: true, CAFile: "absent"}},
		"sasl.mechanism:": {Brokers: []string{"h:1"}, SASL: SASL{User: "x"}},
		"password-file:":  {Brokers: []string{"h:1"}, SASL: SASL{Mechanism: "PLAIN", User: "x", PasswordFile: "absent"}},
		"password-env:":   {Brokers: []string{"h:1"}, SASL: SASL{Mechanism: "PLAIN", User: "x", PasswordEnv: "SPANWATCH_ABSENT"}},
	} {
		if err := one.Validate(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want a fault of %s", err, name)
		}
	}
	good := Config{Brokers: []string{"h:1"}}
	if err := good.Validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	if got := good.Topics(); got[0] != "spanwatch.alert" || !slices.Contains(got, "spanwatch.dlq") {
		t.Errorf("topics %v", got)
	}
}

func TestCompressionNames(t *testing.T) {
	for _, name := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		c, err := ParseCompression(name)
		if err != nil || c.String() != name || (c.codec() == nil) != (name == "none") {
			t.Errorf("%s: got %v, error %v", name, c, err)
		}
	}
	if _, err := ParseCompression("lzma"); !errors.Is(err, ErrCompression) {
		t.Errorf("got %v, want ErrCompression", err)
	}
}

func TestPasswordsComeFromFileOrEnvironmentAndAreReadAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	for _, secret := range []string{"one", "two"} {
		if err := os.WriteFile(file, []byte(secret+"\r\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("SPANWATCH_TEST_PASSWORD", secret)
		for _, s := range []SASL{{PasswordFile: file}, {PasswordEnv: "SPANWATCH_TEST_PASSWORD"}} {
			if got, err := s.password(); got != secret || err != nil {
				t.Errorf("got %q, error %v, want %q", got, err, secret)
			}
		}
	}
	for name, text := range map[string]string{"empty": "\n", "a wrong file": strings.Repeat("x", maxSecret+1)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := SASL{PasswordFile: file}
		if got, err := s.password(); err == nil {
			t.Errorf("%s: got %d bytes and no error", name, len(got))
		}
	}
}
