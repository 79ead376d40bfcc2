//go:build !(cgo && linux && (amd64 || arm64))

package hyperscan

// Available says that the library is part of the build and runs here.
func Available() bool { return false }

// Version names the library; empty without one.
func Version() string { return "" }

// Platform names the processor; empty without the library.
func Platform() string { return "" }

// Database is a compiled set of patterns; there are none.
type Database struct{}

// Compile fails with ErrUnavailable.
func Compile([]Pattern) (*Database, error) { return nil, ErrUnavailable }

// Serialize fails with ErrUnavailable.
func (*Database) Serialize() ([]byte, error) { return nil, ErrUnavailable }

// Deserialize fails with ErrUnavailable.
func Deserialize([]byte, int) (*Database, error) { return nil, ErrUnavailable }

// Size returns 0.
func (*Database) Size() int { return 0 }

// Patterns returns 0.
func (*Database) Patterns() int { return 0 }

// Scratch is the memory of scanning.
type Scratch struct{}

// NewScratch makes a Scratch.
func NewScratch() *Scratch { return &Scratch{} }

// Fit fails with ErrUnavailable.
func (*Scratch) Fit(*Database) error { return ErrUnavailable }

// Scan fails with ErrUnavailable.
func (*Database) Scan(*Scratch, []byte) ([]Hit, error) { return nil, ErrUnavailable }

// Trim does nothing.
func Trim() {}
