package spool_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/spool"
)

func stageAll(t testing.TB, s *spool.Spool, records []exporter.Record) spool.Position {
	t.Helper()
	n, end, err := s.Stage(event.TypeAlert, records, false)
	if n != len(records) || err != nil {
		t.Fatalf("%d of %d records staged, error %v", n, len(records), err)
	}
	return end
}

func TestStagedRecordsComeOutWhenTheirTurnHasCome(t *testing.T) {
	for _, window := range []int{1, 500, 1 << 20} {
		s := open(t, spool.Config{Dir: t.TempDir(), SegmentBytes: 2000})
		random := rand.New(rand.NewPCG(1, uint64(window)))
		type call struct {
			end  spool.Position
			upTo int
		}
		var waiting []call
		var got []int
		staged, released := 0, 0
		for range 300 {
			switch random.IntN(4) {
			case 0, 1:
				n := 1 + random.IntN(8)
				waiting = append(waiting, call{stageAll(t, s, some(staged, n, 100)), staged + n})
				staged += n
			case 2:
				if len(waiting) > 0 {
					s.Release(event.TypeAlert, waiting[0].end)
					released, waiting = waiting[0].upTo, waiting[1:]
				}
			default:
				got = append(got, drain(t, s, event.TypeAlert, window)...)
				if !slices.Equal(got, upTo(0, released)) {
					t.Fatalf("window %d: %v came out, want up to %d", window, got, released)
				}
			}
			if n := s.Pending(event.TypeAlert); n.Records != uint64(released-len(got)) || (n.Bytes == 0) != (n.Records == 0) {
				t.Fatalf("window %d: pending %+v, want %d", window, n, released-len(got))
			}
			if n := balance(t, s)[event.TypeAlert].Pending.Records; n != uint64(staged-len(got)) {
				t.Fatalf("window %d: %d in the spool, want %d", window, n, staged-len(got))
			}
		}
	}
}

func TestStagedRecordsAreThereForTheNextProcess(t *testing.T) {
	dir := t.TempDir()
	s, err := spool.Open(spool.Config{Dir: dir, SegmentBytes: 2000})
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, event.TypeAlert, some(0, 10, 100))
	stageAll(t, s, some(10, 40, 100))
	if got := drain(t, s, event.TypeAlert, 1000); !slices.Equal(got, upTo(0, 10)) {
		t.Errorf("%v came out before the turn of the others", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, spool.Config{Dir: dir})
	if n := s.Recovered()[event.TypeAlert]; n != 40 {
		t.Errorf("%d recovered, want 40", n)
	}
	if got := drain(t, s, event.TypeAlert, 1000); !slices.Equal(got, upTo(10, 40)) {
		t.Errorf("%v came out", got)
	}
}

func TestStagedRecordsAreNotGivenUp(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := open(t, spool.Config{
		Dir: t.TempDir(), MaxBytes: spool.MinMaxBytes, MaxAge: time.Hour, Keep: []event.Type{}, Now: func() time.Time { return now },
	})
	end := stageAll(t, s, some(0, 100, 500))
	n, _, err := s.Stage(event.TypeAlert, some(100, 100, 500), false)
	if n == 100 || !errors.Is(err, spool.ErrFull) {
		t.Errorf("%d staged beyond the bound, error %v", n, err)
	}
	if n, _, err := s.Append(event.TypeFlow, some(0, 100, 500)); n == 100 || !errors.Is(err, spool.ErrFull) {
		t.Errorf("%d flows took the place of staged alerts, error %v", n, err)
	}
	now = now.Add(2 * time.Hour)
	s.Expire()
	if got := balance(t, s)[event.TypeAlert]; got.Pending.Records != uint64(100+n) {
		t.Errorf("staged records were given up: %+v", got)
	}
	s.Release(event.TypeAlert, end)
	if got := drain(t, s, event.TypeAlert, 1<<20); len(got) > 0 && got[len(got)-1] != 99 {
		t.Errorf("%v came out", got)
	}
	balance(t, s)
}
