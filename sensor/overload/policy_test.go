package overload

import (
	"errors"
	"testing"
	"time"
)

// drive is a policy with a clock.
type drive struct {
	t   *testing.T
	p   *Policy
	now int64
}

func start(t *testing.T) *drive {
	t.Helper()
	cfg := DefaultConfig()
	cfg.ElephantBytes, cfg.FloorBytes = 1<<20, 64<<10
	p, err := NewPolicy(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &drive{t, p, 1}
}

// see observes s again and again for a while and checks the level at its end.
func (d *drive) see(s Signal, for_ time.Duration, level uint8) Shed {
	d.t.Helper()
	var shed Shed
	for end := d.now + int64(for_); d.now <= end; d.now += int64(10 * time.Millisecond) {
		s.Now = d.now
		shed = d.p.Observe(s)
	}
	if shed.Level != level {
		d.t.Errorf("level %d after %v of %+v, want %d", shed.Level, for_, s, level)
	}
	return shed
}

func TestAFullRingOldFramesAndDropsAreBeingBehind(t *testing.T) {
	for name, s := range map[string]Signal{
		"full ring":    {Fill: 0.51},
		"old frames":   {Lag: time.Second + 1},
		"kernel drops": {Lost: 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := start(t)
			d.see(Signal{Fill: 0.5, Lag: time.Second}, 10*time.Second, 0)
			if got := d.see(s, 0, 1); got.ElephantBytes != 1<<20 {
				t.Errorf("elephants of %d bytes", got.ElephantBytes)
			}
		})
	}
}

func TestTheLevelRisesStepByStepToTheFloor(t *testing.T) {
	d := start(t)
	d.see(Signal{Fill: 1}, 190*time.Millisecond, 1)
	if got := d.see(Signal{Fill: 1}, 20*time.Millisecond, 2); got.ElephantBytes != 256<<10 {
		t.Errorf("elephants of %d bytes at level 2", got.ElephantBytes)
	}
	if got := d.see(Signal{Fill: 1}, time.Minute, 3); got.ElephantBytes != 64<<10 {
		t.Errorf("elephants of %d bytes at the floor", got.ElephantBytes)
	}
}

func TestTheLevelFallsAfterAWhileOfKeepingUp(t *testing.T) {
	d := start(t)
	d.see(Signal{Fill: 1}, time.Minute, 3)
	d.see(Signal{Fill: 0.05}, 4900*time.Millisecond, 3)
	d.see(Signal{Fill: 0.05}, 200*time.Millisecond, 2)
	d.see(Signal{Fill: 0.05}, 5*time.Second, 1)
	d.see(Signal{Fill: 0.05}, 5*time.Second, 0)
	d.see(Signal{}, time.Minute, 0)
}

// TestBetweenTheThresholdsTheLevelStays is the hysteresis: a sensor that sheds
// just enough must not begin anew every moment.
func TestBetweenTheThresholdsTheLevelStays(t *testing.T) {
	d := start(t)
	d.see(Signal{Fill: 1}, 0, 1)
	d.see(Signal{Fill: 0.3}, time.Hour, 1)
	d.see(Signal{Lag: 500 * time.Millisecond}, time.Hour, 1)
	d.see(Signal{}, 4900*time.Millisecond, 1)
	d.see(Signal{Fill: 0.3}, 0, 1) // begins the wait anew
	d.see(Signal{}, 4900*time.Millisecond, 1)
	d.see(Signal{}, 200*time.Millisecond, 0)
}

func TestDropsOfThePastAreNotHeldAgainstThePresent(t *testing.T) {
	d := start(t)
	d.see(Signal{Lost: 100}, 0, 1)
	d.see(Signal{Lost: 100}, 6*time.Second, 0)
	d.see(Signal{Lost: 101}, 0, 1)
}

func TestConfigurationsThatCannotBeMeantAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Config){
		"stops above start": func(c *Config) { c.StopFill = 0.6 },
		"fill above one":    func(c *Config) { c.StartFill = 1.1 },
		"lag":               func(c *Config) { c.StopLag = c.StartLag },
		"no step":           func(c *Config) { c.Step = 0 },
		"no hold":           func(c *Config) { c.Hold = 0 },
		"no floor":          func(c *Config) { c.FloorBytes = 0 },
		"floor above":       func(c *Config) { c.FloorBytes = c.ElephantBytes + 1 },
	} {
		t.Run(name, func(t *testing.T) {
			c := DefaultConfig()
			spoil(&c)
			if _, err := NewPolicy(c); !errors.Is(err, ErrConfig) {
				t.Errorf("got %v", err)
			}
		})
	}
}
