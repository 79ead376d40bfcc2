package metrics_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// sample is one line of a scrape.
type sample struct {
	name   string
	labels map[string]string
	value  string
}

// scrape is a parsed answer.
type scrape struct {
	types   map[string]string
	helps   map[string]string
	samples []sample
}

var (
	metricName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*`)
	labelName  = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*`)
)

// parseExposition reads Prometheus text format 0.0.4 and refuses more than
// Prometheus does: every family has one TYPE line before its samples, all its
// samples in a row, no two of them with the same labels, and only the three
// escapes of the format in label values.
func parseExposition(text string) (*scrape, error) {
	if !strings.HasSuffix(text, "\n") {
		return nil, fmt.Errorf("the last line has no line feed")
	}
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("not UTF-8")
	}
	s := &scrape{types: map[string]string{}, helps: map[string]string{}}
	seen := map[string]bool{}
	current := ""
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		fail := func(format string, args ...any) (*scrape, error) {
			return nil, fmt.Errorf("line %d %q: %s", n+1, line, fmt.Sprintf(format, args...))
		}
		if rest, ok := strings.CutPrefix(line, "# HELP "); ok {
			name, help, _ := strings.Cut(rest, " ")
			if _, ok := s.helps[name]; ok || help == "" {
				return fail("second or empty HELP")
			}
			s.helps[name] = help
			continue
		}
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, kind, _ := strings.Cut(rest, " ")
			if _, ok := s.types[name]; ok {
				return fail("second TYPE")
			}
			switch kind {
			case "counter", "gauge", "histogram", "summary":
			default:
				return fail("no such type")
			}
			s.types[name] = kind
			current = name
			continue
		}
		if strings.HasPrefix(line, "#") || line == "" {
			return fail("neither HELP, TYPE nor a sample")
		}
		x, err := parseSample(line)
		if err != nil {
			return fail("%v", err)
		}
		if x.name != current && (s.types[current] == "histogram" || s.types[current] == "summary") {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				if x.name == current+suffix {
					x.name = current
					x.labels["__part"] = suffix
				}
			}
		}
		if x.name != current {
			return fail("sample outside of its family, which is %q", current)
		}
		key := fmt.Sprint(x.name, x.labels) // maps print in sorted order
		if seen[key] {
			return fail("duplicate series")
		}
		seen[key] = true
		s.samples = append(s.samples, x)
	}
	return s, nil
}

func parseSample(line string) (sample, error) {
	x := sample{labels: map[string]string{}}
	x.name = metricName.FindString(line)
	if x.name == "" {
		return x, fmt.Errorf("bad metric name")
	}
	line = line[len(x.name):]
	if strings.HasPrefix(line, "{") {
		line = line[1:]
		for !strings.HasPrefix(line, "}") {
			name := labelName.FindString(line)
			rest, ok := strings.CutPrefix(line[len(name):], `="`)
			if name == "" || !ok {
				return x, fmt.Errorf("bad label name at %q", line)
			}
			value, n, err := parseLabelValue(rest)
			if err != nil {
				return x, err
			}
			if _, ok := x.labels[name]; ok {
				return x, fmt.Errorf("label %s twice", name)
			}
			x.labels[name] = value
			line = rest[n:]
			if strings.HasPrefix(line, ",") && !strings.HasPrefix(line, ",}") {
				line = strings.TrimLeft(line[1:], " ") // the library puts a blank there, as the format allows
			} else if !strings.HasPrefix(line, "}") {
				return x, fmt.Errorf("bad separator at %q", line)
			}
		}
		line = line[1:]
	}
	value, ok := strings.CutPrefix(line, " ")
	if !ok {
		return x, fmt.Errorf("no blank before the value")
	}
	if _, err := strconv.ParseFloat(value, 64); err != nil {
		return x, fmt.Errorf("bad value: %v", err)
	}
	x.value = value
	return x, nil
}

// parseLabelValue reads up to the closing quote and returns the bytes read.
func parseLabelValue(s string) (value string, n int, err error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), i + 1, nil
		case '\\':
			i++
			if i == len(s) {
				return "", 0, fmt.Errorf("escape at the end")
			}
			switch s[i] {
			case '\\', '"':
				b.WriteByte(s[i])
			case 'n':
				b.WriteByte('\n')
			default:
				return "", 0, fmt.Errorf("unknown escape \\%c", s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, fmt.Errorf("no closing quote")
}
