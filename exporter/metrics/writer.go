package metrics

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// other is the label value of the series that adds up what has none of its own.
const other = "other"

// maxLabelBytes bounds a label value, which may come from the wire.
const maxLabelBytes = 128

// Writer collects the series of one scrape. Sources may write the metrics in
// any order; a series may be written once.
type Writer struct {
	families [numMetrics]family
}

type family struct {
	series []byte // lines of text
	count  int    // lines in series
	folded uint64 // series that went into rests
	rests  []rest // the series other, one per direction
}

type rest struct {
	direction string // other where the metric has none
	value     uint64
}

// maxRests is more than there are directions.
const maxRests = 4

func (w *Writer) reset() {
	for i := range w.families {
		f := &w.families[i]
		*f = family{series: f.series[:0], rests: f.rests[:0]}
	}
}

// Uint writes one series. Label values stand in the order of the catalogue and
// may be any bytes. Series beyond the metric's bound are added to its series
// other, so the important ones come first; metrics with a label direction have
// one such series per direction.
//
// It panics when the number of label values is not that of the catalogue: the
// call is wrong, whatever the traffic.
func (w *Writer) Uint(id ID, v uint64, labels ...string) {
	m, f := &catalogue[id], &w.families[id]
	if m.Limit > 0 && len(labels) == len(m.Labels) {
		if f.count >= m.Limit {
			f.fold(m.direction(labels), v, 1)
			return
		}
		if isRest(m, labels) {
			f.fold(m.direction(labels), v, 0)
			return
		}
	}
	f.begin(m, labels)
	f.series = strconv.AppendUint(f.series, v, 10)
	f.series = append(f.series, '\n')
}

// Other adds to the series other of a bounded metric what the source has
// folded itself, and says of how many series that is the sum. direction is ""
// for metrics without that label.
func (w *Writer) Other(id ID, direction string, v, series uint64) {
	if direction == "" {
		direction = other
	}
	w.families[id].fold(direction, v, series)
}

// hasDirection says whether the last label is direction, which folding keeps.
func (m *Metric) hasDirection() bool {
	return len(m.Labels) > 0 && m.Labels[len(m.Labels)-1] == "direction"
}

func (m *Metric) direction(labels []string) string {
	if m.hasDirection() {
		return labels[len(labels)-1]
	}
	return other
}

// isRest says whether labels are those of the series other.
func isRest(m *Metric, labels []string) bool {
	n := len(labels)
	if m.hasDirection() {
		n--
	}
	for _, l := range labels[:n] {
		if l != other {
			return false
		}
	}
	return true
}

func (f *family) fold(direction string, v, series uint64) {
	f.folded += series
	for i := range f.rests {
		if f.rests[i].direction == direction || i == maxRests-1 {
			f.rests[i].value += v
			return
		}
	}
	f.rests = append(f.rests, rest{direction, v})
}

// Int writes one series with a value that may be negative. See Uint.
func (w *Writer) Int(id ID, v int64, labels ...string) {
	f := &w.families[id]
	f.begin(&catalogue[id], labels)
	f.series = strconv.AppendInt(f.series, v, 10)
	f.series = append(f.series, '\n')
}

// Float writes one series with a fractional value. See Uint.
func (w *Writer) Float(id ID, v float64, labels ...string) {
	f := &w.families[id]
	f.begin(&catalogue[id], labels)
	switch {
	case math.IsInf(v, 1):
		f.series = append(f.series, "+Inf"...)
	case math.IsInf(v, -1):
		f.series = append(f.series, "-Inf"...)
	case math.IsNaN(v):
		f.series = append(f.series, "NaN"...)
	default:
		f.series = strconv.AppendFloat(f.series, v, 'g', -1, 64)
	}
	f.series = append(f.series, '\n')
}

