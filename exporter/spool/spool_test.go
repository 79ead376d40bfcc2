package spool_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
	"spanwatch/exporter/spool"
)

func open(t testing.TB, cfg spool.Config) *spool.Spool {
	t.Helper()
	s, err := spool.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// some makes n records whose bodies tell their number, from start on.
func some(start, n, size int) []exporter.Record {
	list := make([]exporter.Record, n)
	for i := range list {
		body := fmt.Appendf(nil, `{"seq":%d,"pad":"`, start+i)
		for len(body) < size {
			body = append(body, 'x')
		}
		var id event.ID
		binary.BigEndian.PutUint64(id[:], uint64(start+i))
		list[i] = exporter.Record{Time: int64(start + i), ID: id, Key: fmt.Appendf(nil, "key-%d", i%3), Body: append(body, `"}`...)}
	}
	return list
}

func number(r *exporter.Record) int { return int(binary.BigEndian.Uint64(r.ID[:])) }

func appendAll(t testing.TB, s *spool.Spool, typ event.Type, records []exporter.Record) spool.Position {
	t.Helper()
	n, end, err := s.Append(typ, records)
	if n != len(records) || err != nil {
		t.Fatalf("%d of %d records stored, error %v", n, len(records), err)
	}
	return end
}

// drain takes everything of a type out and returns the numbers.
func drain(t testing.TB, s *spool.Spool, typ event.Type, window int) (numbers []int) {
	t.Helper()
	for {
		records, end, err := s.Head(typ, window)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			return numbers
		}
		for i := range records {
			r := &records[i]
			want := some(number(r), 1, len(r.Body)-2)[0]
			if r.Type != typ || r.Time != want.Time || !bytes.Equal(r.Body, want.Body) || !bytes.HasPrefix(r.Key, []byte("key-")) {
				t.Fatalf("record %d came out as %+v", number(r), r)
			}
			numbers = append(numbers, number(r))
		}
		if err := s.Commit(typ, end); err != nil {
			t.Fatal(err)
		}
	}
}

func upTo(from, n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = from + i
	}
	return list
}

// balance checks the accounts of all types.
func balance(t testing.TB, s *spool.Spool) [event.NumTypes]spool.Counts {
	t.Helper()
	all := s.Counts()
	for typ, c := range all {
		if b := c.Balance(); b != 0 {
			t.Errorf("%s: balance %d of %+v", event.Type(typ), b, c)
		}
		bytes := int64(c.Recovered.Bytes+c.Written.Bytes) - int64(c.Taken.Bytes) - int64(c.Pending.Bytes)
		for _, l := range c.Lost {
			bytes -= int64(l.Bytes)
		}
		if bytes != 0 {
			t.Errorf("%s: balance of bytes %d of %+v", event.Type(typ), bytes, c)
		}
	}
	return all
}

func TestRecordsComeOutAsTheyWentIn(t *testing.T) {
	for _, window := range []int{1, 500, 5000, 1 << 20} {
		s := open(t, spool.Config{Dir: t.TempDir(), SegmentBytes: 3000})
		var want []int
		for i := range 20 {
			appendAll(t, s, event.TypeFlow, some(i*10, 10, 50+i*20))
			appendAll(t, s, event.TypeAlert, some(i*3, 3, 100))
			want = append(want, upTo(i*10, 10)...)
		}
		balance(t, s)
		if got := drain(t, s, event.TypeFlow, window); !slices.Equal(got, want) {
			t.Errorf("window %d: flows came out as %v", window, got)
		}
		if got := drain(t, s, event.TypeAlert, window); !slices.Equal(got, upTo(0, 60)) {
			t.Errorf("window %d: alerts came out as %v", window, got)
		}
		c := balance(t, s)[event.TypeFlow]
		if c.Pending.Records != 0 || c.Taken.Records != 200 || c.Pending.Bytes != 0 {
			t.Errorf("window %d: %+v", window, c)
		}
	}
}

