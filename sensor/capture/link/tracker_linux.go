package link

import (
	"sync"
	"time"
)

// Time between attempts to open an interface that is up.
const (
	minBackoff = 100 * time.Millisecond
	maxBackoff = 5 * time.Second
)

// Tracker follows one interface for a source that captures from it: its state, what
// became of it so far, and when to try again. One goroutine, or one after the other,
// calls what changes it; all other methods may be called from any.
type Tracker struct {
	name    string
	retry   time.Time // not before that time is it opened again
	backoff time.Duration

	mu   sync.Mutex
	now  Tracked
	base Loss // what the interface had lost when capture began
	past Loss // what its predecessors of the same name lost
}

// Tracked is what a Tracker knows.
type Tracked struct {
	State     State
	Info      Info   // as last seen
	Downs     uint64 // changes to Down
	Removals  uint64 // changes to Gone
	Reopens   uint64 // times that it was opened after the first
	Failures  uint64 // attempts to open it that failed
	LastError error  // of the last such attempt; nil after a success
}

// Begin starts a Tracker with what is seen first.
func (t *Tracker) Begin(name string, l *Info) {
	t.name, t.backoff = name, minBackoff
	t.base = l.Loss
}

// Now returns what is known.
func (t *Tracker) Now() Tracked {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.now
}

// Set records a state, and the link if l is not nil, and returns what is to be told of
// a change: a *Change, or nil.
func (t *Tracker) Set(to State, l *Info) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if l != nil {
		t.now.Info = *l
	}
	from := t.now.State
	t.now.State = to
	if from == to || from == Unknown {
		return nil
	}
	told := &Change{Interface: t.name, From: from, To: to}
	switch to {
	case Down:
		t.now.Downs++
	case Gone:
		t.now.Removals++
	case Failed:
		told.Err = t.now.LastError
	}
	return told
}

// Fail notes that the interface could not be opened, and when to try again; it returns
// as Set.
func (t *Tracker) Fail(err error, now time.Time) error {
	t.retry = now.Add(t.backoff)
	t.backoff = min(2*t.backoff, maxBackoff)
	t.mu.Lock()
	t.now.Failures++
	t.now.LastError = err
	t.mu.Unlock()
	return t.Set(Failed, nil)
}

// Due reports whether the interface may be opened again.
func (t *Tracker) Due(now time.Time) bool { return !now.Before(t.retry) }

// Reopened notes that it was, and maybe is another one of the name; Set follows.
func (t *Tracker) Reopened(l *Info) {
	t.backoff = minBackoff
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now.Reopens++
	t.now.LastError = nil
	if t.now.Info.Index != l.Index {
		t.past = t.past.Add(t.now.Info.Loss.Since(t.base))
		t.base = Loss{}
	}
}

// Lost is what the interface, and others of its name before it, lost since Begin. The
// table tells of the present; without it that is what was seen last.
func (t *Tracker) Lost(table *Table) Loss {
	t.mu.Lock()
	defer t.mu.Unlock()
	lost := t.now.Info.Loss
	if l, err := table.ByIndex(t.now.Info.Index); err == nil {
		lost = l.Loss
	}
	return lost.Since(t.base).Add(t.past)
}