// Histogram writes one histogram: the events within each of the bounds, and in
// the last bucket those beyond all of them, not cumulative, and the sum of their
// values.
func (w *Writer) Histogram(id ID, bounds []float64, buckets []uint64, sum float64, labels ...string) {
	m, f := &catalogue[id], &w.families[id]
	part := Metric{Name: m.Name + "_bucket", Labels: append(slices.Clone(m.Labels), "le")}
	values := append(slices.Clone(labels), "")
	total := uint64(0)
	for i, n := range buckets {
		total += n
		values[len(values)-1] = "+Inf"
		if i < len(bounds) {
			values[len(values)-1] = strconv.FormatFloat(bounds[i], 'g', -1, 64)
		}
		f.begin(&part, values)
		f.series = strconv.AppendUint(f.series, total, 10)
		f.series = append(f.series, '\n')
	}
	f.begin(&Metric{Name: m.Name + "_sum", Labels: m.Labels}, labels)
	f.series = strconv.AppendFloat(f.series, sum, 'g', -1, 64)
	f.series = append(f.series, '\n')
	f.begin(&Metric{Name: m.Name + "_count", Labels: m.Labels}, labels)
	f.series = strconv.AppendUint(f.series, total, 10)
	f.series = append(f.series, '\n')
}

// Equation writes both sides of an accounting equation and their difference.
func (w *Writer) Equation(name string, expected, explained uint64) {
	w.Uint(AccountingExpected, expected, name)
	w.Uint(AccountingExplained, explained, name)
	w.Int(AccountingBalance, int64(expected-explained), name)
}

// begin writes name and labels.
func (f *family) begin(m *Metric, labels []string) {
	if len(labels) != len(m.Labels) {
		panic(fmt.Sprintf("metrics: %s has %d labels, not %d", m.Name, len(m.Labels), len(labels)))
	}
	f.count++
	f.series = append(f.series, m.Name...)
	for i, name := range m.Labels {
		if i == 0 {
			f.series = append(f.series, '{')
		} else {
			f.series = append(f.series, ',')
		}
		f.series = append(f.series, name...)
		f.series = append(f.series, '=', '"')
		f.series = appendLabel(f.series, labels[i])
		f.series = append(f.series, '"')
	}
	if len(labels) > 0 {
		f.series = append(f.series, '}')
	}
	f.series = append(f.series, ' ')
}

// appendLabel escapes a label value. The format knows three escapes; bytes
// that are not UTF-8, which would spoil the whole scrape, become U+FFFD.
func appendLabel(dst []byte, s string) []byte {
	for i, r := range s {
		if i >= maxLabelBytes {
			break
		}
		switch r {
		case '\\':
			dst = append(dst, '\\', '\\')
		case '"':
			dst = append(dst, '\\', '"')
		case '\n':
			dst = append(dst, '\\', 'n')
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// append writes the text of all metrics that have series, in catalogue order.
func (w *Writer) append(dst []byte) []byte {
	for id := range ID(numMetrics) {
		m, f := &catalogue[id], &w.families[id]
		if m.Limit > 0 && (f.count > 0 || len(f.rests) > 0) {
			f.appendRests(m)
			w.Uint(MetricsFolded, f.folded, m.Name)
		}
		if len(f.series) == 0 {
			continue
		}
		dst = append(dst, "# HELP "...)
		dst = append(dst, m.Name...)
		dst = append(dst, ' ')
		dst = append(dst, m.Help...)
		dst = append(dst, "\n# TYPE "...)
		dst = append(dst, m.Name...)
		dst = append(dst, ' ')
		dst = append(dst, m.Kind.String()...)
		dst = append(dst, '\n')
		dst = append(dst, f.series...)
	}
	return dst
}

func (f *family) appendRests(m *Metric) {
	var values [8]string
	labels := values[:len(m.Labels)]
	for i := range labels {
		labels[i] = other
	}
	for _, r := range f.rests {
		if m.hasDirection() {
			labels[len(labels)-1] = r.direction
		}
		f.begin(m, labels)
		f.series = strconv.AppendUint(f.series, r.value, 10)
		f.series = append(f.series, '\n')
	}
}
