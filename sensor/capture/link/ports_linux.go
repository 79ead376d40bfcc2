package link

import (
	"errors"
	"time"
)

// Port is one interface of one source, through all its changes of state. All methods
// are called by one goroutine, or one after the other.
type Port interface {
	// Open makes what is to get the interface's frames, and gets none before Start;
	// nothing is made of an interface that is down. The error is an *OpenError.
	Open() error
	// Start lets frames in; the interface is up. The error is an *OpenError.
	Start() error
	// Look finds out what became of the interface, reopens what has to be, and
	// returns a *Change or nil.
	Look(now time.Time) error
	// Name is the interface's.
	Name() string
	// State is what Open or Look found last.
	State() State
}

// Ports are those of one source, in the order of its interfaces. Methods are for
// whoever may call those of the ports.
type Ports[P Port] struct {
	All []P
	Due time.Time // when to look at the links again

	faults []error // not told yet
	calls  int     // of Called since the last look at the clock
}

// OpenAll opens the ports of all sources, which have the same interfaces, and all of
// them before any gets frames: so that a flow's frames do not go to one worker, or to
// the stack, as long as the others have not joined. Interfaces that are not up yet
// are told of by Fault.
func OpenAll[P Port](sources []*Ports[P]) error {
	var faults []error
	for i := range sources[0].All {
		for _, s := range sources {
			if err := s.All[i].Open(); err != nil {
				faults = append(faults, err)
				break // the others would fail alike
			}
		}
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	for _, s := range sources {
		s.faults = make([]error, 0, 2*len(s.All))
		for _, p := range s.All {
			if state := p.State(); state != Up {
				s.faults = append(s.faults, &Change{Interface: p.Name(), To: state})
				continue
			}
			if err := p.Start(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Fault returns what is to be told next, once; or nil.
func (s *Ports[P]) Fault() error {
	if len(s.faults) == 0 {
		return nil
	}
	err := s.faults[0]
	s.faults = append(s.faults[:0], s.faults[1:]...)
	return err
}

// LookEvery is how many batches may follow each other without a look at the clock,
// which is otherwise taken when there is nothing to read.
const LookEvery = 256

// Interfaces that are not up are looked at every lookDown, others every lookUp, above
// all to read their counters before these wrap.
const (
	lookDown = 100 * time.Millisecond
	lookUp   = 5 * time.Second
)

// Called is to be called with every batch: now and then it looks at the clock, and at
// the links if they are due.
func (s *Ports[P]) Called() {
	if s.calls++; s.calls >= LookEvery {
		s.Look(false)
	}
}

// Look sees what became of the links, if it is time to or at once, and gathers what is
// to be told.
func (s *Ports[P]) Look(atOnce bool) {
	s.calls = 0
	now := time.Now()
	if !atOnce && now.Before(s.Due) {
		return
	}
	s.Due = now.Add(lookUp)
	for _, p := range s.All {
		if err := p.Look(now); err != nil {
			s.faults = append(s.faults, err)
		}
		if p.State() != Up {
			s.Due = now.Add(lookDown)
		}
	}
}
