// Package filestore keeps files that rules ask for, as evidence.
//
//	content ──► Add (bounded queue) ──► writer ──► DIR/ab/ab…64 digits
//	(worker)      │                                temporary name, then renamed
//	              └─ refused{full, large, disk} are counted
//
// Files are named by their SHA-256, so that each is kept once, in the layout of
// Suricata's file-store version 2. Bounds on one file, on the number of files
// and on the bytes on disk hold for what one run of the sensor writes.
//
// Add may be called from any goroutine and copies nothing: the content is the
// Store's from then on. Close waits for what was accepted.
package filestore

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// Config bounds a Store. All are at least 1.
type Config struct {
	Dir      string
	MaxFile  uint64 // bytes of one file
	MaxFiles uint64 // files written
	MaxBytes uint64 // bytes written
	// Wait makes Add wait while the queue is full, for replays; otherwise the
	// file is refused.
	Wait bool
}

// Stats counts files.
type Stats struct {
	Stored  uint64 // written
	Known   uint64 // there already
	Full    uint64 // refused: a bound on files or bytes was reached, or the queue was full
	Large   uint64 // refused: larger than a file may be
	Failed  uint64 // lost to an error of the disk
	Written uint64 // bytes
}

// Store keeps files.
type Store struct {
	cfg   Config
	fault func(error)
	queue chan item
	done  chan struct{}
	once  sync.Once

	mu       sync.Mutex
	accepted map[[32]byte]struct{} // written by this run, or waiting to be
	bytes    uint64                // of them

	stored, known, full, large, failed, wrote atomic.Uint64
}

type item struct {
	sum     [32]byte
	content []byte
}

// queued files wait for the disk at most.
const queued = 64

// ErrConfig is wrapped by every fault that Open finds in its Config.
var ErrConfig = errors.New("bad file store")

// Open makes a Store and its folder. fault is told of errors of the disk, from
// the writer's goroutine.
func Open(cfg Config, fault func(error)) (*Store, error) {
	if cfg.Dir == "" || cfg.MaxFile == 0 || cfg.MaxFiles == 0 || cfg.MaxBytes == 0 {
		return nil, fmt.Errorf("%w: a folder and bounds above 0 are needed", ErrConfig)
	}
	if err := os.MkdirAll(cfg.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("file store: %w", err)
	}
	s := &Store{cfg: cfg, fault: fault, queue: make(chan item, queued), done: make(chan struct{}), accepted: map[[32]byte]struct{}{}}
	go s.write()
	return s, nil
}

// Add takes a file with its SHA-256 and says whether it will be kept, as far as
// the bounds go.
func (s *Store) Add(sum [32]byte, content []byte) bool {
	size := uint64(len(content))
	if size > s.cfg.MaxFile {
		s.large.Add(1)
		return false
	}
	if known, room := s.accept(sum, size); known || !room {
		return known
	}
	if s.cfg.Wait {
		s.queue <- item{sum, content}
		return true
	}
	select {
	case s.queue <- item{sum, content}:
		return true
	default:
		s.forget(sum, size)
		s.full.Add(1)
		return false
	}
}

// accept reports whether a file is kept already, and whether there is room for
// it, which it takes.
func (s *Store) accept(sum [32]byte, size uint64) (known, room bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known = s.accepted[sum]; known {
		s.known.Add(1)
		return true, true
	}
	if uint64(len(s.accepted)) >= s.cfg.MaxFiles || s.bytes+size > s.cfg.MaxBytes {
		s.full.Add(1)
		return false, false
	}
	s.accepted[sum] = struct{}{}
	s.bytes += size
	return false, true
}

// forget gives back the room of a file that was accepted and not written.
func (s *Store) forget(sum [32]byte, size uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.accepted, sum)
	s.bytes -= size
}

// Stats returns the counters so far.
func (s *Store) Stats() Stats {
	return Stats{
		Stored: s.stored.Load(), Known: s.known.Load(), Full: s.full.Load(), Large: s.large.Load(),
		Failed: s.failed.Load(), Written: s.wrote.Load(),
	}
}

// Close writes what was accepted. Nothing may be added any more.
func (s *Store) Close() {
	s.once.Do(func() { close(s.queue) })
	<-s.done
}

func (s *Store) write() {
	defer close(s.done)
	broken := false
	for i := range s.queue {
		err := s.keep(&i)
		switch {
		case err != nil:
			s.forget(i.sum, uint64(len(i.content)))
			s.failed.Add(1)
			if !broken && s.fault != nil {
				s.fault(err)
			}
		case broken && s.fault != nil:
			s.fault(nil)
		}
		broken = err != nil
	}
}

// keep writes one file under a temporary name, so that a name stands for whole
// content.
func (s *Store) keep(i *item) error {
	name := hex.EncodeToString(i.sum[:])
	folder := filepath.Join(s.cfg.Dir, name[:2])
	path := filepath.Join(folder, name)
	if _, err := os.Stat(path); err == nil {
		s.forget(i.sum, uint64(len(i.content))) // an earlier run has it
		s.known.Add(1)
		return nil
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("file store: %w", err)
	}
	f, err := os.CreateTemp(s.cfg.Dir, "tmp-*")
	if err != nil {
		return fmt.Errorf("file store: %w", err)
	}
	_, err = f.Write(i.content)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("file store: %w", errors.Join(err, os.Remove(f.Name())))
	}
	s.stored.Add(1)
	s.wrote.Add(uint64(len(i.content)))
	return nil
}
