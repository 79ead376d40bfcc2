// Package link tells what becomes of network interfaces: whether they are there and
// up, what kind they are, and what they lost before any capture. Linux only but for
// the words of it: State and the errors.
//
//	rtnetlink(7) ─► Table.ByName, ByIndex ─► Info ─► Tracker, Ports: what follows from it
//	a source of frames, for whoever reads it ─► *Change, *OpenError
package link

import (
	"errors"
	"fmt"
)

// State is what is known of an interface.
type State uint8

// States of an interface. A state other than Up delivers nothing and ends by
// itself.
const (
	Unknown State = iota
	Up            // frames are captured
	Down          // the interface is there, but set down
	Gone          // there is no interface of that name
	Failed        // the interface is up, but capture from it could not be started; it is tried again
)

// String returns the state in a word.
func (s State) String() string {
	switch s {
	case Up:
		return "up"
	case Down:
		return "down"
	case Gone:
		return "gone"
	case Failed:
		return "failed"
	}
	return "unknown"
}

// ErrChange is what every Change is, for errors.Is.
var ErrChange = errors.New("interface changed its state")

// Change tells that an interface has changed its state, once for each Source
// and change; a change to Up is good news. Next may be called again.
type Change struct {
	Interface string
	From, To  State
	Err       error // why the state is Failed; else nil
}

func (e *Change) Error() string {
	text := fmt.Sprintf("interface %s: %s, was %s", e.Interface, e.To, e.From)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *Change) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrChange}
	}
	return []error{ErrChange, e.Err}
}

// OpenError is returned for an interface that cannot be captured from.
type OpenError struct {
	Interface string
	Step      string // what was tried, in words
	Err       error  // errors.Is tells unix.EPERM, ErrNoSuchInterface, ErrKind, …
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("capture from %s: %s: %v", e.Interface, e.Step, e.Err)
}

func (e *OpenError) Unwrap() error { return e.Err }

// Reasons of an OpenError.
var (
	ErrNoSuchInterface = errors.New("no such interface")
	ErrKind            = errors.New("frames of this kind of interface are not decoded")
)
