package spool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"spanwatch/exporter"
)

// log is the queue of one event type. segments[0] holds the cursor; the last
// one is written to while w is open.
type log struct {
	dir      string
	segments []segment
	w        *os.File
	next     uint64 // number of the next record written
	dirty    bool   // w has bytes that were not synced
	fresh    bool   // the folder has an entry that was not synced

	cursor Position
	saved  cursorFile
	held   uint64   // records before this number are with a reader
	staged Position // records from here on are not for readers yet; zero for none

	r       *os.File // segment of reading, of which readable
	readOf  uint64   // is the first record
	window  []byte
	records []exporter.Record
	frames  []byte

	counts Counts // but Pending, which is computed
}

// openLog opens or makes the log in dir.
func openLog(dir string) (*log, error) {
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	l := &log{dir: dir, next: 1}
	var err error
	if l.segments, err = listSegments(dir); err != nil {
		return nil, err
	}
	if n := len(l.segments); n > 0 {
		last := &l.segments[n-1]
		torn, err := repair(dir, last)
		if err != nil {
			return nil, err
		}
		l.counts.TornBytes = uint64(torn)
		l.next = last.first + last.count
	}
	saved, at, ok, err := openCursor(dir)
	if err != nil {
		return nil, err
	}
	l.saved = saved
	if ok {
		l.next = max(l.next, at.number) // what the machine's crash took had been taken
	}
	l.place(at, ok)
	if err := l.prune(); err != nil {
		return nil, errors.Join(err, saved.file.Close())
	}
	l.counts.Recovered = l.pending()
	return l, nil
}

// place sets the cursor to at, or to the oldest record when at is not known or
// names a place that is no more.
func (l *log) place(at Position, known bool) {
	if known {
		for i := range l.segments {
			s := &l.segments[i]
			if s.first == at.segment && at.offset <= s.size && at.number <= s.first+s.count {
				l.cursor = at
				return
			}
			if s.first >= at.number {
				l.cursor = s.start()
				return
			}
		}
	}
	if !known && len(l.segments) > 0 {
		l.cursor = l.segments[0].start()
		return
	}
	l.cursor = l.end()
}

// end is the position after the last record.
func (l *log) end() Position {
	if n := len(l.segments); n > 0 && l.segments[n-1].first+l.segments[n-1].count == l.next {
		s := &l.segments[n-1]
		return Position{number: l.next, segment: s.first, offset: max(s.size, int64(len(magic)))}
	}
	return Position{number: l.next, segment: l.next, offset: int64(len(magic))}
}

// pending computes what is between cursor and end.
func (l *log) pending() Amount {
	var a Amount
	for i := range l.segments {
		a.Records += l.segments[i].count
		a.Bytes += uint64(l.segments[i].contents())
	}
	if len(l.segments) > 0 && l.segments[0].first == l.cursor.segment {
		a.Records -= l.cursor.number - l.segments[0].first
		a.Bytes -= uint64(l.cursor.offset - int64(len(magic)))
	}
	return a
}

func (l *log) fileBytes() (sum int64) {
	for i := range l.segments {
		sum += l.segments[i].size
	}
	return sum
}

// write appends frames of records and returns how many of them are whole in
// the file.
func (l *log) write(records []exporter.Record, segmentBytes int64, segmentAge time.Duration, now time.Time) (stored int, err error) {
	for stored < len(records) {
		s, err := l.writable(segmentBytes, segmentAge, now)
		if err != nil {
			return stored, err
		}
		l.frames = l.frames[:0]
		if s.size == 0 {
			l.frames = append(l.frames, magic...)
		}
		n := stored
		for n < len(records) && (n == stored || s.size+int64(len(l.frames)) < segmentBytes) {
			l.frames = appendFrame(l.frames, l.next+uint64(n-stored), &records[n])
			n++
		}
		wrote, err := l.w.WriteAt(l.frames, s.size)
		whole := n - stored
		if err != nil {
			whole = l.keepWhole(s, records[stored:n], wrote)
		}
		end := int64(len(l.frames))
		if err != nil {
			end = l.sizeOf(s, records[stored:stored+whole])
		}
		if whole > 0 {
			s.size += end
			s.count += uint64(whole)
			s.used = now
			l.next += uint64(whole)
			stored += whole
			l.dirty = true
			l.counts.Written.Records += uint64(whole)
			for i := stored - whole; i < stored; i++ {
				l.counts.Written.Bytes += uint64(frameSize(&records[i]))
			}
		}
		if err != nil {
			return stored, fmt.Errorf("spool: %w", err)
		}
	}
	return stored, nil
}

