package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

// Errors of the spool.
var (
	// ErrLocked says that another process uses the folder.
	ErrLocked = errors.New("spool: in use by another process")
	// ErrFull says that records were refused because the bound on bytes is
	// reached and nothing of less value is there to be given up.
	ErrFull = errors.New("spool: full")
	// ErrTooLarge says that a record is larger than the spool can hold.
	ErrTooLarge = errors.New("spool: record too large")
	errClosed   = errors.New("spool: closed")
)

// Loss says why a record that was in the spool did not come out.
type Loss uint8

// Losses.
const (
	LossEvicted Loss = iota // given up to make room
	LossExpired             // older than Config.MaxAge
	LossCorrupt             // damaged on the disk

	// NumLosses is the length of an array indexed by Loss.
	NumLosses
)

var lossNames = [NumLosses]string{LossEvicted: "evicted", LossExpired: "expired", LossCorrupt: "corrupt"}

// String returns the loss as metrics write it.
func (l Loss) String() string {
	if l < NumLosses {
		return lossNames[l]
	}
	return "unknown"
}

// Amount is a number of records and the bytes of their frames on disk.
type Amount struct{ Records, Bytes uint64 }

// Counts account for one event type. In records and in bytes,
// Recovered + Written = Taken + Lost + Pending; the bytes of damaged records
// are in Taken, since nobody can tell whose they were.
type Counts struct {
	Recovered Amount // were there when the spool was opened
	Written   Amount
	Taken     Amount // committed
	Lost      [NumLosses]Amount
	Pending   Amount // staged ones too
	TornBytes uint64 // of a write that a crash cut short, removed by Open; in no other count
}

// Balance is what came in minus everything that can have become of it. It is
// zero, or the accounting is wrong.
func (c *Counts) Balance() int64 {
	b := int64(c.Recovered.Records+c.Written.Records) - int64(c.Taken.Records) - int64(c.Pending.Records)
	for _, a := range c.Lost {
		b -= int64(a.Records)
	}
	return b
}

// Spool is an open spool. See the package comment.
type Spool struct {
	cfg  Config
	lock *os.File

	mu     sync.Mutex
	logs   [event.NumTypes]*log
	synced time.Time
	closed bool
}

