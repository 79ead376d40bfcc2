package overload

import (
	"errors"
	"fmt"
	"time"
)

// Config is when to shed, and what. The zero value is not valid: start from
// DefaultConfig.
type Config struct {
	// StartFill and StopFill are parts of the capture ring, from 0 to 1: more than
	// StartFill is being behind, less than StopFill is keeping up.
	StartFill, StopFill float64
	// StartLag and StopLag are the same for the age of the frames under work.
	StartLag, StopLag time.Duration
	// Step is how long a level is given to help before the next one.
	Step time.Duration
	// Hold is how long the sensor must have kept up before the level falls.
	Hold time.Duration
	// ElephantBytes is the size on the wire from which on a flow is an elephant at
	// level 1, FloorBytes the smallest size that any level takes for one.
	ElephantBytes, FloorBytes uint64
}

// DefaultConfig sheds when half of the ring waits, or frames are a second old.
func DefaultConfig() Config {
	return Config{
		StartFill: 0.5, StopFill: 0.1, StartLag: time.Second, StopLag: 250 * time.Millisecond,
		Step: 200 * time.Millisecond, Hold: 5 * time.Second, ElephantBytes: 4 << 20, FloorBytes: 64 << 10,
	}
}

// ErrConfig is wrapped by every fault of a Config.
var ErrConfig = errors.New("overload configuration")

// Validate reports all faults at once.
func (c *Config) Validate() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...))
		}
	}
	fault(!(0 < c.StopFill && c.StopFill < c.StartFill && c.StartFill <= 1), "ring fill that stops, %v, and starts, %v: want 0 < stop < start <= 1", c.StopFill, c.StartFill)
	fault(!(0 < c.StopLag && c.StopLag < c.StartLag), "lag that stops, %v, and starts, %v: want 0 < stop < start", c.StopLag, c.StartLag)
	fault(c.Step <= 0 || c.Hold <= 0, "step %v and hold %v must be positive", c.Step, c.Hold)
	fault(c.FloorBytes == 0 || c.ElephantBytes < c.FloorBytes, "elephants of %d bytes and floor %d: want 0 < floor <= elephants", c.ElephantBytes, c.FloorBytes)
	return errors.Join(faults...)
}

// Signal is how a sensor does at a moment.
type Signal struct {
	Now  int64         // nanoseconds of the wall clock
	Fill float64       // part of the capture ring that waits, 0 to 1
	Lag  time.Duration // age of the newest frame under work; 0 when there is none
	Lost uint64        // frames that the kernel has dropped so far because the ring was full
}

// Shed is what is given up. The zero value gives up nothing.
type Shed struct {
	Level uint8 // 0: nothing
	// ElephantBytes is the size on the wire from which on a flow is shed; valid iff
	// Level is not 0.
	ElephantBytes uint64
}

// Policy is the state of one worker, or of workers that share a source.
type Policy struct {
	cfg     Config
	shed    Shed
	lost    uint64
	changed int64 // when the level was last changed
	calm    int64 // since when the sensor keeps up; 0: it does not
}

// NewPolicy returns a policy at level 0.
func NewPolicy(cfg Config) (*Policy, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Policy{cfg: cfg}, nil
}

// Observe takes a signal and returns what to shed from now on.
func (p *Policy) Observe(s Signal) Shed {
	dropped := s.Lost > p.lost
	p.lost = s.Lost
	behind := dropped || s.Fill > p.cfg.StartFill || s.Lag > p.cfg.StartLag
	keepsUp := !dropped && s.Fill < p.cfg.StopFill && s.Lag < p.cfg.StopLag
	switch {
	case behind:
		p.calm = 0
		if p.shed.Level == 0 || s.Now-p.changed >= int64(p.cfg.Step) {
			p.raise(s.Now)
		}
	case !keepsUp:
		p.calm = 0
	case p.shed.Level == 0:
	case p.calm == 0:
		p.calm = s.Now
	case s.Now-p.calm >= int64(p.cfg.Hold):
		p.calm = s.Now
		p.set(p.shed.Level-1, s.Now)
	}
	return p.shed
}

// raise goes one level up, unless the floor has been reached.
func (p *Policy) raise(now int64) {
	if p.shed.Level > 0 && p.shed.ElephantBytes <= p.cfg.FloorBytes {
		return
	}
	p.set(p.shed.Level+1, now)
}

func (p *Policy) set(level uint8, now int64) {
	p.shed, p.changed = Shed{Level: level}, now
	if level > 0 {
		p.shed.ElephantBytes = max(p.cfg.ElephantBytes>>(2*(level-1)), p.cfg.FloorBytes)
	}
}