// sizeOf is the bytes that records add to s.
func (l *log) sizeOf(s *segment, records []exporter.Record) int64 {
	sum := int64(0)
	if s.size == 0 {
		sum = int64(len(magic))
	}
	for i := range records {
		sum += int64(frameSize(&records[i]))
	}
	return sum
}

// keepWhole cuts a failed write back to its last whole record and returns the
// number of those. When cutting is impossible the segment is ended: the reader
// skips its damaged end, and no number is missing.
func (l *log) keepWhole(s *segment, records []exporter.Record, wrote int) (whole int) {
	for whole < len(records) && l.sizeOf(s, records[:whole+1]) <= int64(wrote) {
		whole++
	}
	keep := s.size
	if whole > 0 {
		keep += l.sizeOf(s, records[:whole])
	}
	if err := l.w.Truncate(keep); err != nil {
		l.closeWriter()
	}
	return whole
}

// writable returns the segment to append to, beginning a new one when the last
// is full, old, or was not begun by this process.
func (l *log) writable(segmentBytes int64, segmentAge time.Duration, now time.Time) (*segment, error) {
	if l.w != nil {
		s := &l.segments[len(l.segments)-1]
		if s.size < segmentBytes && (segmentAge < 0 || now.Sub(s.born) <= segmentAge) {
			return s, nil
		}
		if err := l.sync(); err != nil {
			return nil, err
		}
		l.closeWriter()
		if err := l.prune(); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(segmentPath(l.dir, l.next), os.O_RDWR|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	l.w, l.fresh = f, true
	if n := len(l.segments); n > 0 && l.segments[n-1].first == l.next {
		l.segments = l.segments[:n-1] // an empty one of the same number
	}
	l.segments = append(l.segments, segment{first: l.next, used: now, born: now})
	if len(l.segments) == 1 {
		l.cursor = l.segments[0].start()
	}
	return &l.segments[len(l.segments)-1], nil
}

// closeWriter ends writing to the last segment. What matters of an error came
// with the writes and with sync.
func (l *log) closeWriter() {
	if l.w != nil {
		_ = l.w.Close()
		l.w = nil
	}
}

func (l *log) sync() error {
	if !l.dirty || l.w == nil {
		return nil
	}
	l.dirty = false // a second attempt after a failed fsync tells nothing
	err := l.w.Sync()
	if l.fresh {
		l.fresh = false
		err = errors.Join(err, syncFolder(l.dir))
	}
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// head reads records from the cursor on, at least one if there is any, about
// limit bytes of one segment. The records live until the next call.
func (l *log) head(limit int) ([]exporter.Record, Position, error) {
	l.records = l.records[:0]
	at := l.cursor
	at.lost = 0
	var fault error
	for i := range l.segments {
		s := &l.segments[i]
		size, high := l.bounds(s)
		if s.first < at.segment || size == 0 {
			continue
		}
		if s.first != at.segment {
			lost := at.lost
			at = s.start()
			at.lost = lost
		}
		if err := l.readSegment(s, &at, size, high, limit); err != nil && fault == nil {
			fault = err
		}
		if len(l.records) > 0 {
			break
		}
	}
	l.held = at.number
	return l.records, at, fault
}

// readSegment reads from at within s up to size and the number high. When it
// comes to that end, the numbers that are missing there are counted as lost.
func (l *log) readSegment(s *segment, at *Position, size int64, high uint64, limit int) error {
	chunk := int64(limit)
	for at.offset < size && at.number < high {
		b, err := l.read(s, at.offset, min(chunk, size-at.offset))
		if err != nil {
			at.offset = size // a disk that cannot be read gives nothing the second time either
			at.lost += high - at.number
			at.number = high
			return err
		}
		atEnd := at.offset+int64(len(b)) >= size
		used, need := l.parse(b, at, high, atEnd)
		at.offset += int64(used)
		if len(l.records) > 0 && !(atEnd && at.offset >= size) {
			return nil
		}
		chunk = max(int64(limit), int64(need))
	}
	if len(l.records) == 0 || at.offset >= size {
		at.lost += high - at.number
		at.number, at.offset = high, size
	}
	return nil
}

// parse takes the frames of b and returns the bytes used up, and the size of
// the frame that b is too short for.
func (l *log) parse(b []byte, at *Position, high uint64, atEnd bool) (used, need int) {
	for used < len(b) {
		record, number, size, what := parseFrame(b[used:], at.number, high)
		switch {
		case what == frameGood:
			at.lost += number - at.number
			at.number = number + 1
			used += size
			l.records = append(l.records, record)
		case what == frameMore && !atEnd:
			return used, max(size, minFrameSize)
		default:
			used++
		}
	}
	return used, 0
}

// read returns up to n bytes of s from offset on, as far as they were written.
func (l *log) read(s *segment, offset, n int64) ([]byte, error) {
	if l.r == nil || l.readOf != s.first {
		l.closeReader()
		f, err := os.Open(segmentPath(l.dir, s.first))
		if err != nil {
			return nil, fmt.Errorf("spool: %w", err)
		}
		l.r, l.readOf = f, s.first
	}
	n = min(n, s.size-offset)
	if int64(cap(l.window)) < n {
		l.window = make([]byte, n)
	}
	b := l.window[:n]
	if got, err := l.r.ReadAt(b, offset); err != nil && (!errors.Is(err, io.EOF) || got == 0) {
		return nil, fmt.Errorf("spool: %w", err)
	} else if got < len(b) {
		clear(b[got:]) // the file is shorter than it was: nothing in it is a frame
	}
	return b, nil
}

func (l *log) closeReader() {
	if l.r != nil {
		_ = l.r.Close() // was only read
		l.r = nil
	}
}

// commit moves the cursor to at.
func (l *log) commit(at Position) error {
	if at.number <= l.cursor.number {
		return nil
	}
	before := l.pending()
	l.cursor = Position{number: at.number, segment: at.segment, offset: at.offset}
	err := l.prune()
	after := l.pending()
	gone := Amount{before.Records - after.Records, before.Bytes - after.Bytes}
	l.counts.Lost[LossCorrupt].Records += at.lost
	l.counts.Taken.Records += gone.Records - at.lost
	l.counts.Taken.Bytes += gone.Bytes
	return errors.Join(err, l.saved.write(l.cursor))
}

// prune removes the segments before the cursor, and the one it is at the end
// of unless that is being written.
func (l *log) prune() error {
	var faults []error
	for len(l.segments) > 0 {
		s := &l.segments[0]
		writing := l.w != nil && len(l.segments) == 1
		past := s.first != l.cursor.segment && s.first < l.cursor.number
		used := s.first == l.cursor.segment && l.cursor.offset >= s.size
		if writing || !past && !used {
			break
		}
		faults = append(faults, l.dropFirst())
	}
	return errors.Join(faults...)
}

// dropFirst removes segments[0] and moves a cursor that was in it to the next.
func (l *log) dropFirst() error {
	s := l.segments[0]
	if l.readOf == s.first {
		l.closeReader()
	}
	inside := l.cursor.segment == s.first
	l.segments = l.segments[:copy(l.segments, l.segments[1:])]
	if inside {
		if len(l.segments) > 0 {
			l.cursor = l.segments[0].start()
		} else {
			l.cursor = Position{number: l.next, segment: l.next, offset: int64(len(magic))}
		}
	}
	if err := os.Remove(segmentPath(l.dir, s.first)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

// oldest returns the index of the oldest segment that may be given up; -1 when
// there is none. Records that a reader has, and staged ones, are kept.
func (l *log) oldest() int {
	for i := range l.segments {
		s := &l.segments[i]
		if _, high := l.bounds(s); high < s.first+s.count {
			return -1
		}
		if s.size > 0 && (l.held <= l.cursor.number || s.first >= l.held) {
			return i
		}
	}
	return -1
}

// giveUp removes segment i and counts its records as lost.
func (l *log) giveUp(i int, why Loss) error {
	before := l.pending()
	var err error
	if i == len(l.segments)-1 {
		l.closeWriter()
	}
	if i == 0 {
		err = errors.Join(l.dropFirst(), l.saved.write(l.cursor))
	} else {
		// An empty file stays, so that the numbers that are gone are not taken
		// for damage of the segment before.
		s := &l.segments[i]
		err = os.Truncate(segmentPath(l.dir, s.first), 0)
		s.size, s.count = 0, 0
	}
	after := l.pending()
	l.counts.Lost[why].Records += before.Records - after.Records
	l.counts.Lost[why].Bytes += before.Bytes - after.Bytes
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

func (l *log) close() error {
	err := l.sync()
	l.closeWriter()
	l.closeReader()
	return errors.Join(err, l.saved.file.Close())
}
