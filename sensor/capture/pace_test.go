package capture

import (
	"errors"
	"io"
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestParseSpeedReads(t *testing.T) {
	for _, tt := range []struct {
		text string
		want float64
		ok   bool
	}{
		{"max", 0, true}, {"1x", 1, true}, {"10x", 10, true}, {"0.5x", 0.5, true}, {"1000000x", 1e6, true},
		{"", 0, false}, {"1", 0, false}, {"x", 0, false}, {"0x", 0, false}, {"-1x", 0, false},
		{"NaNx", 0, false}, {"Infx", 0, false}, {"0.0001x", 0, false}, {"fast", 0, false},
	} {
		got, err := ParseSpeed(tt.text)
		if got != tt.want || (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrSpeed) {
			t.Errorf("%q: got %v and %v, want %v", tt.text, got, err, tt.want)
		}
	}
}

// TestPacingDeliversFramesWhenTheyAreDue runs on the fake clock of synctest.
func TestPacingDeliversFramesWhenTheyAreDue(t *testing.T) {
	const s = int64(time.Second)
	paths := []string{
		write(t, t.TempDir(), "a", at('a', 10*s, 11*s, 11*s, 9*s, 20*s, 3620*s)),
		write(t, t.TempDir(), "b", at('b', 12*s)),
	}
	for _, tt := range []struct {
		name string
		o    Options
		want []time.Duration // since the first frame, for each
	}{
		{"in_real_time", Options{Speed: 1}, seconds(0, 1, 1, 1, 2, 10, 3610)},
		{"ten_times_as_fast", Options{Speed: 10}, seconds(0, 0.1, 0.1, 0.1, 0.2, 1, 361)},
		{"half_as_fast", Options{Speed: 0.5}, seconds(0, 2, 2, 2, 4, 20, 7220)},
		{"as_fast_as_can_be", Options{}, seconds(0, 0, 0, 0, 0, 0, 0)},
		{"not_waiting_for_what_is_not_delivered", Options{Speed: 1, From: time.Unix(20, 0), To: time.Unix(3000, 0)}, seconds(0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.o.Paths = paths
				src, err := OpenFiles(tt.o)
				if err != nil {
					t.Fatal(err)
				}
				defer src.Close()
				start := time.Now()
				var got []time.Duration
				var b Batch
				for {
					err := src.Next(&b)
					if err == io.EOF {
						break
					}
					if err != nil {
						t.Fatal(err)
					}
					for range b.Frames {
						got = append(got, time.Since(start))
					}
				}
				if len(got) != len(tt.want) {
					t.Fatalf("got %v, want %v", got, tt.want)
				}
				for i := range got {
					if late := got[i] - tt.want[i]; late < 0 || late > time.Millisecond {
						t.Errorf("frame %d after %v, want %v", i+1, got[i], tt.want[i])
					}
				}
			})
		})
	}
}

func seconds(list ...float64) (d []time.Duration) {
	for _, s := range list {
		d = append(d, time.Duration(s*float64(time.Second)))
	}
	return d
}

func TestCloseEndsAPacingWaitAtOnce(t *testing.T) {
	const s = int64(time.Second)
	path := write(t, t.TempDir(), "a", at('a', 0, 36000*s))
	synctest.Test(t, func(t *testing.T) {
		src, err := OpenFiles(Options{Paths: []string{path}, Speed: 1})
		if err != nil {
			t.Fatal(err)
		}
		var b Batch
		if err := src.Next(&b); err != nil || len(b.Frames) != 1 {
			t.Fatalf("got %d frames and %v", len(b.Frames), err)
		}
		ended := make(chan error)
		go func() {
			var b Batch
			ended <- src.Next(&b)
		}()
		time.Sleep(time.Second)
		start := time.Now()
		src.Close()
		if err := <-ended; err != ErrClosed || time.Since(start) > nap {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
	})
}

func TestDueStopsAtTheLastTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pacer{speed: maxSpeed, started: true, start: time.Now(), first: math.MaxInt64 - 5}
		time.Sleep(time.Hour)
		if due := p.due(); due != math.MaxInt64 {
			t.Errorf("got %d", due)
		}
		p.first, p.start = 0, p.start.Add(-100*365*24*time.Hour)
		if due := p.due(); due != math.MaxInt64 {
			t.Errorf("got %d", due)
		}
	})
}
