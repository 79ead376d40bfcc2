package metrics_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"spanwatch/exporter/exportertest"
	"spanwatch/exporter/metrics"
)

// metricWord finds names of ours, and of rules, in a query.
var metricWord = regexp.MustCompile(`\b(spanwatch[_:][a-z0-9_:]+)`)

// checkNames says which metrics of a text are neither in the catalogue nor made
// by a recording rule.
func checkNames(t *testing.T, where, text string, recorded map[string]bool) (found int) {
	t.Helper()
	known := map[string]bool{}
	for _, m := range metrics.Catalogue() {
		known[m.Name] = true
		if m.Kind == metrics.Histogram {
			for _, part := range []string{"_bucket", "_sum", "_count"} {
				known[m.Name+part] = true
			}
		}
	}
	for _, name := range metricWord.FindAllString(text, -1) {
		found++
		if !known[name] && !recorded[name] {
			t.Errorf("%s names %s, which there is not", where, name)
		}
	}
	return found
}

// queries are the expressions of the dashboard, with its variables filled in.
func queries(t *testing.T) (out []string) {
	t.Helper()
	data, err := os.ReadFile("grafana/spanwatch.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &dashboard); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("$__rate_interval", "1m", `=~"$instance"`, `=~".*"`)
	for _, p := range dashboard.Panels {
		for _, x := range p.Targets {
			out = append(out, fill.Replace(x.Expr))
		}
	}
	if len(out) < 20 {
		t.Fatalf("only %d queries in the dashboard", len(out))
	}
	return out
}

func recorded(t *testing.T) map[string]bool {
	t.Helper()
	data, err := os.ReadFile("prometheus/recording.rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, m := range regexp.MustCompile(`record: (\S+)`).FindAllStringSubmatch(string(data), -1) {
		out[m[1]] = true
	}
	return out
}

func TestRulesAndDashboardNameMetricsThatThereAre(t *testing.T) {
	names := recorded(t)
	found := 0
	for _, file := range []string{"prometheus/recording.rules.yaml", "prometheus/alerts.rules.yaml", "prometheus/rules_test.yaml"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found += checkNames(t, file, string(data), names)
	}
	for _, q := range queries(t) {
		found += checkNames(t, "the dashboard", q, names)
	}
	if found < 60 {
		t.Errorf("only %d names were found", found)
	}
}

func TestPromtoolTakesTheRulesAndTheirTests(t *testing.T) {
	promtool := exportertest.Program(t, "promtool")
	for _, args := range [][]string{
		{"check", "rules", "recording.rules.yaml", "alerts.rules.yaml"},
		{"test", "rules", "rules_test.yaml"},
	} {
		cmd := exec.Command(promtool, args...)
		cmd.Dir = "prometheus"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}

func TestPromtoolFindsNoFaultWithAScrape(t *testing.T) {
	promtool := exportertest.Program(t, "promtool")
	r := metrics.NewRegistry("1.2.3")
	r.Add(everything)
	text(t, r)
	cmd := exec.Command(promtool, "check", "metrics")
	var ours strings.Builder // what the library calls its metrics is not ours to say
	keep := false
	for line := range strings.Lines(text(t, r)) {
		if strings.HasPrefix(line, "# HELP ") {
			keep = strings.HasPrefix(line, "# HELP spanwatch_")
		} else if strings.HasPrefix(line, "# TYPE ") {
			keep = strings.HasPrefix(line, "# TYPE spanwatch_")
		}
		if keep {
			ours.WriteString(line)
		}
	}
	cmd.Stdin = strings.NewReader(ours.String())
	out, _ := cmd.CombinedOutput() // its status is that of its advice
	for line := range strings.Lines(string(out)) {
		// Networks are measured in bits per second, whatever the base unit is.
		if !strings.Contains(line, `_bits_per_second use base unit "bytes"`) {
			t.Error(line)
		}
	}
}

// prometheus is a real one, with our rules, that scrapes one target.
type prometheus struct {
	t   *testing.T
	url string
}

func startPrometheus(t *testing.T, target, extra string) *prometheus {
	t.Helper()
	program := exportertest.Program(t, "prometheus")
	dir := t.TempDir()
	rules, err := filepath.Abs("prometheus")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	config := fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs:
  - job_name: spanwatch
    static_configs: [{targets: [%q]}]
%s`, filepath.Join(rules, "*.rules.yaml"), target, extra)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+addr, "--log.level=warn")
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return &prometheus{t: t, url: "http://" + addr}
}

type result struct {
	Metric map[string]string
	Value  [2]any
}

// query asks for the present value of an expression.
func (p *prometheus) query(expr string) ([]result, error) {
	resp, err := http.Get(p.url + "/api/v1/query?query=" + url.QueryEscape(expr))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Status, Error string
		Data          struct{ Result []result }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("%s: %w", body, err)
	}
	if answer.Status != "success" {
		return nil, fmt.Errorf("%s: %s", expr, answer.Error)
	}
	return answer.Data.Result, nil
}

// eventually waits for an expression to have a value.
func (p *prometheus) eventually(expr, want string) {
	p.t.Helper()
	var last []result
	var err error
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if last, err = p.query(expr); err == nil && len(last) == 1 && last[0].Value[1] == want {
			return
		}
	}
	p.t.Fatalf("%s is not %s within 90 s, but %v (%v); targets: %s", expr, want, last, err, p.targets())
}

// targets is what Prometheus says of its scrapes.
func (p *prometheus) targets() string {
	resp, err := http.Get(p.url + "/api/v1/targets")
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return string(body)
}

func TestARealPrometheusScrapesTheSensor(t *testing.T) {
	cert, key := exportertest.Certificate(t)
	password := secret(t, "pass word")
	auth := metrics.Auth{User: "prom", PasswordFile: password}
	var frames uint64
	r := metrics.NewRegistry("1.2.3")
	accepts := make(chan string, 100)
	r.Add(func(w *metrics.Writer) {
		frames += 1000
		w.Uint(metrics.CaptureFrames, frames, "eth1")
		w.Uint(metrics.CaptureBytes, 1<<53+1, "eth1")
		w.Uint(metrics.CaptureDropped, 0, "eth1", "ring_full")
		w.Uint(metrics.AppFlows, 7, "odd \"quotes\" \\ and\nline feeds")
		w.Histogram(metrics.ExportLatency, []float64{0.01, 0.1}, []uint64{90, 10, 0}, 1.5, "kafka")
		for i := range uint64(1000) {
			w.Uint(metrics.BandwidthHostRate, 1000-i, fmt.Sprintf("10.0.%d.%d", i/250, i%250), "DE", "64496", "sent")
		}
	})
	h := metrics.Handler(r, metrics.Options{Auth: auth})
	s, err := metrics.Listen("127.0.0.1:0", metrics.TLS{CertFile: cert, KeyFile: key}, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h.ServeHTTP(w, req)
		select {
		case accepts <- w.Header().Get("Content-Type") + ", " + w.Header().Get("Content-Encoding"):
		default:
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(t.Context()) }()
	p := startPrometheus(t, s.Addr().String(), fmt.Sprintf(`
    scheme: https
    tls_config: {ca_file: %q}
    basic_auth: {username: prom, password_file: %q}
`, cert, password))
	p.eventually(`up{job="spanwatch"}`, "1")
	if got := <-accepts; got != "application/openmetrics-text; version=1.0.0; charset=utf-8, gzip" {
		t.Errorf("Prometheus was answered in %s", got)
	}
	p.eventually(`spanwatch_app_flows_total{proto="odd \"quotes\" \\ and\nline feeds"}`, "7")
	p.eventually(`sum(spanwatch_bandwidth_host_bits_per_second)`, "500500")                  // rows and the rest are exact
	p.eventually(`count(spanwatch_bandwidth_host_bits_per_second)`, "201")                   // bounded
	p.eventually(`spanwatch_bandwidth_host_bits_per_second{host="other"}`, "320400")         // the rest
	p.eventually(`spanwatch_metrics_folded_series{metric=~".*host_bits_per_second"}`, "800") // counted
	p.eventually(`histogram_quantile(0.5, sum by (le) (spanwatch_export_delivery_seconds_bucket))`, "0.005555555555555556")
	p.eventually(`spanwatch:capture_loss:ratio5m`, "0")
	p.eventually(`count(ALERTS{alertstate="firing", alertname!="SpanwatchBlind"}) or vector(0)`, "0")
	for _, q := range queries(t) {
		if _, err := p.query(q); err != nil {
			t.Errorf("the dashboard's query %v", err)
		}
	}
}
