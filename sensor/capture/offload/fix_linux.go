package offload

import (
	"errors"
	"fmt"
	"sync"
)

// Read asks the device for its state. It needs no privilege.
func Read(name string) (*State, error) {
	d, err := openDevice(name)
	if err != nil {
		return nil, &Error{name, "open", err}
	}
	defer d.close()
	s, _, err := d.state()
	if err != nil {
		return nil, &Error{name, "read", err}
	}
	return s, nil
}

// Undo switches on again what a Fix has switched off. It belongs to the network
// namespace of the Fix, whatever thread uses it, and is for one goroutine at a
// time; it needs CAP_NET_ADMIN still.
type Undo struct {
	mu      sync.Mutex
	device  *device // nil: done
	changed []Feature
}

// Changed returns what the Fix has switched off, in that order.
func (u *Undo) Changed() []Feature { return u.changed }

// Undo switches on again, in reverse order, exactly what the Fix has switched
// off. What somebody else has switched on since is left on. A second call does
// nothing. All features are tried; errors, joined, are *Error, and unix.ENODEV
// for an interface that is gone.
func (u *Undo) Undo() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.device == nil {
		return nil
	}
	d := u.device
	u.device = nil
	defer d.close()
	var faults []error
	for i := len(u.changed) - 1; i >= 0; i-- {
		if err := d.set(u.changed[i], true); err != nil {
			faults = append(faults, &Error{d.name, fmt.Sprintf("switch %s on again", u.changed[i]), err})
		}
	}
	return errors.Join(faults...)
}

// Fix switches off all features that merge received frames (State.Merges), and more
// if they are named, as far as they can be changed. The Undo is never nil, and holds what was changed even if
// there is an error: features that would not change, joined, each an *Error. It
// needs CAP_NET_ADMIN. Killed in between, a process leaves the features off.
func Fix(name string, more ...Feature) (*Undo, error) {
	u := &Undo{}
	d, err := openDevice(name)
	if err != nil {
		return u, &Error{name, "open", err}
	}
	u.device = d
	s, _, err := d.state()
	if err != nil {
		return u, &Error{name, "read", err}
	}
	var faults []error
	for _, r := range rules {
		if r.fix {
			more = append(more, r.feature)
		}
	}
	for _, feature := range more {
		if set := s.Features[feature]; !set.On || set.Fixed {
			continue
		}
		if err := d.set(feature, false); err != nil {
			faults = append(faults, &Error{name, fmt.Sprintf("switch %s off", feature), err})
			continue
		}
		u.changed = append(u.changed, feature)
	}
	return u, errors.Join(faults...)
}
