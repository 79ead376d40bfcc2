package metrics_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/metrics"
)

var update = flag.Bool("update", false, "write the table in README.md anew")

func text(t testing.TB, r *metrics.Registry) string {
	t.Helper()
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func parse(t *testing.T, r *metrics.Registry) *scrape {
	t.Helper()
	all := text(t, r)
	s, err := parseExposition(all)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return s
}

// everything writes one or two series of each metric of the catalogue.
func everything(w *metrics.Writer) {
	for id, m := range metrics.Catalogue() {
		if m.Kind == metrics.Histogram && metrics.ID(id) != metrics.MetricsScrape {
			w.Histogram(metrics.ID(id), []float64{0.5, 1}, []uint64{1, 2, 3}, 4.5, slices.Repeat([]string{"a"}, len(m.Labels))...)
			continue
		}
		if m.Kind == metrics.Histogram || metrics.ID(id) == metrics.BuildInfo || metrics.ID(id) == metrics.MetricsFolded {
			continue // written by the registry
		}
		labels := make([]string, len(m.Labels))
		for i := range labels {
			labels[i] = "a"
		}
		w.Uint(metrics.ID(id), 1, labels...)
		if len(labels) > 0 {
			labels[0] = "b"
			w.Uint(metrics.ID(id), 2, labels...)
		}
	}
}

func TestAScrapeShowsTheWholeCatalogueAndNothingElse(t *testing.T) {
	r := metrics.NewRegistry("1.2.3")
	r.Add(everything)
	text(t, r) // the first scrape, so that the second has a duration to show
	s := parse(t, r)
	declared := map[string]metrics.Metric{}
	for _, m := range metrics.Catalogue() {
		declared[m.Name] = m
		if s.types[m.Name] != m.Kind.String() {
			t.Errorf("%s: TYPE is %q, want %s", m.Name, s.types[m.Name], m.Kind)
		}
		if s.helps[m.Name] != m.Help {
			t.Errorf("%s: HELP is %q, want %q", m.Name, s.helps[m.Name], m.Help)
		}
	}
	shown, library := map[string]bool{}, 0
	for _, x := range s.samples {
		m, ok := declared[x.name]
		if !ok {
			if !strings.HasPrefix(x.name, "go_") && !strings.HasPrefix(x.name, "process_") {
				t.Errorf("%s is not in the catalogue", x.name)
			}
			library++
			continue
		}
		shown[x.name] = true
		if m.Kind != metrics.Histogram && len(x.labels) != len(m.Labels) {
			t.Errorf("%s has labels %v, want %v", x.name, x.labels, m.Labels)
		}
		for _, l := range m.Labels {
			if _, ok := x.labels[l]; !ok {
				t.Errorf("%s has no label %s", x.name, l)
			}
		}
	}
	for name := range declared {
		if !shown[name] {
			t.Errorf("%s is not shown", name)
		}
	}
	if library < 20 {
		t.Errorf("%d metrics of process and runtime, want them all", library)
	}
}

func TestTheCatalogueKeepsItsNamingRules(t *testing.T) {
	name := regexp.MustCompile(`^spanwatch_(build|capture|kernel|decode|defrag|flow|stream|filestore|bandwidth|accounting|detect|app|export|kafka|spool|pipeline|metrics)_[a-z_]+$`)
	seen := map[string]bool{}
	if len(metrics.Catalogue()) == 0 {
		t.Fatal("the catalogue is empty")
	}
	for _, m := range metrics.Catalogue() {
		if !name.MatchString(m.Name) || seen[m.Name] {
			t.Errorf("%q is a bad or a second name", m.Name)
		}
		seen[m.Name] = true
		if (m.Kind == metrics.Counter) != strings.HasSuffix(m.Name, "_total") {
			t.Errorf("%s is a %s", m.Name, m.Kind)
		}
		if !strings.HasSuffix(m.Help, ".") || strings.ContainsAny(m.Help, "\\\n|") {
			t.Errorf("%s: help is not a sentence: %q", m.Name, m.Help)
		}
	}
}

func TestLabelValuesFromTheWireCannotSpoilAScrape(t *testing.T) {
	r := metrics.NewRegistry("1")
	values := []string{
		"plain", `quote " backslash \ end`, "line\nfeed", "\r\t\x00", "Köln", "\xff\xfe", "}", `",x="`,
		strings.Repeat("x", 500), strings.Repeat("é", 500), strings.Repeat("x", 127) + "é", "",
	}
	r.Add(func(w *metrics.Writer) {
		for i, v := range values {
			w.Uint(metrics.AppFlows, uint64(i), v)
		}
	})
	i := 0
	for _, x := range parse(t, r).samples {
		if x.name != "spanwatch_app_flows_total" {
			continue
		}
		got, want := x.labels["proto"], strings.ToValidUTF8(values[i], "\ufffd")
		if values[i] == "\xff\xfe" {
			want = "\ufffd\ufffd"
		}
		if got != want && !(len(want) > 128 && strings.HasPrefix(want, got) && len(got) >= 128 && len(got) < 128+utf8.UTFMax) {
			t.Errorf("%q is shown as %q", values[i], got)
		}
		i++
	}
	if i != len(values) {
		t.Errorf("%d series, want %d", i, len(values))
	}
}

func FuzzLabelValue(f *testing.F) {
	for _, s := range []string{"", "a", "\\\"\n", "\xf0\x9f", "é"} {
		f.Add(s)
	}
	r := metrics.NewRegistry("1")
	var value string
	r.Add(func(w *metrics.Writer) { w.Uint(metrics.AppFlows, 7, value) })
	f.Fuzz(func(t *testing.T, s string) {
		value = s
		var b strings.Builder
		if err := r.Write(&b); err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(b.String(), "# TYPE spanwatch_app_flows_total counter\n")
		line, _, _ := strings.Cut(rest, "\n")
		x, err := parseSample(line)
		if err != nil || x.value != "7" || len(x.labels) != 1 {
			t.Fatalf("%q is shown as %q: %v", s, line, err)
		}
		if len(s) <= 100 && utf8.ValidString(s) && x.labels["proto"] != s {
			t.Fatalf("%q is shown as %q", s, x.labels["proto"])
		}
	})
}

// sum adds up the series of a metric, all or those with one label value.
func sum(t *testing.T, s *scrape, name, label, value string) (total uint64, series int) {
	t.Helper()
	for _, x := range s.samples {
		if x.name == name && (label == "" || x.labels[label] == value) {
			v, err := strconv.ParseUint(x.value, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			total += v
			series++
		}
	}
	return total, series
}

func TestBoundedMetricsFoldTheRestExactly(t *testing.T) {
	const hosts, limit = 100_000, 200
	r := metrics.NewRegistry("1")
	want := map[string]uint64{}
	r.Add(func(w *metrics.Writer) {
		clear(want)
		for i := range uint64(hosts) {
			direction := []string{"sent", "received"}[i%2]
			w.Uint(metrics.BandwidthTalkerBytes, hosts-i, fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), "", "", direction)
			want[direction] += hosts - i
		}
		w.Other(metrics.BandwidthTalkerBytes, "sent", 1000, 5) // folded by the source
		w.Uint(metrics.BandwidthTalkerBytes, 7, "other", "other", "other", "received")
		want["sent"] += 1000
		want["received"] += 7
	})
	for range 2 { // nothing is left over from the scrape before
		s := parse(t, r)
		for direction, bytes := range want {
			if got, _ := sum(t, s, "spanwatch_bandwidth_talker_bytes", "direction", direction); got != bytes {
				t.Errorf("%s: the series add up to %d, want %d", direction, got, bytes)
			}
		}
		if _, n := sum(t, s, "spanwatch_bandwidth_talker_bytes", "", ""); n != limit+2 {
			t.Errorf("%d series, want %d and two of the rest", n, limit)
		}
		if got, _ := sum(t, s, "spanwatch_metrics_folded_series", "metric", "spanwatch_bandwidth_talker_bytes"); got != hosts-limit+5+1 {
			t.Errorf("%d series are said to be folded, want %d", got, hosts-limit+5+1)
		}
	}
}

func TestARestOfTheSourceIsNotADuplicate(t *testing.T) {
	r := metrics.NewRegistry("1")
	r.Add(func(w *metrics.Writer) {
		w.Uint(metrics.BandwidthFlowBytes, 5, "other", "other", "other", "other", "other")
		w.Uint(metrics.BandwidthFlowBytes, 6, "192.0.2.1", "1", "192.0.2.2", "2", "TCP")
		w.Other(metrics.BandwidthFlowBytes, "", 7, 3)
	})
	s := parse(t, r)
	if got, n := sum(t, s, "spanwatch_bandwidth_flow_bytes", "", ""); got != 18 || n != 2 {
		t.Errorf("sum %d in %d series, want 18 in 2", got, n)
	}
}

func TestValuesKeepTheirPrecision(t *testing.T) {
	r := metrics.NewRegistry("1")
	r.Add(func(w *metrics.Writer) {
		w.Uint(metrics.CaptureBytes, 1<<64-1, "eth0")
		w.Float(metrics.PipelineBusy, 1234567.000001, "0")
		w.Equation("frames", 10, 12)
	})
	values := map[string]string{}
	for _, x := range parse(t, r).samples {
		values[x.name] = x.value
	}
	for name, want := range map[string]string{
		"spanwatch_capture_bytes_total":         "18446744073709551615",
		"spanwatch_pipeline_busy_seconds_total": "1.234567000001e+06",
		"spanwatch_accounting_expected_total":   "10",
		"spanwatch_accounting_explained_total":  "12",
		"spanwatch_accounting_balance":          "-2",
	} {
		if values[name] != want {
			t.Errorf("%s is %q, want %q", name, values[name], want)
		}
	}
}

// halfSink delivers alerts and drops the rest.
type halfSink struct{}

func (halfSink) Name() string { return "half" }
func (halfSink) Close() error { return nil }
func (halfSink) Deliver(_ context.Context, records []exporter.Record, tally *exporter.Tally) error {
	for i := range records {
		if records[i].Type == event.TypeAlert {
			tally.Delivered(&records[i])
		} else {
			tally.Dropped(&records[i], exporter.DropIO)
		}
	}
	return nil
}

func TestTheAccountsOfTheExporterAreShownAndBalance(t *testing.T) {
	e, err := event.NewEncoder(event.Options{})
	if err != nil {
		t.Fatal(err)
	}
	x := exporter.New(e, 0, exporter.NewOutlet(halfSink{}, exporter.Config{}))
	for range 3 {
		x.Append(event.TypeAlert, []byte(`{"a":1`), event.ID{}, nil, 0)
		x.Append(event.TypeFlow, []byte(`{"a":1`), event.ID{}, nil, 0)
	}
	x.Close()
	r := metrics.NewRegistry("1")
	r.Add(metrics.ExportSource(x.Outlets()))
	queued, _ := sum(t, parse(t, r), "spanwatch_export_queued_events", "sink", "half")
	if queued != 6 {
		t.Errorf("%d queued before Run, want 6", queued)
	}
	if err := x.Outlets()[0].Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := parse(t, r)
	for name, want := range map[string]uint64{
		"spanwatch_export_made_events_total":      6,
		"spanwatch_export_delivered_events_total": 3,
		"spanwatch_export_dropped_events_total":   3,
		"spanwatch_export_queued_events":          0,
		"spanwatch_accounting_expected_total":     6,
		"spanwatch_accounting_explained_total":    6,
		"spanwatch_accounting_balance":            0,
	} {
		if got, n := sum(t, s, name, "", ""); got != want || n == 0 {
			t.Errorf("%s adds up to %d in %d series, want %d", name, got, n, want)
		}
	}
	if got, _ := sum(t, s, "spanwatch_export_dropped_events_total", "reason", "io_error"); got != 3 {
		t.Errorf("%d dropped by io_error, want 3", got)
	}
}

func TestREADMEHasTheTableOfTheCatalogue(t *testing.T) {
	const mark = "<!-- catalogue -->\n"
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, table, ok := strings.Cut(string(data), mark)
	if !ok {
		t.Fatal("README.md has no mark")
	}
	want := "\n" + metrics.Markdown()
	if *update {
		if err := os.WriteFile("README.md", []byte(before+mark+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if table != want {
		t.Error("README.md is out of date; go test ./exporter/metrics -run TestREADME -update")
	}
}

// BenchmarkScrape has a source that offers every one of 100,000 flows to the
// bounded metrics, far more than a top-K snapshot would.
func BenchmarkScrape(b *testing.B) {
	hosts := make([]string, 100_000)
	for i := range hosts {
		hosts[i] = fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)
	}
	r := metrics.NewRegistry("1")
	r.Add(everything)
	r.Add(func(w *metrics.Writer) {
		for _, h := range hosts {
			w.Uint(metrics.BandwidthFlowBytes, 1500, h, "49152", "192.0.2.1", "443", "TCP")
		}
	})
	var size int
	b.ReportAllocs()
	for b.Loop() {
		var n counter
		if err := r.Write(&n); err != nil {
			b.Fatal(err)
		}
		size = int(n)
	}
	b.ReportMetric(float64(size), "bytes/scrape")
}

type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }
