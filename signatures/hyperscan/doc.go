// Package hyperscan looks for many byte strings at once with the Hyperscan
// library, or with Vectorscan, which has the same interface.
//
//	patterns ─► Compile ─► Database ──┬─► Scan(scratch, data) ─► patterns and where they end
//	  bytes ─► Deserialize ─┘         └─► Serialize ─► bytes
//
// It is a thin binding for package prefilter. The C callback writes hits
// into memory of the Scratch and never enters Go: a scan is one call
// into C. Data is borrowed for its time.
//
// A Database is immutable and shared; a Scratch is one goroutine's. Their
// memory is C's and goes back when the Go value is collected.
//
// The package needs cgo, Linux, and amd64 or arm64. In other builds Available
// is false and Compile fails with ErrUnavailable.
package hyperscan

import "errors"

// Pattern is one byte string.
type Pattern struct {
	Bytes  []byte // at least one; not kept
	NoCase bool   // ASCII letters match in either case
}

// Hit is a pattern, by its number, and the offset behind the last byte of an
// occurrence. Its layout is that of the C callback's.
type Hit struct{ Pattern, End uint32 }

// ErrUnavailable is returned where the library is not part of the build or
// does not run on this processor.
var ErrUnavailable = errors.New("hyperscan is not available")
