package syslog_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/exportertest"
	"spanwatch/exporter/syslog"
	"spanwatch/exporter/tlsclient"
)

// rsyslog is a real receiver that writes what it understood of every message.
type rsyslog struct {
	t       *testing.T
	program string
	dir     string
	cmd     *exec.Cmd
}

const rsyslogConfig = `
global(workDirectory="%[1]s" maxMessageSize="64k" defaultNetstreamDriverCAFile="%[3]s" defaultNetstreamDriverCertFile="%[3]s" defaultNetstreamDriverKeyFile="%[4]s")
module(load="imtcp" %[5]s)
template(name="fields" type="list") {
  property(name="syslogfacility-text") constant(value=" ") property(name="syslogseverity-text") constant(value=" ")
  property(name="hostname") constant(value=" ") property(name="app-name") constant(value=" ") property(name="msgid") constant(value=" ")
  property(name="timestamp" dateFormat="rfc3339") constant(value=" ") property(name="rawmsg-after-pri" position.from="1" position.to="1")
  constant(value="|") property(name="msg") constant(value="\n")
}
input(type="imtcp" port="%[2]d" address="127.0.0.1")
action(type="omfile" file="%[1]s/out" template="fields")
`

func startRsyslog(t *testing.T, port int, cert, key, module string) *rsyslog {
	t.Helper()
	r := &rsyslog{t: t, program: exportertest.Program(t, "rsyslogd"), dir: t.TempDir()}
	text := fmt.Sprintf(rsyslogConfig, r.dir, port, cert, key, module)
	if err := os.WriteFile(filepath.Join(r.dir, "conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(r.program, "-N1", "-f", filepath.Join(r.dir, "conf")).CombinedOutput(); err != nil {
		t.Fatalf("rsyslog does not take its configuration: %v\n%s", err, out)
	}
	r.start()
	t.Cleanup(r.stop)
	return r
}

func (r *rsyslog) start() {
	r.cmd = exec.Command(r.program, "-n", "-f", filepath.Join(r.dir, "conf"), "-i", filepath.Join(r.dir, "pid"))
	log, err := os.OpenFile(filepath.Join(r.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		r.t.Fatal(err)
	}
	defer log.Close()
	r.cmd.Stdout, r.cmd.Stderr = log, log
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rsyslog) stop() {
	if r.cmd.ProcessState == nil {
		_ = r.cmd.Process.Signal(syscall.SIGTERM)
		_ = r.cmd.Wait()
	}
}

// lines counts the events in rsyslog's output by their number, and what it
// wrote of messages whose end it did not get, and returns the last line.
func (r *rsyslog) lines() (seen map[int]int, last string, torn int) {
	r.t.Helper()
	data, err := os.ReadFile(filepath.Join(r.dir, "out"))
	if err != nil && !os.IsNotExist(err) {
		r.t.Fatal(err)
	}
	seen = map[int]int{}
	for line := range bytes.Lines(data[:bytes.LastIndexByte(data, '\n')+1]) {
		head, body, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte("|"))
		var e struct{ N int }
		if err := json.Unmarshal(body, &e); !ok || err != nil {
			torn++
			continue
		}
		seen[e.N]++
		last = string(head)
	}
	return seen, last, torn
}

func freePort(t *testing.T) int {
	t.Helper()
	l := listen(t, "127.0.0.1:0")
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestRsyslogReadsOurMessages(t *testing.T) {
	cert, key := exportertest.Certificate(t)
	for name, c := range map[string]struct {
		module string
		tls    tlsclient.Config
	}{
		"tcp": {"", tlsclient.Config{}},
		"tls": {`streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon"`, tlsclient.Config{Enabled: true, CAFile: cert}},
	} {
		t.Run(name, func(t *testing.T) {
			port := freePort(t)
			r := startRsyslog(t, port, cert, key, c.module)
			f := exportertest.Start(t, newSink(t, syslog.Config{
				Address: fmt.Sprintf("127.0.0.1:%d", port), TLS: c.tls, Host: "probe-1", Facility: 21, GiveUpAfter: 20 * time.Second,
			}), exporter.Config{QueueBytes: 1 << 30})
			const events = 3000
			f.Send(event.TypeAlert, events-1, 500)
			f.Send(event.TypeAlert, 1, 30_000)
			total := f.Close()
			eventually(t, "all events are in rsyslog's file", func() bool { seen, _, _ := r.lines(); return len(seen) == events })
			seen, last, torn := r.lines()
			if total.Delivered != events || len(seen) != events || torn > 0 {
				log, _ := os.ReadFile(filepath.Join(r.dir, "log"))
				t.Fatalf("%d arrived, %+v\n%s", len(seen), total, log)
			}
			if want := "local5 crit probe-1 spanwatch alert 1970-01-01T00:50:00.000000Z 1"; last != want {
				t.Errorf("rsyslog understood %q, want %q", last, want)
			}
			for n, times := range seen {
				if times != 1 {
					t.Errorf("event %d came %d times", n, times)
				}
			}
		})
	}
}

// TestRsyslogRestartedUnderLoad shows what syslog without acknowledgements
// comes to. What rsyslog had in its socket when it ended is lost to it; all
// else arrives, and the link comes back by itself.
func TestRsyslogRestartedUnderLoad(t *testing.T) {
	port := freePort(t)
	cert, key := exportertest.Certificate(t)
	r := startRsyslog(t, port, cert, key, "")
	f := exportertest.Start(t, newSink(t, syslog.Config{Address: fmt.Sprintf("127.0.0.1:%d", port), GiveUpAfter: time.Minute}),
		exporter.Config{QueueBytes: 1 << 30})
	const events = 20_000
	f.Send(event.TypeFlow, events/2, 300)
	eventually(t, "some events are there", func() bool { seen, _, _ := r.lines(); return len(seen) > events/20 })
	r.stop()
	f.Send(event.TypeFlow, events/2, 300)
	r.start()
	total := f.Close()
	if total.Delivered != events {
		t.Fatalf("got %+v", total)
	}
	eventually(t, "the second half is there", func() bool { seen, _, _ := r.lines(); return seen[events] > 0 })
	time.Sleep(200 * time.Millisecond)
	seen, _, torn := r.lines()
	twice := 0
	for _, times := range seen {
		twice += times - 1
	}
	t.Logf("%d events: %d arrived, %d of them twice; %d were in rsyslog's socket when it ended, of %d it wrote the beginning", events, len(seen), twice, events-len(seen), torn)
	if len(seen) < events*9/10 {
		t.Errorf("only %d of %d events arrived", len(seen), events)
	}
}