// Open locks the folder, repairs and reads its logs. A log that cannot be
// opened is an error: what it holds must not be forgotten silently.
func Open(cfg Config) (*Spool, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	cfg.setDefaults()
	if err := os.MkdirAll(cfg.Dir, folderMode); err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	held, err := lock(filepath.Join(cfg.Dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, cfg.Dir)
	}
	s := &Spool{cfg: cfg, lock: held, synced: cfg.Now()}
	for _, t := range event.Types() {
		if _, err := os.Stat(filepath.Join(cfg.Dir, t.String())); errors.Is(err, os.ErrNotExist) {
			continue
		}
		if _, err := s.log(t); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// log returns the log of t, which it makes when t is seen for the first time.
func (s *Spool) log(t event.Type) (*log, error) {
	if s.logs[t] == nil {
		l, err := openLog(filepath.Join(s.cfg.Dir, t.String()))
		if err != nil {
			return nil, err
		}
		s.logs[t] = l
	}
	return s.logs[t], nil
}

// rank orders the types by value: segments of a higher rank are given up
// first, those of rank 0 never.
func (s *Spool) rank(t event.Type) int {
	switch {
	case slices.Contains(s.cfg.Keep, t):
		return 0
	case slices.Contains(s.cfg.GiveUp, t):
		return 2
	}
	return 1
}

// Append stores records of type t, in order, and returns how many: the rest
// was refused, and the error says why (ErrFull, ErrTooLarge, or the system's). It
// copies what it stores. The position is for Commit by a caller who delivers
// the records otherwise, and only when nothing was pending before.
func (s *Spool) Append(t event.Type, records []exporter.Record) (stored int, end Position, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.append(t, records, false, false)
}

func (s *Spool) append(t event.Type, records []exporter.Record, staged, more bool) (stored int, end Position, err error) {
	if s.closed {
		return 0, end, errClosed
	}
	l, err := s.log(t)
	if err != nil {
		return 0, end, err
	}
	if staged {
		l.stage()
	}
	now := s.cfg.Now()
	s.expire(l, now)
	for stored < len(records) && err == nil {
		n, size := s.batch(records[stored:])
		if n == 0 {
			err = ErrTooLarge
			break
		}
		if err = s.makeRoom(t, size); err != nil {
			break
		}
		var wrote int
		wrote, err = l.write(records[stored:stored+n], s.cfg.SegmentBytes, s.cfg.MaxAge/segmentsOfAge, now)
		stored += wrote
		if err != nil && full(err) && s.giveUpOne(t) == nil {
			err = nil // there is room now
		}
	}
	if stored == 0 && staged {
		l.release(l.staged) // nothing came
	}
	if !more {
		err = errors.Join(err, s.syncDue(l, now))
	}
	return stored, l.end(), err
}

// batch returns how many of the records are stored in one go, 0 when the first
// cannot be stored at all, and their size.
func (s *Spool) batch(records []exporter.Record) (n int, size int64) {
	for n < len(records) && size < s.cfg.SegmentBytes && storable(&records[n]) {
		one := int64(frameSize(&records[n]))
		if one > s.cfg.MaxBytes/2 {
			break
		}
		size += one
		n++
	}
	return n, size
}

// makeRoom gives up segments until size more bytes are within the bound.
func (s *Spool) makeRoom(t event.Type, size int64) error {
	for {
		sum := size + int64(len(magic))
		for _, l := range s.logs {
			if l != nil {
				sum += l.fileBytes()
			}
		}
		if sum <= s.cfg.MaxBytes {
			return nil
		}
		if err := s.giveUpOne(t); err != nil {
			return err
		}
	}
}

// giveUpOne gives up the oldest segment of the least valuable type, if its
// value is no higher than that of t.
func (s *Spool) giveUpOne(t event.Type) error {
	var victim *log
	index, worst := 0, max(s.rank(t), 1)
	for u, l := range s.logs {
		if l == nil {
			continue
		}
		rank := s.rank(event.Type(u))
		if rank < worst {
			continue
		}
		i := l.oldest()
		if i < 0 {
			continue
		}
		if victim == nil || rank > worst || l.segments[i].used.Before(victim.segments[index].used) {
			victim, index, worst = l, i, rank
		}
	}
	if victim == nil {
		return ErrFull
	}
	return victim.giveUp(index, LossEvicted)
}

// expire gives up what is too old. A segment that cannot be removed is tried
// again by the next call.
func (s *Spool) expire(l *log, now time.Time) {
	if s.cfg.MaxAge < 0 {
		return
	}
	for {
		i := l.oldest()
		if i < 0 || now.Sub(l.segments[i].used) <= s.cfg.MaxAge {
			return
		}
		if l.segments[i].count == 0 || l.giveUp(i, LossExpired) != nil {
			return
		}
	}
}

// syncDue forces to the disk what the policy asks for.
func (s *Spool) syncDue(l *log, now time.Time) error {
	switch {
	case s.cfg.Sync == SyncAlways:
		return l.sync()
	case s.cfg.Sync == SyncInterval && now.Sub(s.synced) >= s.cfg.SyncEvery:
		s.synced = now
		return s.syncAll()
	}
	return nil
}

func (s *Spool) syncAll() error {
	var faults []error
	for _, l := range s.logs {
		if l != nil {
			faults = append(faults, l.sync())
		}
	}
	return errors.Join(faults...)
}

// Head returns the oldest records of type t, about limit bytes of them and at
// least one if there is any, in order. They live until the next Head of the
// type, and are not given up before the position, or a later one, is
// committed. An error tells of damage that was skipped; the records are good.
func (s *Spool) Head(t event.Type, limit int) ([]exporter.Record, Position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[t]
	if l == nil || s.closed {
		return nil, Position{}, nil
	}
	l.held = 0 // a reader who asks again has given up the earlier window
	s.expire(l, s.cfg.Now())
	records, end, err := l.head(limit)
	if len(records) == 0 && end.number > l.cursor.number { // nothing but damage up to there
		err = errors.Join(err, l.commit(end))
	}
	for i := range records {
		records[i].Type = t
	}
	return records, end, err
}

// Hold keeps the records before a position of Append from being given up, as
// Head does for its own; with Everything those too that come. The zero Position
// ends it.
func (s *Spool) Hold(t event.Type, before Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, err := s.log(t); err == nil { // what is wrong with the log is Append's to say
		l.held = before.number
	}
}

// Commit says that all records before the position have been delivered, or
// are accounted for elsewhere. An error means that they may come out again
// after a restart.
func (s *Spool) Commit(t event.Type, end Position) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logs[t]
	if l == nil || s.closed {
		return nil
	}
	return l.commit(end)
}

// Pending says how much of type t is waiting, without what is staged.
func (s *Spool) Pending(t event.Type) Amount {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.logs[t] == nil {
		return Amount{}
	}
	return s.logs[t].released()
}

// Counts returns the accounts of all types.
func (s *Spool) Counts() (all [event.NumTypes]Counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, l := range s.logs {
		if l != nil {
			all[t] = l.counts
			all[t].Pending = l.pending()
		}
	}
	return all
}

// Recovered returns how many records were there when the spool was opened.
func (s *Spool) Recovered() (all [event.NumTypes]uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t, l := range s.logs {
		if l != nil {
			all[t] = l.counts.Recovered.Records
		}
	}
	return all
}

// Expire gives up what is older than Config.MaxAge. Append and Head do the same
// for their type; Expire is for times without either.
func (s *Spool) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Now()
	for _, l := range s.logs {
		if l != nil && !s.closed {
			s.expire(l, now)
		}
	}
}

// DiskBytes is the size of all segments.
func (s *Spool) DiskBytes() (sum int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.logs {
		if l != nil {
			sum += l.fileBytes()
		}
	}
	return sum
}

// Sync forces everything to the disk.
func (s *Spool) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.syncAll()
}

// Close syncs, and gives the folder free.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var faults []error
	for _, l := range s.logs {
		if l != nil {
			faults = append(faults, l.close())
		}
	}
	return errors.Join(append(faults, s.lock.Close())...)
}
