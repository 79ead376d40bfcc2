package metrics

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Content types of the two formats.
const (
	textType        = "text/plain; version=0.0.4; charset=utf-8"
	openMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8"
)

// ours begins the names of all metrics that the library does not make itself.
const ours = "spanwatch_"

// wantsOpenMetrics says whether a client prefers OpenMetrics, as Prometheus
// does; RFC 9110 section 12.5.1. Without a preference the older format is
// sent, which everything reads.
func wantsOpenMetrics(accept string) bool {
	var open, text, any float64
	for part := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(part, ";")
		weight, version := 1.0, ""
		for p := range strings.SplitSeq(params, ";") {
			key, value, _ := strings.Cut(strings.TrimSpace(p), "=")
			switch strings.ToLower(strings.TrimSpace(key)) {
			case "q":
				if w, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
					weight = w
				}
			case "version":
				version = strings.Trim(strings.TrimSpace(value), `"`)
			}
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "application/openmetrics-text":
			if version == "" || version == "1.0.0" || version == "0.0.1" {
				open = max(open, weight)
			}
		case "text/plain":
			text = max(text, weight)
		case "*/*", "text/*":
			any = max(any, weight)
		}
	}
	return open > 0 && open >= max(text, any)
}

// appendOpenMetrics writes text of format 0.0.4 as OpenMetrics 1.0: a counter's
// family has its name without _total, and the end is marked. What the library
// calls a counter without that suffix, or beside a gauge of the shorter name
// (go_memstats_alloc_bytes), is of unknown type there.
func appendOpenMetrics(dst, text []byte) []byte {
	var help []byte // line of the present family, until its type is known
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte("# HELP ")) {
			help = line
			continue
		}
		rest, ok := bytes.CutPrefix(line, []byte("# TYPE "))
		if !ok {
			dst = appendSample(dst, line)
			continue
		}
		name, kind, _ := bytes.Cut(bytes.TrimRight(rest, "\n"), []byte(" "))
		family := name
		switch string(kind) {
		case "counter":
			base, ok := bytes.CutSuffix(name, []byte("_total"))
			if ok && (bytes.HasPrefix(name, []byte(ours)) || !bytes.Contains(text, fmt.Appendf(nil, "# TYPE %s ", base))) {
				family = base
			} else {
				kind = []byte("unknown")
			}
		case "untyped":
			kind = []byte("unknown")
		}
		dst = append(dst, "# TYPE "...)
		dst = append(dst, family...)
		dst = append(dst, ' ')
		dst = append(dst, kind...)
		dst = append(dst, '\n')
		if help != nil {
			dst = append(dst, "# HELP "...)
			dst = append(dst, family...)
			dst = append(dst, help[len("# HELP ")+len(name):]...)
			help = nil
		}
	}
	return append(dst, "# EOF\n"...)
}

// appendSample copies a line. The library puts a blank between labels, which
// only the older format allows; its label values have no such thing in them.
func appendSample(dst, line []byte) []byte {
	if bytes.HasPrefix(line, []byte(ours)) {
		return append(dst, line...)
	}
	for {
		before, after, ok := bytes.Cut(line, []byte(`", `))
		dst = append(dst, before...)
		if !ok {
			return dst
		}
		dst = append(dst, '"', ',')
		line = after
	}
}
