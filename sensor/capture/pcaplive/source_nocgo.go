//go:build !cgo

package pcaplive

import "spanwatch/sensor/capture"

// Source is never made without libpcap.
type Source struct{ capture.Source }

// Open returns capture.ErrNoLibpcap.
func Open(Options) (*Source, error) { return nil, capture.ErrNoLibpcap }

// Changes returns nothing.
func (s *Source) Changes() (stops, reopens uint64) { return 0, 0 }

// Set is never made without libpcap.
type Set struct{ capture.Source }

// OpenAll returns capture.ErrNoLibpcap.
func OpenAll([]string, Options) (*Set, error) { return nil, capture.ErrNoLibpcap }
