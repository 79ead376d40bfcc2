package pcaplive

import (
	"errors"
	"fmt"
	"time"
)

// Defaults and bounds of Options.
const (
	// readTimeout is how long libpcap waits for frames, and so how long Close waits
	// for Next, unless several interfaces share it. A frame on a quiet link is
	// delivered after two of it at the latest: libpcap may keep it for one, and Next
	// looks for another to follow for one.
	readTimeout = 25 * time.Millisecond

	DefaultSnapLen     = 262144 // the largest of libpcap
	DefaultBufferBytes = 64 << 20

	minSnapLen     = 64
	minBufferBytes = 1 << 20
	MaxBufferBytes = 2<<30 - 1
)

// Options are what Open can be told. The zero value of a field is its default.
type Options struct {
	// Interface is the name of the interface, or "any". Frame.Interface is 0.
	Interface string
	// Filter is an expression of pcap-filter(7). What it refuses is not counted.
	Filter string
	// Promiscuous asks the interface for frames to other stations too.
	Promiscuous bool
	// SnapLen is how many bytes of a frame are captured at most.
	SnapLen int
	// BufferBytes is the size of libpcap's ring.
	BufferBytes int

	timeout time.Duration // of a read
}

// ErrOption is returned for Options out of bounds.
var ErrOption = errors.New("option out of bounds")

func (o Options) withDefaults() (Options, error) {
	if o.SnapLen == 0 {
		o.SnapLen = DefaultSnapLen
	}
	if o.BufferBytes == 0 {
		o.BufferBytes = DefaultBufferBytes
	}
	if o.timeout == 0 {
		o.timeout = readTimeout
	}
	var faults []error
	if o.Interface == "" {
		faults = append(faults, fmt.Errorf("%w: no interface named", ErrOption))
	}
	if o.SnapLen < minSnapLen || o.SnapLen > DefaultSnapLen {
		faults = append(faults, fmt.Errorf("%w: snap length %d is not from %d to %d", ErrOption, o.SnapLen, minSnapLen, DefaultSnapLen))
	}
	if o.BufferBytes < minBufferBytes || o.BufferBytes > MaxBufferBytes {
		faults = append(faults, fmt.Errorf("%w: buffer of %d bytes is not from %d to %d", ErrOption, o.BufferBytes, minBufferBytes, MaxBufferBytes))
	}
	return o, errors.Join(faults...)
}

// ErrLink is what every LinkError is, for errors.Is.
var ErrLink = errors.New("interface changed its state")

// LinkError is returned by Next when capture from the interface has stopped,
// since it is down or gone, and once more when it goes on. Next may be called
// again; it waits until the interface is there.
type LinkError struct {
	Interface string
	Up        bool
	Err       error // why it has stopped, in libpcap's words; nil if Up
}

func (e *LinkError) Error() string {
	if e.Up {
		return fmt.Sprintf("interface %s: captured from again", e.Interface)
	}
	return fmt.Sprintf("interface %s: capture stopped: %v", e.Interface, e.Err)
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
	Err       error  // libpcap's words
}

func (e *OpenError) Error() string {
	return fmt.Sprintf("capture from %s by libpcap: %s: %v", e.Interface, e.Step, e.Err)
}

func (e *OpenError) Unwrap() error { return e.Err }
