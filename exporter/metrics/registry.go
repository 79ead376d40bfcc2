package metrics

import (
	"bytes"
	"io"
	"runtime/debug"
	"sync"
	"time"

	vm "github.com/VictoriaMetrics/metrics"
)

// Source writes the metrics of one part of the sensor. See the package
// comment.
type Source func(w *Writer)

// Registry is what a scrape shows: the sources, and the library's metrics of
// process and runtime. Add all sources before the first scrape.
type Registry struct {
	set    *vm.Set
	scrape *vm.PrometheusHistogram

	mu      sync.Mutex // one scrape at a time; guards what follows
	sources []Source
	writer  Writer
	text    []byte       // of the sources
	all     bytes.Buffer // of sources and library

	described, answer []byte // the same with its HELP lines, and in the client's format
}

// NewRegistry returns a registry that shows build information and the
// library's metrics. version is that of the program.
func NewRegistry(version string) *Registry {
	vm.ExposeMetadata(true) // of the library; without it its metrics have no TYPE
	r := &Registry{set: vm.NewSet()}
	r.scrape = r.set.NewPrometheusHistogramExt(catalogue[MetricsScrape].Name,
		[]float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5})
	goVersion, revision := buildInfo()
	r.Add(func(w *Writer) { w.Uint(BuildInfo, 1, version, goVersion, revision) })
	r.set.RegisterMetricsWriter(r.writeSources)
	return r
}

// Add registers a source.
func (r *Registry) Add(s Source) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sources = append(r.sources, s)
}

// Write writes all metrics in Prometheus text format 0.0.4. Calls wait for
// each other.
func (r *Registry) Write(w io.Writer) error {
	return r.write(w, func(dst, text []byte) []byte { return append(dst, text...) })
}

// WriteOpenMetrics writes all metrics in OpenMetrics text format 1.0.
func (r *Registry) WriteOpenMetrics(w io.Writer) error { return r.write(w, appendOpenMetrics) }

// write writes all metrics in the form that form makes of the older format.
func (r *Registry) write(w io.Writer, form func(dst, text []byte) []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	start := time.Now()
	r.all.Reset()
	r.set.WritePrometheus(&r.all)
	vm.WriteProcessMetrics(&r.all)
	vm.WriteFDMetrics(&r.all)
	r.described = appendDescribed(r.described[:0], r.all.Bytes())
	r.answer = form(r.answer[:0], r.described)
	r.scrape.UpdateDuration(start)
	_, err := w.Write(r.answer)
	return err
}

// writeSources is called by the library in the course of Write.
func (r *Registry) writeSources(w io.Writer) {
	r.writer.reset()
	for _, s := range r.sources {
		s(&r.writer)
	}
	// The destination is the buffer of Write, which does not fail.
	r.text = r.writer.append(r.text[:0])
	_, _ = w.Write(r.text)
}

// appendDescribed copies the text and completes the HELP lines, which the
// library leaves empty: with the catalogue's words where it has some, else the
// line is left out.
func appendDescribed(dst, text []byte) []byte {
	const help = "# HELP "
	for line := range bytes.Lines(text) {
		name, ok := bytes.CutPrefix(line, []byte(help))
		if !ok || bytes.IndexByte(name, ' ') >= 0 {
			dst = append(dst, line...)
			continue
		}
		name = bytes.TrimRight(name, "\n")
		if string(name) == catalogue[MetricsScrape].Name {
			dst = append(dst, help...)
			dst = append(dst, name...)
			dst = append(dst, ' ')
			dst = append(dst, catalogue[MetricsScrape].Help...)
			dst = append(dst, '\n')
		}
	}
	return dst
}

// buildInfo returns what the linker knows of the program.
func buildInfo() (goVersion, revision string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown", "unknown"
	}
	revision = "unknown"
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	return info.GoVersion, revision
}
