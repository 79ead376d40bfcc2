//go:build cgo

package pcaplive

import (
	"errors"
	"time"

	"spanwatch/sensor/capture"
)

// Set reads several interfaces in turn, each through a Source of its own. Next is
// for one goroutine; all other methods may be called from any. It implements
// capture.Source. Frames of one interface come in order, those of several only to
// the extent of a read's timeout.
type Set struct {
	sources []*Source
	at      int // the next one to be read
	number  uint64
}

var _ capture.Live = (*Set)(nil)

// OpenAll starts the capture from all interfaces, with o for each. Frame.Interface
// is the index into interfaces. The errors are those of Open, joined.
func OpenAll(interfaces []string, o Options) (*Set, error) {
	s := &Set{}
	// Whoever is silent keeps the others waiting for as long as that.
	o.timeout = max(readTimeout/time.Duration(max(len(interfaces), 1)), time.Millisecond)
	var faults []error
	for _, name := range interfaces {
		o.Interface = name
		source, err := Open(o)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		s.sources = append(s.sources, source)
	}
	if len(interfaces) == 0 {
		_, err := Open(o) // says that none is named
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Next implements capture.Source as Source.Next does, for all interfaces.
func (s *Set) Next(b *capture.Batch) error {
	idle := time.Now().Add(capture.IdleAfter)
	for {
		for range s.sources {
			i := s.at
			s.at = (s.at + 1) % len(s.sources)
			err := s.sources[i].poll(b)
			for k := range b.Frames {
				s.number++
				b.Frames[k].Interface, b.Frames[k].Number = uint16(i), s.number
			}
			if err != nil || len(b.Frames) > 0 {
				return err
			}
		}
		if !time.Now().Before(idle) {
			return nil
		}
	}
}

// Load implements capture.Live as Source.Load does.
func (s *Set) Load() (l capture.Load) {
	for _, source := range s.sources {
		l.Lost += source.Load().Lost
	}
	return l
}

// Stats implements capture.Source.
func (s *Set) Stats() capture.Stats {
	sum := capture.Stats{Dropped: map[string]uint64{}}
	for _, source := range s.sources {
		st := source.Stats()
		sum.Frames += st.Frames
		sum.Bytes += st.Bytes
		for reason, n := range st.Dropped {
			sum.Dropped[reason] += n
		}
		sum.Interfaces = append(sum.Interfaces, st.Interfaces...)
	}
	return sum
}

// Close ends all captures, and Next with them. It always returns nil.
func (s *Set) Close() error {
	for _, source := range s.sources {
		source.Close()
	}
	return nil
}