func TestWhatWasNotTakenIsThereAfterARestart(t *testing.T) {
	dir := t.TempDir()
	next, taken := 0, 0
	for round := range 12 {
		s, err := spool.Open(spool.Config{Dir: dir, SegmentBytes: 2000})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Counts()[event.TypeDNS].Recovered.Records; got != uint64(next-taken) {
			t.Fatalf("round %d: %d recovered, want %d", round, got, next-taken)
		}
		appendAll(t, s, event.TypeDNS, some(next, 25, 90))
		next += 25
		for range round {
			records, end, err := s.Head(event.TypeDNS, 700)
			if err != nil {
				t.Fatal(err)
			}
			for i := range records {
				if number(&records[i]) != taken {
					t.Fatalf("round %d: record %d, want %d", round, number(&records[i]), taken)
				}
				taken++
			}
			if err := s.Commit(event.TypeDNS, end); err != nil {
				t.Fatal(err)
			}
		}
		balance(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if taken < 100 || taken > next {
		t.Errorf("%d of %d taken", taken, next)
	}
}

func TestWhatIsNotCommittedComesAgain(t *testing.T) {
	s := open(t, spool.Config{Dir: t.TempDir()})
	appendAll(t, s, event.TypeFlow, some(0, 5, 10))
	for range 3 {
		records, _, err := s.Head(event.TypeFlow, 1<<20)
		if err != nil || len(records) != 5 {
			t.Fatalf("%d records, error %v", len(records), err)
		}
	}
	end := appendAll(t, s, event.TypeAlert, some(0, 5, 10))
	appendAll(t, s, event.TypeAlert, some(5, 2, 10))
	if err := s.Commit(event.TypeAlert, end); err != nil { // delivered by another way
		t.Fatal(err)
	}
	if got := drain(t, s, event.TypeAlert, 1); !slices.Equal(got, []int{5, 6}) {
		t.Errorf("got %v, want 5 and 6", got)
	}
	balance(t, s)
}

// files lists the segments of a type, oldest first.
func files(t testing.TB, dir string, typ event.Type) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, typ.String(), "*.seg"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestATornEndIsCutOffAndNothingElse(t *testing.T) {
	whole := t.TempDir()
	s, err := spool.Open(spool.Config{Dir: whole})
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, event.TypeFlow, some(0, 10, 60))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(files(t, whole, event.TypeFlow)[0])
	if err != nil {
		t.Fatal(err)
	}
	one := (len(text) - 8) / 10
	for cut := len(text); cut >= 0; cut -= 13 {
		for _, tail := range []string{"", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "garbage"} {
			dir := t.TempDir()
			if err := os.MkdirAll(filepath.Join(dir, "flow"), 0o755); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(dir, "flow", filepath.Base(files(t, whole, event.TypeFlow)[0]))
			if err := os.WriteFile(name, append(text[:cut:cut], tail...), 0o644); err != nil {
				t.Fatal(err)
			}
			s, err := spool.Open(spool.Config{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			want := max(0, (cut-8)/one)
			torn := s.Counts()[event.TypeFlow].TornBytes
			if whole := 8 + want*one; cut > 8 && int(torn) != cut-whole+len(tail) && want > 0 {
				t.Errorf("cut at %d, tail %q: %d torn bytes", cut, tail, torn)
			}
			appendAll(t, s, event.TypeFlow, some(want, 3, 60))
			if got := drain(t, s, event.TypeFlow, 1<<20); !slices.Equal(got, upTo(0, want+3)) {
				t.Fatalf("cut at %d, tail %q: got %v, want 0 to %d", cut, tail, got, want+2)
			}
			balance(t, s)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestDamageLosesTheRecordsItHitsAndCountsThem changes bytes in the middle of
// the log, also at the edges of segments.
func TestDamageLosesTheRecordsItHitsAndCountsThem(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	damaged := 0
	for range 60 {
		dir := t.TempDir()
		s, err := spool.Open(spool.Config{Dir: dir, SegmentBytes: 2000})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 30 {
			appendAll(t, s, event.TypeFlow, some(i*3, 3, 60))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		list := files(t, dir, event.TypeFlow)
		victim := list[rng.IntN(len(list)-1)] // the end of the last is a torn end
		text, err := os.ReadFile(victim)
		if err != nil {
			t.Fatal(err)
		}
		at, n := rng.IntN(len(text)), 1+rng.IntN(300)
		for i := at; i < min(len(text), at+n); i++ {
			text[i] ^= byte(1 + rng.IntN(255))
		}
		if err := os.WriteFile(victim, text, 0o644); err != nil {
			t.Fatal(err)
		}
		s = open(t, spool.Config{Dir: dir, SegmentBytes: 2000})
		got := drain(t, s, event.TypeFlow, 1000)
		c := balance(t, s)[event.TypeFlow]
		lost := c.Lost[spool.LossCorrupt].Records
		if uint64(len(got))+lost != 90 || !slices.IsSorted(got) || lost > uint64(n/60+3) {
			t.Fatalf("%d bytes damaged at %d: %d records came, %d counted as lost", n, at, len(got), lost)
		}
		damaged += int(lost)
	}
	if damaged == 0 {
		t.Error("no damage hit anything")
	}
}

func TestAMissingSegmentIsCounted(t *testing.T) {
	dir := t.TempDir()
	s, err := spool.Open(spool.Config{Dir: dir, SegmentBytes: 1000})
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, event.TypeFlow, some(0, 100, 60))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(files(t, dir, event.TypeFlow)[2]); err != nil {
		t.Fatal(err)
	}
	s = open(t, spool.Config{Dir: dir})
	got := drain(t, s, event.TypeFlow, 1<<20)
	lost := balance(t, s)[event.TypeFlow].Lost[spool.LossCorrupt].Records
	if lost == 0 || uint64(len(got))+lost != 100 {
		t.Errorf("%d came, %d lost of 100", len(got), lost)
	}
}

func TestALostCursorMeansCopiesNotLosses(t *testing.T) {
	for name, damage := range map[string]func(string) error{
		"removed": os.Remove,
		"garbage": func(p string) error { return os.WriteFile(p, bytes.Repeat([]byte{7}, 100), 0o644) },
		"empty":   func(p string) error { return os.WriteFile(p, nil, 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, err := spool.Open(spool.Config{Dir: dir, SegmentBytes: 1 << 20})
			if err != nil {
				t.Fatal(err)
			}
			appendAll(t, s, event.TypeAlert, some(0, 10, 60))
			records, end, err := s.Head(event.TypeAlert, 300)
			if err != nil || len(records) == 0 || s.Commit(event.TypeAlert, end) != nil {
				t.Fatal("no window")
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := damage(filepath.Join(dir, "alert", "cursor")); err != nil {
				t.Fatal(err)
			}
			s = open(t, spool.Config{Dir: dir})
			if got := drain(t, s, event.TypeAlert, 1<<20); !slices.Equal(got, upTo(0, 10)) {
				t.Errorf("got %v, want all ten", got)
			}
		})
	}
}

func TestWhenFullFlowsGoFirstAndAlertsNever(t *testing.T) {
	const most = 64 << 10
	s := open(t, spool.Config{Dir: t.TempDir(), MaxBytes: most})
	alerts, flows := 0, 0
	for i := range 200 {
		n, _, err := s.Append(event.TypeFlow, some(i*5, 5, 200))
		flows += n
		if err != nil && !errors.Is(err, spool.ErrFull) {
			t.Fatal(err)
		}
		if i%4 == 0 {
			n, _, err := s.Append(event.TypeAlert, some(alerts, 2, 200))
			alerts += n
			if err != nil && !errors.Is(err, spool.ErrFull) {
				t.Fatal(err)
			}
		}
		if got := s.DiskBytes(); got > most {
			t.Fatalf("%d bytes on disk, the bound is %d", got, most)
		}
	}
	all := balance(t, s)
	if c := all[event.TypeAlert]; c.Lost[spool.LossEvicted].Records != 0 || c.Pending.Records != 100 {
		t.Errorf("alerts: %+v, want all 100 pending", c)
	}
	c := all[event.TypeFlow]
	if c.Lost[spool.LossEvicted].Records == 0 || c.Pending.Records == 0 {
		t.Errorf("flows: %+v", c)
	}
	got := drain(t, s, event.TypeFlow, 1<<20)
	if want := upTo(1000-len(got), len(got)); !slices.Equal(got, want) {
		t.Errorf("flows are not the newest: %v", got)
	}
	if got := drain(t, s, event.TypeAlert, 1<<20); !slices.Equal(got, upTo(0, 100)) {
		t.Errorf("alerts: %v", got)
	}

	// Alerts alone reach the bound: the oldest stay, new ones are refused.
	stored := 0
	for {
		n, _, err := s.Append(event.TypeAlert, some(stored, 10, 200))
		stored += n
		if err != nil {
			if !errors.Is(err, spool.ErrFull) || n != 0 && n > 10 {
				t.Fatalf("%d stored, error %v", n, err)
			}
			break
		}
	}
	if n, _, err := s.Append(event.TypeFlow, some(0, 1, 5000)); n != 0 || !errors.Is(err, spool.ErrFull) {
		t.Errorf("a flow record pushed alerts out: %d stored, error %v", n, err)
	}
	if got := drain(t, s, event.TypeAlert, 1<<20); !slices.Equal(got, upTo(0, stored)) {
		t.Errorf("%d alerts came out, %d were stored", len(got), stored)
	}
	balance(t, s)
}

func TestWhatAReaderHoldsIsNotGivenUp(t *testing.T) {
	dir := t.TempDir()
	s, err := spool.Open(spool.Config{Dir: dir, MaxBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, event.TypeFlow, some(0, 10, 200))
	held, end, err := s.Head(event.TypeFlow, 1<<20)
	if err != nil || len(held) != 10 {
		t.Fatalf("%d records, error %v", len(held), err)
	}
	for i := range 100 {
		appendAll(t, s, event.TypeFlow, some(10+i*10, 10, 200))
	}
	if number(&held[9]) != 9 {
		t.Error("the records of a reader were changed")
	}
	before := balance(t, s)[event.TypeFlow]
	if err := s.Commit(event.TypeFlow, end); err != nil {
		t.Fatal(err)
	}
	after := balance(t, s)[event.TypeFlow]
	if after.Taken.Records != 10 || after.Pending.Records != before.Pending.Records-10 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// The hole that eviction left is no damage, also for the next process.
	s = open(t, spool.Config{Dir: dir, MaxBytes: 64 << 10})
	got := drain(t, s, event.TypeFlow, 1<<20)
	c := balance(t, s)[event.TypeFlow]
	if c.Lost[spool.LossCorrupt].Records != 0 || uint64(len(got)) != after.Pending.Records || got[len(got)-1] != 1009 {
		t.Errorf("%d came, %+v", len(got), c)
	}
}

func TestOldRecordsExpire(t *testing.T) {
	now := time.Unix(1e9, 0)
	s := open(t, spool.Config{Dir: t.TempDir(), MaxAge: time.Hour, Now: func() time.Time { return now }})
	appendAll(t, s, event.TypeFlow, some(0, 10, 10))
	now = now.Add(40 * time.Minute)
	appendAll(t, s, event.TypeFlow, some(10, 10, 10))
	now = now.Add(40 * time.Minute)
	if got := drain(t, s, event.TypeFlow, 1<<20); !slices.Equal(got, upTo(10, 10)) {
		t.Errorf("got %v, want the second ten", got)
	}
	if c := balance(t, s)[event.TypeFlow]; c.Lost[spool.LossExpired].Records != 10 {
		t.Errorf("%+v, want 10 expired", c)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	s, err := spool.Open(spool.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := spool.Open(spool.Config{Dir: dir}); !errors.Is(err, spool.ErrLocked) {
		t.Errorf("second Open: %v, want ErrLocked", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, spool.Config{Dir: dir})
}

func TestFaultsOfTheConfigurationAreAllReported(t *testing.T) {
	_, err := spool.Open(spool.Config{MaxBytes: 5, SegmentBytes: -1, Sync: 9, SyncEvery: -1})
	for _, want := range []string{"dir:", "max_bytes:", "segment_bytes:", "sync:", "sync_every:"} {
		if err == nil || !bytes.Contains([]byte(err.Error()), []byte(want)) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
	for _, policy := range []string{"interval", "always", "never"} {
		p, err := spool.ParseSync(policy)
		if err != nil {
			t.Error(err)
		}
		s := open(t, spool.Config{Dir: t.TempDir(), Sync: p})
		appendAll(t, s, event.TypeAlert, some(0, 3, 10))
		if err := s.Sync(); err != nil {
			t.Error(err)
		}
	}
	if _, err := spool.ParseSync("sometimes"); !errors.Is(err, spool.ErrSync) {
		t.Errorf("got %v, want ErrSync", err)
	}
}

func TestTheSinkSpoolsAndSaysSo(t *testing.T) {
	s, err := spool.Open(spool.Config{Dir: t.TempDir(), MaxBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	k := spool.NewSink(s)
	var records []exporter.Record
	for i, r := range some(0, 600, 200) {
		r.Type = event.TypeAlert
		if i%2 == 0 {
			r.Type = event.TypeDNS
		}
		records = append(records, r)
	}
	o := exporter.NewOutlet(k, exporter.Config{Block: true})
	var tally exporter.Tally
	if err := k.Deliver(context.Background(), records, &tally); !errors.Is(err, spool.ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	all := balance(t, s)
	var want exporter.Tally
	left := [event.NumTypes]uint64{event.TypeAlert: all[event.TypeAlert].Written.Records, event.TypeDNS: all[event.TypeDNS].Written.Records}
	for i := range records {
		if typ := records[i].Type; left[typ] > 0 {
			left[typ]--
			want.Spooled(&records[i])
		} else {
			want.Dropped(&records[i], exporter.DropSpoolFull)
		}
	}
	if tally != want {
		t.Errorf("got %+v, want %+v", tally, want)
	}
	if o.Name() != "spool" || k.Close() != nil {
		t.Error("name or close")
	}
}

func TestAppendAndHeadAllocateLittle(t *testing.T) {
	s := open(t, spool.Config{Dir: t.TempDir(), Sync: spool.SyncNever})
	batch := some(0, 200, 600)
	run := func() {
		end := appendAll(t, s, event.TypeFlow, batch)
		records, _, err := s.Head(event.TypeFlow, 1<<20)
		if err != nil || len(records) != len(batch) {
			t.Fatal(len(records), err)
		}
		if err := s.Commit(event.TypeFlow, end); err != nil {
			t.Fatal(err)
		}
	}
	run()
	if n := testing.AllocsPerRun(20, run); n > 2 {
		t.Errorf("%v allocations for 200 records, want at most 2", n)
	}
}
