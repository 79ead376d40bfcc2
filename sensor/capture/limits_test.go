package capture

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestLimitsEndTheSourceWithTheirReason(t *testing.T) {
	const s = int64(time.Second)
	path := write(t, t.TempDir(), "a", at('a', 100*s, 101*s, 103*s, 102*s, 104*s, 300*s, 105*s))
	for _, tt := range []struct {
		name    string
		o       Options
		frames  int
		outside uint64
		end     End
	}{
		{"none", Options{}, 7, 0, EndOfInput},
		{"frames", Options{MaxFrames: 3}, 3, 0, EndOfFrames},
		{"more_frames_than_there_are", Options{MaxFrames: 8}, 7, 0, EndOfInput},
		{"bytes_that_end_between_frames", Options{MaxBytes: 299}, 2, 0, EndOfBytes},
		{"bytes_that_end_with_a_frame", Options{MaxBytes: 300}, 3, 0, EndOfBytes},
		{"fewer_bytes_than_a_frame", Options{MaxBytes: 1}, 0, 0, EndOfBytes},
		{"duration_counts_frames_out_of_order", Options{MaxDuration: 3 * time.Second}, 3, 3, EndOfDuration},
		{"from", Options{From: time.Unix(103, 0)}, 4, 3, EndOfInput},
		{"to", Options{To: time.Unix(103, 0)}, 3, 3, EndOfTime},
		{"from_and_to", Options{From: time.Unix(101, 0), To: time.Unix(104, 0)}, 3, 3, EndOfTime},
		{"duration_from_the_first_frame_delivered", Options{From: time.Unix(102, 0), MaxDuration: 2 * time.Second}, 3, 3, EndOfDuration},
		{"to_before_the_end_of_the_duration", Options{To: time.Unix(102, 0), MaxDuration: time.Hour}, 2, 4, EndOfTime},
		{"nothing_in_the_window", Options{From: time.Unix(500, 0)}, 0, 7, EndOfInput},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Paths = []string{path}
			src := mustOpen(t, tt.o)
			if src.Ended() != NotEnded {
				t.Errorf("ended before the start: %v", src.Ended())
			}
			got, faults := drain(t, src)
			stats := src.Stats()
			if len(got) != tt.frames || len(faults) > 0 || src.Ended() != tt.end {
				t.Errorf("got %d frames, %v, %v; want %d, %v", len(got), faults, src.Ended(), tt.frames, tt.end)
			}
			if stats.Frames != uint64(tt.frames) || stats.Bytes != uint64(tt.frames)*100 || stats.Outside != tt.outside {
				t.Errorf("got %+v, want %d frames of 100 bytes and %d outside", stats, tt.frames, tt.outside)
			}
		})
	}
}

func TestEveryEndHasWords(t *testing.T) {
	seen := map[string]bool{}
	for e := NotEnded; e <= EndOfTime; e++ {
		if e.String() == "invalid" || seen[e.String()] {
			t.Errorf("end %d is %q", e, e)
		}
		seen[e.String()] = true
	}
	if End(200).String() != "invalid" {
		t.Error("an end that does not exist has words")
	}
}

func TestBadOptionsAreReportedTogether(t *testing.T) {
	_, err := OpenFiles(Options{
		Speed: -1, MaxDuration: -time.Second, From: time.Unix(2, 0), To: time.Unix(1, 0),
	})
	if !errors.Is(err, ErrNoPaths) || !errors.Is(err, ErrSpeed) {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{"maximum duration -1s is negative", "is not before time to"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want %q in it", err, want)
		}
	}
}
