package output_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/sensor/output"
)

func TestEveryFaultOfFiltersAndRedactionHasItsPlace(t *testing.T) {
	_, err := load(t, `output:
  eve:
    path: "-"
    rotate: {size: 1mb}
    filter:
      types: [alert, alarm]
      networks: [10.0.0.0/8, 10.0.0.0/99]
      sample: {dns: "0", flow: "0.5"}
    redact:
      profiles: [everything]
      fields: [http.pasword, event_id]
      key-env: SPANWATCH_KEY
  stdout: {enabled: true}
  files:
    kafka: {path: a.json}
    one: {path: ./b.json}
    two: {path: b.json}
  syslog:
    address: nowhere
    tls: {ca-file: /absent/ca.pem}
`)
	if err == nil {
		t.Fatal("a file full of faults was accepted")
	}
	for _, want := range []string{
		`output.eve.rotate: is for files`,
		`output.eve.path: is standard output, as output.stdout is`,
		`output.eve.filter.types[1]: unknown event type "alarm"`,
		`output.eve.filter.networks[1]: `,
		`output.eve.filter.sample.dns: "0"`,
		`output.eve.redact.profiles[0]: "everything" is none of`,
		`output.eve.redact.fields[0]: http.pasword is no field of an event`,
		`output.eve.redact.fields[1]: event_id can not be taken out`,
		`output.eve.redact.action: is not hash, but there is a key`,
		`output.files.kafka: a name has`,
		`output.files.two.path: is the file of one`,
		`output.syslog.tls.enabled: is false`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no fault %q in:\n%v", want, err)
		}
	}
}

// lines counts the lines of a file, all of which must be whole events, and
// returns the last.
func lines(t *testing.T, path string) (n int, last []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		if !json.Valid(line) {
			t.Fatalf("%s: %.100q", path, line)
		}
		n, last = n+1, line
	}
	return n, last
}

// TestSeveralSinksAtOnceEachGetTheirShare runs all kinds that need no broker,
// each with a filter and a shape of its own.
func TestSeveralSinksAtOnceEachGetTheirShare(t *testing.T) {
	dir := t.TempDir()
	unix, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	var mu sync.Mutex
	got := map[string][]string{}
	for name, l := range map[string]net.Listener{"socket": unix, "syslog": tcp} {
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			for in := bufio.NewScanner(c); in.Scan(); {
				mu.Lock()
				got[name] = append(got[name], in.Text())
				mu.Unlock()
			}
		}()
	}
	t.Setenv("SPANWATCH_TEST_KEY", "k")
	cfg, err := load(t, `sensor: {name: probe-1}
output:
  eve:
    path: all.json
    rotate: {size: 2kb, keep-files: 100}
  files:
    alerts: {path: sub/alerts.json, schema: ecs, filter: {types: [alert], severity: 2}}
    sample: {path: sample.json, filter: {types: [dns], sample: {dns: "0.5"}}}
  socket:
    path: `+filepath.Join(dir, "s")+`
    filter: {networks: [192.0.2.0/24]}
    redact: {fields: [tls.sni], action: hash, key-env: SPANWATCH_TEST_KEY}
  syslog:
    address: `+tcp.Addr().String()+`
    filter: {types: [alert]}
    redact: {profiles: [payload]}
`)
	if err != nil {
		t.Fatal(err)
	}
	set, err := output.Open(cfg, output.Run{Folder: dir, ID: "r", Replay: true})
	if err != nil {
		t.Fatal(err)
	}
	e, err := event.NewEncoder(event.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x := exporter.New(e, 0, set.Outlets...)
	var running sync.WaitGroup
	for _, o := range set.Outlets {
		running.Go(func() {
			if err := o.Run(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	const rounds = 60
	for i := range rounds {
		key := []byte{byte(i)}
		severity := string(rune('1' + i%3))
		x.Append(event.TypeAlert, []byte(`{"timestamp":"2026-01-02T03:04:05.000000+0000","src_ip":"10.0.0.1","dest_ip":"192.0.2.1","alert":{"severity":`+severity+`},"payload":"QQ=="`), event.ID{byte(i)}, key, 0)
		x.Append(event.TypeDNS, []byte(`{"src_ip":"10.0.0.1","dest_ip":"10.0.0.2"`), event.ID{byte(i)}, key, 0)
		x.Append(event.TypeTLS, []byte(`{"src_ip":"10.0.0.1","dest_ip":"192.0.2.2","tls":{"sni":"secret.example"}`), event.ID{byte(i)}, key, 0)
		x.Flush()
	}
	x.Close()
	running.Wait()
	for _, o := range set.Outlets {
		counts := o.Snapshot()
		total := counts.Total()
		if total.Balance() != 0 || total.Made != 3*rounds {
			t.Errorf("%s: %+v", o.Name(), total)
		}
		for why, n := range total.Dropped {
			if n > 0 {
				t.Errorf("%s: %d dropped as %s", o.Name(), n, exporter.DropReason(why))
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "all*.json"))
	if err != nil || len(files) < 5 {
		t.Errorf("the file was not rotated: %v, %v", files, err)
	}
	all := 0
	for _, f := range files {
		n, _ := lines(t, f)
		all += n
	}
	if all != 3*rounds {
		t.Errorf("%d events in the files, want %d", all, 3*rounds)
	}
	if n, last := lines(t, filepath.Join(dir, "sub", "alerts.json")); n != rounds*2/3 || !bytes.Contains(last, []byte(`"kind":"alert"`)) {
		t.Errorf("%d alerts, the last %s", n, last)
	}
	if n, _ := lines(t, filepath.Join(dir, "sample.json")); n < rounds/5 || n > rounds*4/5 {
		t.Errorf("%d of %d DNS events in a sample of half", n, rounds)
	}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		mu.Lock()
		done := len(got["socket"]) == 2*rounds && strings.Count(strings.Join(got["syslog"], "\n"), " - alert - {") == rounds
		mu.Unlock()
		if done {
			break
		}
	}
	mu.Lock()
	defer mu.Unlock()
	socket, sys := strings.Join(got["socket"], "\n"), strings.Join(got["syslog"], "\n")
	if len(got["socket"]) != 2*rounds || strings.Contains(socket, "secret.example") || !strings.Contains(socket, `"sni":"`) {
		t.Errorf("%d events on the socket: %.300s", len(got["socket"]), socket)
	}
	if n := strings.Count(sys, "probe-1 spanwatch - alert - {"); n != rounds || strings.Contains(sys, `"payload"`) {
		t.Errorf("%d alerts by syslog: %.300s", n, sys)
	}
}
