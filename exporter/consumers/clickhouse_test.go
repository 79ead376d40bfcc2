package consumers

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"spanwatch/exporter/document"
	"spanwatch/exporter/exportertest"
)

// chdbScript runs the statements in a real ClickHouse. The Kafka table becomes
// one that keeps nothing, whose inserts feed the views just as Kafka's do; as it
// stands it is parsed.
const chdbScript = `
import json, sys
from chdb import session
sql, lines = json.load(sys.stdin)
s = session.Session()
kafka = 0
sql = '\n'.join(l for l in sql.split('\n') if not l.startswith('--'))
for statement in sql.split(';'):
    statement = statement.strip()
    if not statement: continue
    if '\nTTL ' in statement: # the golden events are old: parsed, and then left out
        s.query('EXPLAIN AST ' + statement)
        statement = statement[:statement.index('\nTTL ')]
    if 'ENGINE = Kafka' in statement:
        s.query('EXPLAIN AST ' + statement)
        statement = statement[:statement.index('ENGINE = Kafka')] + 'ENGINE = Null'
        kafka += 1
    s.query(statement)
for line in lines:
    s.query("INSERT INTO spanwatch.kafka FORMAT JSONAsString " + line)
out = {'kafka': kafka, 'version': str(s.query('SELECT version()')).strip()}
for table in ['events', 'alerts', 'flows', 'dns']:
    s.query('OPTIMIZE TABLE spanwatch.' + table + ' FINAL')
    out[table] = [json.loads(l) for l in str(s.query('SELECT * FROM spanwatch.' + table + ' FINAL FORMAT JSONEachRow SETTINGS output_format_json_quote_64bit_integers = 0')).split('\n') if l]
print(json.dumps(out))
`

func TestClickHouseTakesTheStatementsAndTheEvents(t *testing.T) {
	python := ""
	for _, path := range []string{os.Getenv("SPANWATCH_CHDB_PYTHON"), "python3"} {
		if path != "" && exec.Command(path, "-c", "import chdb").Run() == nil {
			python = path
			break
		}
	}
	if python == "" {
		exportertest.Program(t, "chdb") // is no program: skips, or fails where it is demanded
	}
	files, err := filepath.Glob("../event/testdata/golden/default_*_full.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("%v, %v", files, err)
	}
	var lines []string
	ids := map[string]bool{} // the golden request and response of DNS share theirs
	for _, f := range files {
		text := strings.TrimSpace(read(t, f))
		ids[string(document.Find([]byte(text), "event_type"))+string(document.Find([]byte(text), "event_id"))] = true
		lines = append(lines, text, text) // a copy, as after a fault
	}
	input, err := json.Marshal([]any{read(t, "clickhouse/spanwatch.sql"), lines})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", chdbScript)
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var got struct {
		Kafka                      int
		Version                    string
		Events, Alerts, Flows, DNS []map[string]any
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v\n%.500s", err, out)
	}
	t.Logf("ClickHouse %s", got.Version)
	if got.Kafka != 1 || len(got.Events) != len(ids) || len(got.Alerts) != 1 || len(got.Flows) != 1 || len(got.DNS) != 1 {
		t.Fatalf("%d Kafka tables, %d events of %d, %d alerts, %d flows, %d DNS", got.Kafka, len(got.Events), len(ids), len(got.Alerts), len(got.Flows), len(got.DNS))
	}
	for name, c := range map[string]struct {
		row  map[string]any
		want map[string]any
	}{
		"alert": {got.Alerts[0], map[string]any{
			"time": "2026-01-02 15:04:05.123456", "src_ip": "::ffff:192.0.2.1", "dest_port": 443.0, "signature_id": 2100498.0, "severity": 2.0,
			"sensor": "probe-1", "action": "blocked", "app_proto": "http", "event_id": eventID(t, "alert"),
		}},
		"flow": {got.Flows[0], map[string]any{
			"pkts_toserver": 10.0, "bytes_toserver": float64(1 << 40), "bytes_toclient": 800.0, "src_country": "DE", "dest_asn": 64511.0, "alerted": 1.0,
			"event_id": eventID(t, "flow"),
		}},
	} {
		for column, want := range c.want {
			if c.row[column] != want {
				t.Errorf("%s.%s is %v, want %v", name, column, c.row[column], want)
			}
		}
	}
}

func eventID(t *testing.T, name string) string {
	t.Helper()
	var e struct {
		ID string `json:"event_id"`
	}
	if err := json.Unmarshal([]byte(read(t, "../event/testdata/golden/default_"+name+"_full.json")), &e); err != nil {
		t.Fatal(err)
	}
	return e.ID
}
