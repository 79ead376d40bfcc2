//go:build !linux

package privilege

import "errors"

// ErrNotSupported is returned on systems that are not Linux.
var ErrNotSupported = errors.New("capabilities are of Linux only")

// Dropped is empty on this system.
type Dropped struct {
	Gone, Kept Set
	Threads    int
}

// Held returns ErrNotSupported.
func Held() (Set, error) { return 0, ErrNotSupported }

// Drop returns ErrNotSupported.
func Drop(Set) (Dropped, error) { return Dropped{}, ErrNotSupported }

// Confine does nothing, and says so.
func Confine(Paths) (Confined, error) { return Confined{Reason: "Landlock is of Linux only"}, nil }

func executable() string { return "spanwatch" }
