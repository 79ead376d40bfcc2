package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func load(t *testing.T, text string, overrides ...string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spanwatch.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, overrides)
}

func TestLoadReportsEveryFaultWithItsPlace(t *testing.T) {
	_, err := load(t, `workers: many
decode:
  checksums: sometimes
  vxlan-port: [4789]
  geneve-ports: 6081
defrag:
  timeout: 0s
  max-memory: 1tb
flow:
  tcp: 5s
  max-flows: 3
`)
	if err == nil {
		t.Fatal("a file full of faults was accepted")
	}
	for _, want := range []string{
		`:1:10: workers: "many" is not a whole number`,
		`:3:14: decode.checksums: "sometimes" is not one of auto, on, off`,
		`:4:3: decode.vxlan-port: unknown key "vxlan-port"; known here: checksums,`,
		`:5:17: decode.geneve-ports: want a list`,
		`:7:12: defrag.timeout: must be at least 1s`,
		`:8:15: defrag.max-memory: "1tb" is not a number of bytes`,
		`:10:8: flow.tcp: want a group of keys`,
		`:11:14: flow.max-flows: must be at least 16`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no fault %q in:\n%v", want, err)
		}
	}
}

func TestLoadOverlaysDefaults(t *testing.T) {
	t.Setenv("SPANWATCH_TEST_NAME", "edge-7")
	c, err := load(t, `
sensor: {name: "${SPANWATCH_TEST_NAME}"}
workers:
decode:
  vxlan-ports: [4789, 8472]
rules:
  address-vars:
    HOME_NET: "[10.0.0.0/8]"
defrag:
  max-memory: 64mb
  host-policy: {linux: [10.0.0.0/8, 192.168.0.0/16]}
`, "flow.tcp.new=5s", "decode.gtpu-ports=", "rules.port-vars.HTTP_PORTS=[80,8080]", "events.types=alert,flow", "enrich.sites.10.1.0.0/16=lab")
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Sensor.Name = "edge-7"
	want.Decode.VXLANPorts = []uint16{4789, 8472}
	want.Decode.GTPUPorts = []uint16{}
	want.Rules.AddressVars = map[string]string{"HOME_NET": "[10.0.0.0/8]"}
	want.Rules.PortVars = map[string]string{"HTTP_PORTS": "[80,8080]"}
	want.Defrag.MaxMemory = 64 << 20
	want.Defrag.HostPolicy = map[string][]string{"linux": {"10.0.0.0/8", "192.168.0.0/16"}}
	want.Flow.TCP.New = 5 * time.Second
	want.Events.Types = []string{"alert", "flow"}
	want.Enrich.Sites = map[string]string{"10.1.0.0/16": "lab"}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func TestOverridesAreCheckedLikeTheFile(t *testing.T) {
	for override, want := range map[string]string{
		"workers":                  "--set: workers: want key=value",
		"workers=-1":               "--set: workers: must be at least 0",
		"flow=1":                   "--set: flow: is a group of settings",
		"flow.tcp.nwe=1s":          `--set: flow.tcp.nwe: unknown key "nwe"; known here: closed, established, new`,
		"workers.x=1":              "--set: workers.x: workers has no keys below it",
		"decode.vxlan-ports=70000": `--set: decode.vxlan-ports: "70000" is not a number from 0 to 65535`,
		"rules.strict=maybe":       `--set: rules.strict: "maybe" is neither true nor false`,
	} {
		_, err := Load("", []string{override})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--set %s: got %v, want %q", override, err, want)
		}
	}
}

func TestMissingEnvironmentVariableIsAFault(t *testing.T) {
	_, err := load(t, "sensor: {name: '${SPANWATCH_TEST_NOT_SET}'}")
	if err == nil || !strings.Contains(err.Error(), "environment variable SPANWATCH_TEST_NOT_SET is not set") {
		t.Errorf("got %v", err)
	}
}

func TestDumpLoadsBackToTheSameConfiguration(t *testing.T) {
	want := Default()
	want.Sensor.Name = `odd "name": with, signs`
	want.Defrag.HostPolicy["linux"] = []string{"10.0.0.0/8", "2001:db8::/32"}
	want.Rules.AddressVars["HOME_NET"] = "[10.0.0.0/8,!10.1.0.0/16]"
	want.Flow.Seed = 1<<64 - 1
	want.Rules.Files, want.Capture.Interfaces = []string{}, []string{}
	want.Rules.ActionOrder, want.Rules.ReputationFiles = []string{}, []string{}
	want.Enrich.GeoIP = []string{"a b.mmdb"}
	got, err := load(t, string(want.Dump()))
	if err != nil {
		t.Fatalf("%v\n%s", err, want.Dump())
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestEverySettingIsDocumented walks the type: a key without a meaning or
// with a default outside its own bounds is a fault of ours.
func TestEverySettingIsDocumented(t *testing.T) {
	var walk func(v reflect.Value, path string)
	n := 0
	walk = func(v reflect.Value, path string) {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			p := join(path, f.Tag.Get("yaml"))
			if f.Tag.Get("yaml") == "" || f.Tag.Get("doc") == "" {
				t.Errorf("%s.%s has no yaml or doc tag", path, f.Name)
			}
			switch f.Type.Kind() {
			case reflect.Struct:
				walk(v.Field(i), p)
			case reflect.Map, reflect.Slice:
			default:
				n++
				fresh := reflect.New(f.Type).Elem()
				text := strings.Trim(scalarYAML(v.Field(i)), `"`)
				if err := setScalar(fresh, text, f.Tag); err != nil {
					t.Errorf("%s: default %s: %v", p, text, err)
				}
			}
		}
	}
	walk(reflect.ValueOf(Default()).Elem(), "")
	if n < 20 {
		t.Fatalf("only %d settings were walked", n)
	}
}
