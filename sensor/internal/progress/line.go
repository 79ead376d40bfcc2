package progress

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// Columns of the parts of a line.
const (
	maxBar  = 30
	minBar  = 5
	maxName = 32
	minName = 8
)

// memory is how far back the rates look: what was a memory ago counts 1/e.
const memory = 2 * time.Second

// rates are smoothed, per second.
type rates struct {
	packets, bytes, done float64
	started              bool
}

func (r *rates) add(passed time.Duration, from, to Sample) {
	seconds := passed.Seconds()
	weight := 1 - math.Exp(-seconds/memory.Seconds())
	if !r.started {
		weight, r.started = 1, true
	}
	r.packets += weight * (float64(to.Packets-from.Packets)/seconds - r.packets)
	r.bytes += weight * (float64(to.Bytes-from.Bytes)/seconds - r.bytes)
	r.done += weight * (float64(to.Done-from.Done)/seconds - r.done)
}

// line composes the line in at most width columns. What is least missed goes
// first when it is narrow: the bar, the file, the bytes, the remaining time.
func (b *Bar) line(s Sample, width int) string {
	percent := ""
	if s.Total > 0 {
		percent = fmt.Sprintf("%3d%%", percentOf(s))
	}
	packets := quantity(b.rate.packets) + " packets/s"
	bytes := quantity(b.rate.bytes) + "B/s"
	eta := ""
	if s.Total > 0 && b.rate.done > 0 {
		eta = "ETA " + clock(time.Duration(float64(max(0, s.Total-s.Done))/b.rate.done*float64(time.Second)))
	}
	rest := joined(percent, packets, bytes, eta)
	for _, shorter := range []string{joined(percent, packets, eta), joined(percent, packets), percent} {
		if utf8.RuneCountInString(rest) > width {
			rest = shorter
		}
	}
	free := width - utf8.RuneCountInString(rest)
	if free < 0 {
		return ""
	}
	name := ""
	if free >= minName+2 {
		name = shorten(printable(s.File), min(maxName, free-2))
		free -= utf8.RuneCountInString(name) + 2
	}
	if s.Total > 0 && free >= minBar+3 {
		drawn := b.draw(s, min(maxBar, free-3))
		rest = strings.Replace(rest, percent, percent+" "+drawn, 1)
	}
	return joined(name, rest)
}

// draw renders the bar between brackets.
func (b *Bar) draw(s Sample, columns int) string {
	full := columns * percentOf(s) / 100
	on, off := "", ""
	if b.style.color {
		on, off = "\x1b[36m", "\x1b[0m"
	}
	return "[" + on + strings.Repeat(b.style.full, full) + off + strings.Repeat(b.style.hollow, columns-full) + "]"
}

// percentOf is between 0 and 100, even if the file has grown since its size was
// asked for.
func percentOf(s Sample) int {
	return int(min(100, max(0, float64(s.Done)/float64(s.Total)*100)))
}

// joined puts two spaces between the parts that are not empty.
func joined(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "  ")
}

// shorten keeps the end of a path, which tells files apart.
func shorten(name string, columns int) string {
	runes := []rune(name)
	if len(runes) <= columns {
		return name
	}
	return "..." + string(runes[len(runes)-columns+3:])
}

// printable replaces what could command the terminal.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError {
			return '?'
		}
		return r
	}, name)
}

// quantity writes three digits and a decimal prefix, with the space before it.
func quantity(v float64) string {
	prefixes := []string{"", "k", "M", "G", "T", "P", "E"}
	i := 0
	for v >= 999.5 && i < len(prefixes)-1 {
		v /= 1000
		i++
	}
	switch {
	case i == 0:
		return fmt.Sprintf("%.0f ", v)
	case v < 9.995:
		return fmt.Sprintf("%.2f %s", v, prefixes[i])
	case v < 99.95:
		return fmt.Sprintf("%.1f %s", v, prefixes[i])
	}
	return fmt.Sprintf("%.0f %s", v, prefixes[i])
}

// clock writes a duration as m:ss or h:mm:ss, below ten seconds with a decimal.
func clock(d time.Duration) string {
	switch {
	case d < 0 || d > 1000*time.Hour:
		return "?"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	seconds := int(d.Seconds() + 0.5)
	if seconds < 3600 {
		return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}
