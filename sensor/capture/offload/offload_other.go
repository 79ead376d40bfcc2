//go:build !linux

package offload

// Undo has nothing to undo on this system.
type Undo struct{}

// Changed returns nil.
func (u *Undo) Changed() []Feature { return nil }

// Undo does nothing.
func (u *Undo) Undo() error { return nil }

// Read returns ErrNotSupported.
func Read(name string) (*State, error) { return nil, &Error{name, "read", ErrNotSupported} }

// Fix returns ErrNotSupported.
func Fix(name string, _ ...Feature) (*Undo, error) {
	return &Undo{}, &Error{name, "read", ErrNotSupported}
}
