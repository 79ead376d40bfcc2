//go:build !cgo

package capture

import "spanwatch/decoders"

// compileFilter has no libpcap to turn to.
func compileFilter(decoders.LinkType, string) (program, error) { return nil, ErrNoLibpcap }
