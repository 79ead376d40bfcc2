package afpacket

import (
	"errors"
	"fmt"
)

// LinkState is what is known of an interface.
type LinkState uint8

// States of an interface. A state other than LinkUp delivers nothing and ends by
// itself.
const (
	LinkUnknown LinkState = iota
	LinkUp                // frames are captured
	LinkDown              // the interface is there, but set down
	LinkGone              // there is no interface of that name
	LinkFailed            // the interface is up, but capture from it could not be started; it is tried again
)

// String returns the state in a word.
func (s LinkState) String() string {
	switch s {
	case LinkUp:
		return "up"
	case LinkDown:
		return "down"
	case LinkGone:
		return "gone"
	case LinkFailed:
		return "failed"
	}
	return "unknown"
}

// ErrLink is what every LinkError is, for errors.Is.
var ErrLink = errors.New("interface changed its state")

// LinkError tells that an interface has changed its state, once for each Source
// and change; a change to LinkUp is good news. Next may be called again.
type LinkError struct {
	Interface string
	From, To  LinkState
	Err       error // why the state is LinkFailed; else nil
}

func (e *LinkError) Error() string {
	text := fmt.Sprintf("interface %s: %s, was %s", e.Interface, e.To, e.From)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *LinkError) Unwrap() []error {
	if e.Err == nil {
		return []error{ErrLink}
	}
	return []error{ErrLink, e.Err}
}

// OpenError is returned for an interface that cannot be captured from.
type OpenError struct {
	Interface string
	Step      string // what was tried, in words
	Err       error  // errors.Is tells unix.EPERM, ErrNoSuchInterface, ErrLinkType, …
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("capture from %s: %s: %v", e.Interface, e.Step, e.Err)
}

func (e *OpenError) Unwrap() error { return e.Err }

// Reasons of an OpenError.
var (
	ErrNoSuchInterface = errors.New("no such interface")
	ErrLinkType        = errors.New("frames of this kind of interface are not decoded")
)
