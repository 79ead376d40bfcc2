package capture

import (
	"errors"
	"fmt"
	"time"
)

// Options are what OpenFiles can be told. The zero value of a field switches off
// what it asks for.
type Options struct {
	// Paths are capture files, directories (the regular files directly inside,
	// hidden ones excepted), patterns of filepath.Match, and "-" for standard
	// input.
	Paths []string
	// Filter is a BPF expression of pcap-filter(7); frames it refuses are counted.
	Filter string
	// Speed is how many seconds of the capture pass in a second; 0 is as fast as
	// can be. See ParseSpeed.
	Speed float64
	// From and To bound the frames delivered by their time: From is included, To
	// is not.
	From, To time.Time
	// MaxDuration is the time from the first frame delivered on that is delivered.
	MaxDuration time.Duration
	// MaxFrames and MaxBytes end the source when so many frames, or bytes on the
	// wire, have been delivered; the frame that exceeds MaxBytes is not.
	MaxFrames, MaxBytes uint64
}

// ErrNoPaths is returned when there is nothing to open.
var ErrNoPaths = errors.New("no capture file named")

// validate reports all faults of the options at once.
func (o *Options) validate() error {
	var faults []error
	if len(o.Paths) == 0 {
		faults = append(faults, ErrNoPaths)
	}
	if o.Speed != 0 && !validSpeed(o.Speed) {
		faults = append(faults, fmt.Errorf("%w: %v", ErrSpeed, o.Speed))
	}
	if o.MaxDuration < 0 {
		faults = append(faults, fmt.Errorf("maximum duration %v is negative", o.MaxDuration))
	}
	if !o.From.IsZero() && !o.To.IsZero() && !o.From.Before(o.To) {
		faults = append(faults, fmt.Errorf("time from %v is not before time to %v",
			o.From.Format(time.RFC3339Nano), o.To.Format(time.RFC3339Nano)))
	}
	return errors.Join(faults...)
}

// End says why a source ended.
type End uint8

// Ends of a source.
const (
	NotEnded      End = iota
	EndOfInput        // every file was read to its end or to its fault
	EndOfFrames       // MaxFrames
	EndOfBytes        // MaxBytes
	EndOfDuration     // MaxDuration
	EndOfTime         // To
)

// String returns the reason in words.
func (e End) String() string {
	switch e {
	case NotEnded:
		return "not ended"
	case EndOfInput:
		return "end of input"
	case EndOfFrames:
		return "maximum number of frames reached"
	case EndOfBytes:
		return "maximum number of bytes reached"
	case EndOfDuration:
		return "maximum duration reached"
	case EndOfTime:
		return "end time reached"
	}
	return "invalid"
}
