package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"spanwatch/exporter/event/eventtest"
)

// asProgram makes the test binary behave as the program, so that tests see
// what a user sees: output, exit status, signals.
const asProgram = "SPANWATCH_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

const office = "../testdata/pcap/office.pcapng"

func program(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// spanwatch runs the program to its end.
func spanwatch(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := program(t.Context(), args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

func TestReplayWritesEventsThatFitTheSchema(t *testing.T) {
	dir := t.TempDir()
	status, stdout, stderr := spanwatch(t, "replay", office, "-r", "../testdata/rules/demo.rules", "-o", dir, "--summary")
	if status != exitOK {
		t.Fatalf("exit status %d\n%s", status, stderr)
	}
	if strings.ContainsRune(stderr, '\r') {
		t.Errorf("a progress bar was drawn though standard error is no terminal: %q", stderr)
	}
	for _, want := range []string{"Top talkers by bytes", "Alerts (", "Protocols", "0 unexplained"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in the summary:\n%s", want, stdout)
		}
	}
	v, err := eventtest.NewValidator()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "eve.json"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	var seq uint64
	for line := range bytes.Lines(text) {
		if err := v.Validate(line); err != nil {
			t.Errorf("%v\n%s", err, line)
		}
		var e struct {
			Type    string `json:"event_type"`
			Seq     uint64 `json:"seq"`
			EventID string `json:"event_id"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		if e.Seq != seq+1 || e.EventID == "" {
			t.Fatalf("seq %d follows %d, event_id %q", e.Seq, seq, e.EventID)
		}
		seq = e.Seq
		kinds[e.Type]++
	}
	for _, kind := range []string{"alert", "flow", "dns", "anomaly", "stats"} {
		if kinds[kind] == 0 {
			t.Errorf("no %s event among %v", kind, kinds)
		}
	}
}

func TestReplayingTwiceGivesTheSameBytes(t *testing.T) {
	var first []byte
	for _, workers := range []string{"1", "1", "3"} {
		dir := t.TempDir()
		if status, _, stderr := spanwatch(t, "replay", office, "-r", "../testdata/rules/demo.rules", "-o", dir, "--workers", workers, "--quiet"); status != exitOK {
			t.Fatal(stderr)
		}
		text, err := os.ReadFile(filepath.Join(dir, "eve.json"))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = text
		} else if !bytes.Equal(first, text) {
			t.Errorf("%s workers: the output differs from that of the first replay", workers)
		}
	}
}

func TestReplayFromStandardInputAndToStandardOutput(t *testing.T) {
	capture, err := os.Open(office)
	if err != nil {
		t.Fatal(err)
	}
	defer capture.Close()
	cmd := program(t.Context(), "replay", "-", "--set", "output.eve.path=-", "--quiet")
	cmd.Stdin = capture
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(out, []byte("\n")); n < 100 {
		t.Errorf("only %d events on standard output", n)
	}
}

// TestReplayOfATruncatedFile: everything before the fault is processed, the
// fault is told with its place, and the exit status says so.
func TestReplayOfATruncatedFile(t *testing.T) {
	header := make([]byte, 24)
	binary.LittleEndian.PutUint32(header, 0xa1b2c3d4)
	binary.LittleEndian.PutUint16(header[4:], 2)
	binary.LittleEndian.PutUint16(header[6:], 4)
	binary.LittleEndian.PutUint32(header[16:], 65535)
	binary.LittleEndian.PutUint32(header[20:], 1)
	record := make([]byte, 16+60)
	binary.LittleEndian.PutUint32(record[8:], 60)
	binary.LittleEndian.PutUint32(record[12:], 60)
	copy(record[16+12:], []byte{0x08, 0x06}) // ARP
	dir := t.TempDir()
	path := filepath.Join(dir, "cut.pcap")
	file := append(append(header, record...), record[:30]...)
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := spanwatch(t, "replay", path, "-o", dir, "--summary")
	if status != exitFaulty {
		t.Errorf("exit status %d, want %d\n%s", status, exitFaulty, stderr)
	}
	if !strings.Contains(stderr, "cut.pcap") || !strings.Contains(stderr, "100") {
		t.Errorf("the fault is not told with file and offset 100: %q", stderr)
	}
	if !strings.Contains(stdout, "\n1 packets") {
		t.Errorf("the whole frame before the fault is not in the summary:\n%s", stdout)
	}
}

func TestReplayServesMetricsAndStays(t *testing.T) {
	cmd := program(t.Context(), "replay", office, "-o", t.TempDir(), "--listen", "127.0.0.1:0", "--stay")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url := ""
	said := bufio.NewScanner(stderr)
	for said.Scan() {
		if m := regexp.MustCompile(`http://\S+/metrics`).FindString(said.Text()); m != "" {
			url = m
			break
		}
	}
	if url == "" {
		t.Fatal("the address of /metrics was not printed")
	}
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`spanwatch_accounting_balance{equation="frames"} 0`,
		`spanwatch_accounting_balance{equation="bytes"} 0`,
		`spanwatch_accounting_balance{equation="events"} 0`,
		`spanwatch_bandwidth_transport_bytes_total{proto="TCP",direction="to_server"}`,
		`spanwatch_bandwidth_talker_bytes{host="10.20.0.10"`,
		`spanwatch_bandwidth_talker_bytes{host="other"`,
		"spanwatch_build_info{",
		"go_goroutines",
	} {
		if !bytes.Contains(body, []byte(want)) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after the interrupt: %v", err)
	}
}

func TestWrongUseIsToldClearly(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "note.txt")
	if err := os.WriteFile(text, []byte("this is no capture file at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"no command":            {nil, exitUsage, ""},
		"unknown command":       {[]string{"sniff"}, exitUsage, `unknown command "sniff"`},
		"unknown flag":          {[]string{"replay", "-x", office}, exitUsage, "-x"},
		"no capture file":       {[]string{"replay"}, exitFailure, "no capture file named"},
		"missing capture file":  {[]string{"replay", filepath.Join(dir, "none.pcap"), "-o", dir}, exitFailure, "none.pcap"},
		"not a capture file":    {[]string{"replay", text, "-o", dir}, exitFailure, "not a capture file"},
		"missing rule file":     {[]string{"replay", office, "-r", "none.rules", "-o", dir}, exitFailure, "none.rules"},
		"bad BPF filter":        {[]string{"replay", office, "--filter", "porrt 80", "-o", dir}, exitFailure, "porrt"},
		"bad speed":             {[]string{"replay", office, "--speed", "fast", "-o", dir}, exitFailure, "fast"},
		"bad time":              {[]string{"replay", office, "--from", "today", "-o", dir}, exitFailure, "today"},
		"unknown setting":       {[]string{"replay", office, "--set", "flow.max=1"}, exitUsage, `unknown key "max"`},
		"stay without listen":   {[]string{"replay", office, "--stay"}, exitUsage, "--listen"},
		"rules without files":   {[]string{"rules", "check"}, exitUsage, "no rule file"},
		"config without a verb": {[]string{"config"}, exitUsage, "check or dump"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, stderr := spanwatch(t, c.args...)
			if status != c.status || !strings.Contains(stderr, c.says) {
				t.Errorf("exit status %d, want %d; said %q, want %q in it", status, c.status, stderr, c.says)
			}
		})
	}
}

