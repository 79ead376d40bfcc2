package keyword

import (
	"math"
	"strconv"
	"strings"

	"spanwatch/signatures/rule"
)

// entropyStep compares the Shannon entropy of the buffer's bytes, 0 to 8 bits.
type entropyStep struct {
	bytes, offset int // bytes 0 is all
	operator      string
	value         float64
}

func (t *entropyStep) try(m *Machine, cursor int) (int, verdict) {
	if t.offset > len(m.data) {
		return cursor, no
	}
	data := m.data[t.offset:]
	if t.bytes > 0 {
		if t.bytes > len(data) {
			return cursor, no
		}
		data = data[:t.bytes]
	}
	if t.holds(entropy(data)) {
		return cursor, yes
	}
	return cursor, no
}

func (t *entropyStep) holds(v float64) bool {
	switch t.operator {
	case "<":
		return v < t.value
	case "<=":
		return v <= t.value
	case ">":
		return v > t.value
	case ">=":
		return v >= t.value
	case "!=":
		return v != t.value
	}
	return v == t.value
}

func entropy(data []byte) (bits float64) {
	var counts [256]int
	for _, c := range data {
		counts[c]++
	}
	total := float64(len(data))
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / total
			bits -= p * math.Log2(p)
		}
	}
	return bits
}

// setEntropy is the keyword entropy: `entropy:[bytes N,][offset N,] value <|<=|>|>=|=|!= F`.
func setEntropy(b *Builder, o *rule.Option) *rule.Diagnostic {
	t := &entropyStep{}
	for _, arg := range splitList(o.Value) {
		name, value, _ := strings.Cut(arg, " ")
		value = strings.TrimSpace(value)
		n, ok := parseUnsigned(value)
		ok = ok && n <= maxPosition
		switch name {
		case "bytes":
			t.bytes = int(n)
		case "offset":
			t.offset = int(n)
		case "value":
			digits := strings.IndexAny(value, "0123456789.")
			if digits < 0 {
				return b.badValue(o, "bad value "+quoted(value))
			}
			t.operator = strings.TrimSpace(value[:digits])
			if t.operator == "" || t.operator == "==" {
				t.operator = "="
			}
			var err error
			t.value, err = strconv.ParseFloat(strings.TrimSpace(value[digits:]), 64)
			ok = err == nil && t.value <= 8 && strings.Contains(" < <= > >= = != ", " "+t.operator+" ")
		default:
			ok = false
		}
		if !ok {
			return b.badValue(o, "bad argument "+quoted(arg))
		}
	}
	if t.operator == "" {
		return b.badValue(o, "entropy needs a value")
	}
	b.addStep(t, false)
	return nil
}
