package output_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spanwatch/exporter/event"
	"spanwatch/sensor/config"
	"spanwatch/sensor/output"
)

func load(t *testing.T, text string, overrides ...string) (*config.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spanwatch.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(path, overrides, output.Check)
}

func TestEveryFaultOfTheSinksHasItsPlace(t *testing.T) {
	_, err := load(t, `sensor: {name: probe-1}
output:
  kafka:
    brokers: [one, "two:9092"]
    topic-prefix: spanwatch
    replay-prefix: spanwatch
    topic: everything
    tls:
      enabled: true
      ca-file: /absent/ca.pem
    sasl:
      mechanism: PLAIN
      user: probe
      password-file: /absent/password
  spool:
    dir: /tmp/nowhere
    keep: [alert, alarm]
    give-up: [flow, alert]
workers: many
`, "output.kafka.sasl.password-env=SPANWATCH_ABSENT")
	if err == nil {
		t.Fatal("a file full of faults was accepted")
	}
	for _, want := range []string{
		`:19:10: workers: "many" is not a whole number`,
		`:4:14: output.kafka.brokers: "one" is not host:port`,
		`:6:20: output.kafka.replay-prefix: is the same as topic-prefix`,
		`:7:12: output.kafka.topic: "everything" has no {event_type}`,
		`:10:16: output.kafka.tls.ca-file: stat /absent/ca.pem`,
		`:17:19: output.spool.keep[1]: unknown event type "alarm"`,
		`:18:14: output.spool.give-up: alert is in keep too`,
		`output.kafka.sasl: exactly one of password-file and password-env`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no fault %q in:\n%v", want, err)
		}
	}
}

func TestAPasswordCannotBeWrittenIntoTheConfiguration(t *testing.T) {
	const secret = "tr0ub4dor"
	for name, err := range map[string]error{
		"file":     second(load(t, "output: {kafka: {sasl: {password: "+secret+"}}}")),
		"override": second(load(t, "", "output.kafka.sasl.password="+secret)),
	} {
		if err == nil || !strings.Contains(err.Error(), "password-file") || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: got %v, want an error that names password-file and not the secret", name, err)
		}
	}
	t.Setenv("SPANWATCH_TEST_SECRET", secret)
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"password-env: SPANWATCH_TEST_SECRET", "password-file: " + file} {
		c, err := load(t, "output: {kafka: {brokers: ['h:1'], sasl: {mechanism: PLAIN, user: u, "+source+"}}}")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(c.Dump()), secret) {
			t.Errorf("%s: the dump has the secret", source)
		}
	}
}

func second(_ *config.Config, err error) error { return err }

func TestAReplayHasTopicsAndAHeaderOfItsOwn(t *testing.T) {
	c, err := load(t, "output: {kafka: {brokers: ['h:1'], topic-prefix: soc, headers: {tenant: a}}}")
	if err != nil {
		t.Fatal(err)
	}
	live, err := output.KafkaConfig(c, "")
	if err != nil {
		t.Fatal(err)
	}
	replay, err := output.KafkaConfig(c, "0badcafe")
	if err != nil {
		t.Fatal(err)
	}
	if got := live.Topics()[event.TypeAlert-1]; got != "soc.alert" || len(live.Headers) != 1 {
		t.Errorf("live: topic %s, headers %v", got, live.Headers)
	}
	if got := replay.Topics()[event.TypeAlert-1]; got != "soc-replay.alert" || len(replay.Headers) != 2 || replay.Headers[1].Value != "0badcafe" {
		t.Errorf("replay: topic %s, headers %v", got, replay.Headers)
	}
}

func TestAllSinksThatAreConfiguredAreOpened(t *testing.T) {
	for name, c := range map[string]struct {
		overrides []string
		want      string
	}{
		"by default a file":         {nil, "file"},
		"nothing":                   {[]string{"output.eve.path="}, ""},
		"file and Kafka":            {[]string{"output.kafka.brokers=127.0.0.1:1"}, "file kafka"},
		"file, Kafka and its spool": {[]string{"output.kafka.brokers=127.0.0.1:1", "output.spool.dir=DIR"}, "file kafka"},
		"the spool without Kafka":   {[]string{"output.eve.path=", "output.spool.dir=DIR"}, "spool"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for i := range c.overrides {
				c.overrides[i] = strings.ReplaceAll(c.overrides[i], "DIR", filepath.Join(dir, "spool"))
			}
			cfg, err := load(t, "sensor: {name: probe-1}", c.overrides...)
			if err != nil {
				t.Fatal(err)
			}
			set, err := output.Open(cfg, output.Run{Folder: dir, ID: "r1"})
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			var names []string
			for _, o := range set.Outlets {
				names = append(names, o.Name())
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("opened %q, want %q", got, c.want)
			}
			if set.Where() == "" {
				t.Error("no destination is named")
			}
		})
	}
}
