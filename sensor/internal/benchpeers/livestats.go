//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// quiet is for how many stats events, one a second, a sensor's counters must not
// have changed to be believed although frames are missing. Suricata's come late.
const quiet = 5

// settled returns the sensor's counters when they account for so many frames since
// before, or do not change any more.
func (x sensor) settled(stats *statsTail, before sensorCounts, frames uint64) (last sensorCounts, err error) {
	same := 0
	for start := time.Now(); time.Since(start) < time.Minute; time.Sleep(200 * time.Millisecond) {
		latest, err := stats.next()
		if err != nil {
			return last, err
		}
		if latest == nil {
			continue
		}
		now := x.counts(latest)
		if now == last {
			same++
		} else {
			same = 0
		}
		last = now
		if have := now.since(before); have.decoded+have.dropped+have.counted >= frames || same == quiet {
			return last, nil
		}
	}
	return last, errors.New("its counters do not settle")
}

// statsTail reads the stats events of an event file that grows.
type statsTail struct {
	path   string
	offset int64  // up to which it was read
	rest   []byte // the beginning of a line that was not whole
}

// eventStart begins a line that is whole, and statsMark is in those of stats events.
// A file that was emptied may begin with the end of a line.
var (
	eventStart = []byte(`{"timestamp"`)
	statsMark  = []byte(`"event_type":"stats"`)
)

// next returns the stats object of the latest event that was written since it was
// last asked; nil for none.
func (t *statsTail) next() (latest map[string]any, err error) {
	f, err := os.Open(t.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text := t.rest
	buffer := make([]byte, 1<<20)
	var line []byte
	for {
		n, err := f.ReadAt(buffer, t.offset)
		t.offset += int64(n)
		text = append(text, buffer[:n]...)
		end := bytes.LastIndexByte(text, '\n') + 1
		for l := range bytes.Lines(text[:end]) {
			if bytes.HasPrefix(l, eventStart) && bytes.Contains(l, statsMark) {
				line = append(line[:0], l...)
			}
		}
		text = append(text[:0], text[end:]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	t.rest = text
	if line == nil {
		return nil, nil
	}
	var e struct {
		Stats map[string]any `json:"stats"`
	}
	if err := json.Unmarshal(line, &e); err != nil {
		return nil, fmt.Errorf("%s: %w", t.path, err)
	}
	return e.Stats, nil
}

// empty takes what was written out of the file, so that the disk holds the events of
// one rate alone. Sensors append: what they write next is the file's beginning.
func (t *statsTail) empty() error {
	t.offset, t.rest = 0, t.rest[:0]
	return os.Truncate(t.path, 0)
}
