package spool

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// segment is one file of a log.
type segment struct {
	first uint64    // number of its first record, and its name
	count uint64    // numbers given to its records
	size  int64     // bytes; 0 for one that was given up behind a reader's back
	used  time.Time // last written to
	born  time.Time // first written to, by this process
}

// contents is the bytes of frames in it.
func (s *segment) contents() int64 { return max(0, s.size-int64(len(magic))) }

func (s *segment) start() Position {
	return Position{number: s.first, segment: s.first, offset: int64(len(magic))}
}

const (
	segmentSuffix = ".seg"
	segmentDigits = 20 // of the largest number, so that names sort
	fileMode      = 0o640
	folderMode    = 0o750
)

func segmentPath(dir string, first uint64) string {
	return filepath.Join(dir, fmt.Sprintf("%0*d%s", segmentDigits, first, segmentSuffix))
}

// listSegments returns the segments of a folder by number. The count of the
// last one is left open. Other files are left alone.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	var found []segment
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), segmentSuffix)
		first, err := strconv.ParseUint(digits, 10, 64)
		if !ok || err != nil || first == 0 || len(digits) != segmentDigits || !e.Type().IsRegular() {
			continue
		}
		st, err := e.Info()
		if err != nil {
			return nil, fmt.Errorf("spool: %w", err)
		}
		found = append(found, segment{first: first, size: st.Size(), used: st.ModTime()})
	}
	slices.SortFunc(found, func(a, b segment) int {
		if a.first < b.first {
			return -1
		}
		return 1
	})
	for i := range found {
		if i+1 < len(found) && found[i].size > 0 {
			found[i].count = found[i+1].first - found[i].first
		}
	}
	return found, nil
}

// repair finds the end of the last segment of a log: it counts its records and
// cuts off what follows the last whole one, which is what a crash in the course
// of a write leaves. Damage with whole records after it is left to the reader,
// who counts it. It returns the bytes cut off.
func repair(dir string, s *segment) (torn int64, err error) {
	path := segmentPath(dir, s.first)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("spool: %w", err)
	}
	end := 0
	next := s.first
	for at := len(magic); at < len(text); {
		_, number, size, what := parseFrame(text[at:], next, next+maxInSegment)
		if what != frameGood {
			at++
			continue
		}
		at += size
		end, next = at, number+1
	}
	s.count = next - s.first
	if end == len(text) {
		return 0, nil
	}
	s.size = int64(end)
	if err := os.Truncate(path, s.size); err != nil {
		return 0, fmt.Errorf("spool: %w", err)
	}
	return int64(len(text) - end), nil
}

// maxInSegment bounds how far numbers may jump within a segment, so that
// damaged bytes are not taken for a frame of the far future.
const maxInSegment = 1 << 32