func TestRulesCheckListsFailuresWithPlaceAndReason(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mixed.rules")
	rules := `alert udp any any -> any any (msg:"good"; content:"abc"; sid:1;)
alert tcp any any -> any any (msg:"later"; lua:x.lua; sid:2;)
alert tcp any any -> $NOWHERE any (msg:"variable"; sid:3;)
# alert tcp any any -> any any (msg:"off"; sid:4;)
alert tcp any any -> any any (msg:"typo"; contnet:"x"; sid:5;)
`
	if err := os.WriteFile(path, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, _ := spanwatch(t, "rules", "check", path)
	if status != exitFailure {
		t.Errorf("exit status %d though rules fail", status)
	}
	for _, want := range []string{
		"4 rules: 1 loaded, 3 failed, 0 skipped, 0 replaced; 1 more are commented out",
		"mixed.rules:2:44:", "mixed.rules:3:22:", "mixed.rules:5:43:", "NOWHERE", "content",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
}

func TestConfigDumpIsAConfiguration(t *testing.T) {
	status, dump, stderr := spanwatch(t, "config", "dump", "--set", "flow.max-flows=4096")
	if status != exitOK || !strings.Contains(dump, "max-flows: 4096") {
		t.Fatalf("exit status %d\n%s%s", status, dump, stderr)
	}
	path := filepath.Join(t.TempDir(), "spanwatch.yaml")
	if err := os.WriteFile(path, []byte(dump), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := spanwatch(t, "config", "check", "--config", path); status != exitOK {
		t.Errorf("exit status %d: %s", status, stderr)
	}
}

func TestRulesExplainAndList(t *testing.T) {
	const demo = "../testdata/rules/demo.rules"
	status, stdout, stderr := spanwatch(t, "rules", "explain", "8800010,8800050", demo)
	for _, want := range []string{"1:8800010:1 DEMO many SSH logins", `fast pattern  "SSH-2.0-" in payload`, "pkt_stream", "demo.rules:12", "1:8800050:"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s%s", want, stdout, stderr)
		}
	}
	if status != exitOK {
		t.Errorf("exit status %d", status)
	}
	for verb, key := range map[string]string{"explain": "engines", "list": "type"} {
		args := []string{"rules", verb, demo, "--json"}
		if verb == "explain" {
			args = []string{"rules", verb, "8800010", demo, "--json"}
		}
		_, stdout, _ := spanwatch(t, args...)
		var list []map[string]any
		if err := json.Unmarshal([]byte(stdout), &list); err != nil || len(list) == 0 || list[0][key] == nil || list[0]["sid"] == nil {
			t.Errorf("%s: %v, %v", verb, err, list)
		}
	}
	if _, stdout, _ := spanwatch(t, "rules", "list", demo); strings.Count(stdout, "\n") != 15 || !strings.Contains(stdout, "1:8800010:1\talert\t1\tpkt_stream\t") {
		t.Errorf("%s", stdout)
	}
	if status, _, stderr := spanwatch(t, "rules", "explain", "1", demo); status != exitFailure || !strings.Contains(stderr, "no rule with sid 1") {
		t.Errorf("%d %s", status, stderr)
	}
	if status, _, _ := spanwatch(t, "rules", "explain", "x", demo); status != exitUsage {
		t.Errorf("exit status %d for a bad sid", status)
	}
}

func TestReplayProfilesRules(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"rule-profile.txt", "profile.json"} {
		status, _, stderr := spanwatch(t, "replay", office, "-r", "../testdata/rules/demo.rules", "-o", dir, "--workers", "2",
			"--set", "rules.profile=true", "--set", "rules.profile-report="+name)
		text, err := os.ReadFile(filepath.Join(dir, name))
		if status != exitOK || err != nil || !strings.Contains(string(text), "DEMO many connection attempts") {
			t.Errorf("%d %s %v\n%s", status, stderr, err, text)
		}
	}
	var costs []struct {
		SID, Candidates, Nanoseconds uint64
	}
	text, _ := os.ReadFile(filepath.Join(dir, "profile.json"))
	if err := json.Unmarshal(text, &costs); err != nil || len(costs) < 10 || costs[0].Candidates == 0 || costs[0].Nanoseconds < costs[9].Nanoseconds {
		t.Errorf("%v %v", err, costs)
	}
}
