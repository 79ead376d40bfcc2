// Package progress shows on a terminal how far the reading of captures has come:
// samples of counters in, one line out that is written over in place.
//
//	replay.pcap  45% [#########-----------]  1.2 M packets/s  310 MB/s  ETA 0:12
//
// Where standard error is not a terminal a Bar draws nothing and only passes on
// what is written to it. Time is what the caller says, so a Bar asks no clock and
// starts nothing; it may be used from several goroutines.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// interval is the least time between two drawings of the line.
const interval = 100 * time.Millisecond

// Sample is what a reading has come to. All counters are since its start.
type Sample struct {
	Packets uint64
	Bytes   uint64 // on the wire
	Done    int64  // bytes of the files as stored that were read
	Total   int64  // bytes of the files as stored; 0 if unknown
	File    string // that is being read
}

// Bar is the line.
type Bar struct {
	mu     sync.Mutex
	out    io.Writer
	silent bool       // no terminal: draw nothing
	width  func() int // columns of the terminal
	style  style
	start  time.Time
	drawn  time.Time // last drawing
	last   Sample    // at that time
	rate   rates
	onLine bool // the cursor is behind a drawn line
}

// style is how the line is drawn.
type style struct {
	color        bool
	full, hollow string // one column each
}

// New returns a bar on f, which draws nothing if f is not a terminal that can
// overwrite a line. Colours are left out if the environment has NO_COLOR (https://no-color.org),
// block characters if its locale is not UTF-8.
func New(f *os.File, start time.Time) *Bar {
	fd := int(f.Fd())
	width := func() int {
		w, _, err := term.GetSize(fd)
		if err != nil {
			return 80
		}
		return w
	}
	b := newBar(f, width, styleOf(os.Getenv), start)
	b.silent = !term.IsTerminal(fd) || os.Getenv("TERM") == "dumb"
	return b
}

func newBar(out io.Writer, width func() int, s style, start time.Time) *Bar {
	return &Bar{out: out, width: width, style: s, start: start, drawn: start}
}

// styleOf reads the environment.
func styleOf(env func(string) string) style {
	s := style{color: env("NO_COLOR") == "", full: "#", hollow: "-"}
	locale := env("LC_ALL")
	for _, name := range []string{"LC_CTYPE", "LANG"} {
		if locale == "" {
			locale = env(name)
		}
	}
	locale = strings.ToLower(locale)
	if strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8") {
		s.full, s.hollow = "█", "░"
	}
	return s
}

// Update draws the line if the last drawing is a tenth of a second ago. It may be
// called as often as one likes.
func (b *Bar) Update(now time.Time, s Sample) {
	if b.silent {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	passed := now.Sub(b.drawn)
	if passed < interval {
		return
	}
	b.rate.add(passed, b.last, s)
	b.drawn, b.last = now, s
	// One write with the erasure at its end: nothing is ever seen half drawn.
	io.WriteString(b.out, "\r"+b.line(s, b.width()-1)+"\x1b[K")
	b.onLine = true
}

// Finish replaces the line by what was done in all.
func (b *Bar) Finish(now time.Time, s Sample) {
	if b.silent {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	took := now.Sub(b.start)
	text := fmt.Sprintf("%s packets, %sB in %s", quantity(float64(s.Packets)), quantity(float64(s.Bytes)), clock(took))
	if seconds := took.Seconds(); seconds > 0 {
		text += fmt.Sprintf(": %s packets/s, %sB/s", quantity(float64(s.Packets)/seconds), quantity(float64(s.Bytes)/seconds))
	}
	b.erase()
	io.WriteString(b.out, text+"\n")
}

// Write writes p, a line of a log, in place of the bar, which comes back with the
// next Update.
func (b *Bar) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.erase()
	return b.out.Write(p)
}

func (b *Bar) erase() {
	if b.onLine {
		io.WriteString(b.out, "\r\x1b[K")
		b.onLine = false
	}
}
