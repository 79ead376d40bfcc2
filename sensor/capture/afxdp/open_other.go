//go:build !linux || !(amd64 || arm64)

package afxdp

import "spanwatch/sensor/capture"

// Capture is a set of Sources; there are none on this system.
type Capture struct{}

// Source is never made on this system.
type Source struct{ capture.Source }

// Open returns ErrNotSupported.
func Open(Options) (*Capture, error) { return nil, ErrNotSupported }

// Sources returns nil.
func (c *Capture) Sources() []*Source { return nil }

// Interfaces returns nil.
func (s *Source) Interfaces() []InterfaceStats { return nil }

// Close does nothing.
func (c *Capture) Close() error { return nil }
