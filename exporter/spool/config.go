package spool

import (
	"errors"
	"fmt"
	"time"

	"spanwatch/exporter/event"
)

// Sync says when written records are forced to the disk. Without it a crash of
// the sensor loses nothing, since the kernel has the bytes, but a crash of the
// machine does.
type Sync uint8

// Policies. SyncInterval is the zero value.
const (
	SyncInterval Sync = iota // by the first call after Config.SyncEvery has passed
	SyncAlways               // before Append returns
	SyncNever                // when the kernel likes, and by Close
)

// ErrSync says that a text names no policy.
var ErrSync = errors.New("must be interval, always or never")

// ParseSync reads a policy as configuration files have it.
func ParseSync(text string) (Sync, error) {
	switch text {
	case "interval", "":
		return SyncInterval, nil
	case "always":
		return SyncAlways, nil
	case "never":
		return SyncNever, nil
	}
	return 0, fmt.Errorf("%w: %q", ErrSync, text)
}

// Config says where the spool is and how large it may become. Zero values
// stand for the defaults.
type Config struct {
	// Dir is the folder of the spool; it is made when it does not exist.
	Dir string
	// MaxBytes bounds the files of all logs together. Default 1 GiB, at least
	// 64 KiB.
	MaxBytes int64
	// SegmentBytes is the size at which a new file is begun, and so the piece
	// in which old records are given up. Default 8 MiB, never more than one
	// part in 16 of MaxBytes.
	SegmentBytes int64
	// MaxAge is how long records may wait; segments whose last record is older
	// are given up by the next Append or Head of their log. Default 72 hours;
	// negative means for ever.
	MaxAge time.Duration
	// Sync says when records are forced to the disk.
	Sync Sync
	// SyncEvery is the time between two of them under SyncInterval. Default
	// one second.
	SyncEvery time.Duration
	// Keep are the types that are never given up for room, GiveUp those that go
	// before the others. Defaults alert; flow and netflow.
	Keep, GiveUp []event.Type
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Defaults and bounds of Config.
const (
	DefaultMaxBytes     = 1 << 30
	MinMaxBytes         = 64 << 10
	DefaultSegmentBytes = 8 << 20
	DefaultMaxAge       = 72 * time.Hour
	DefaultSyncEvery    = time.Second
	segmentsAtLeast     = 16 // in MaxBytes
	segmentsOfAge       = 8  // in MaxAge, so that new records keep no old ones
)

// Validate returns all faults of c, joined.
func (c *Config) Validate() error {
	var faults []error
	if c.Dir == "" {
		faults = append(faults, errors.New("dir: must name a folder"))
	}
	if c.MaxBytes != 0 && c.MaxBytes < MinMaxBytes {
		faults = append(faults, fmt.Errorf("max_bytes: %d is less than %d", c.MaxBytes, MinMaxBytes))
	}
	if c.SegmentBytes < 0 {
		faults = append(faults, fmt.Errorf("segment_bytes: %d is negative", c.SegmentBytes))
	}
	if c.Sync > SyncNever {
		faults = append(faults, fmt.Errorf("sync: %w", ErrSync))
	}
	if c.SyncEvery < 0 {
		faults = append(faults, fmt.Errorf("sync_every: %v is negative", c.SyncEvery))
	}
	return errors.Join(faults...)
}

func (c *Config) setDefaults() {
	if c.MaxBytes == 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	if c.SegmentBytes == 0 {
		c.SegmentBytes = DefaultSegmentBytes
	}
	c.SegmentBytes = min(c.SegmentBytes, c.MaxBytes/segmentsAtLeast)
	if c.MaxAge == 0 {
		c.MaxAge = DefaultMaxAge
	}
	if c.SyncEvery == 0 {
		c.SyncEvery = DefaultSyncEvery
	}
	if c.Keep == nil {
		c.Keep = []event.Type{event.TypeAlert}
	}
	if c.GiveUp == nil {
		c.GiveUp = []event.Type{event.TypeFlow, event.TypeNetflow}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
}
