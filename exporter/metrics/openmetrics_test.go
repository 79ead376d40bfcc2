package metrics_test

import (
	"os/exec"
	"strings"
	"testing"

	"spanwatch/exporter/exportertest"
	"spanwatch/exporter/metrics"
)

func TestTheClientChoosesTheFormat(t *testing.T) {
	url, stop := start(t, "127.0.0.1:0", nil)
	defer stop()
	const prometheus2 = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
	for accept, open := range map[string]bool{
		"":                             false,
		"*/*":                          false,
		"text/html,*/*;q=0.8":          false,
		"text/plain":                   false,
		"application/openmetrics-text": true,
		"application/openmetrics-text; version=1.0.0; charset=utf-8": true,
		"application/openmetrics-text; version=7.0.0":                false,
		"application/openmetrics-text;q=0":                           false,
		"text/plain;q=0.9,application/openmetrics-text;q=0.5":        false,
		prometheus2: true,
	} {
		resp, body := get(t, url+"/metrics", "Accept", accept)
		want := "text/plain; version=0.0.4; charset=utf-8"
		if open {
			want = "application/openmetrics-text; version=1.0.0; charset=utf-8"
		}
		if got := resp.Header.Get("Content-Type"); got != want || strings.HasSuffix(body, "# EOF\n") != open {
			t.Errorf("Accept %q: got %q, ending %q", accept, got, body[max(len(body)-20, 0):])
		}
	}
}

// TestAStrictReaderTakesOpenMetrics has the parser of the Prometheus client for
// Python read the answer, which checks the format more strictly than Prometheus.
func TestAStrictReaderTakesOpenMetrics(t *testing.T) {
	const script = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.read()))
print(len(families), sum(len(f.samples) for f in families), sorted({f.type for f in families}))
`
	python := ""
	for _, path := range []string{"python3", "/usr/bin/python3"} { // Debian's package is for the latter
		if exec.Command(path, "-c", "import prometheus_client").Run() == nil {
			python = path
		}
	}
	if python == "" {
		exportertest.Program(t, "python3-prometheus-client") // is no program: skips, or fails where it is demanded
	}
	r := metrics.NewRegistry("1.2.3")
	r.Add(everything)
	r.Add(func(w *metrics.Writer) {
		w.Uint(metrics.AppFlows, 1, "quote \" backslash \\ line\nfeed")
	})
	for range 2 { // the second shows a histogram with observations
		var b strings.Builder
		if err := r.WriteOpenMetrics(&b); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(python, "-c", script)
		cmd.Stdin = strings.NewReader(b.String())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		t.Logf("families, samples, types: %s", out)
		if !strings.Contains(string(out), "'counter', 'gauge', 'histogram'") {
			t.Errorf("got %s", out)
		}
	}
}
