package spool_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"spanwatch/exporter/event"
	"spanwatch/exporter/spool"
)

// FuzzOpen gives a spool whatever can lie on a disk. It must open, give out
// only what carries a good checksum, in order, balance, and take new records.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	s, err := spool.Open(spool.Config{Dir: dir})
	if err != nil {
		f.Fatal(err)
	}
	if _, _, err := s.Append(event.TypeFlow, some(0, 4, 20)); err != nil {
		f.Fatal(err)
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "flow", "00000000000000000001.seg"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, text, []byte{}, uint8(5))
	f.Add(text[:len(text)-3], []byte("x"), []byte{1, 2}, uint8(1))
	f.Add([]byte{}, []byte{}, make([]byte, 56), uint8(0))
	f.Fuzz(func(t *testing.T, first, second, cursor []byte, gap uint8) {
		dir := t.TempDir()
		folder := filepath.Join(dir, "flow")
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		names := []string{"00000000000000000001.seg", "000000000000000000" + string([]byte{'0' + gap/10%10, '0' + gap%10}) + ".seg", "cursor"}
		for i, text := range [][]byte{first, second, cursor} {
			if err := os.WriteFile(filepath.Join(folder, names[i]), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		s, err := spool.Open(spool.Config{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if n, _, err := s.Append(event.TypeFlow, some(1000, 2, 20)); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		var numbers []int
		for {
			records, end, err := s.Head(event.TypeFlow, 100)
			if err != nil {
				t.Fatal(err)
			}
			if len(records) == 0 {
				break
			}
			for i := range records {
				numbers = append(numbers, number(&records[i]))
			}
			if err := s.Commit(event.TypeFlow, end); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(numbers); n < 2 || !slices.Equal(numbers[n-2:], []int{1000, 1001}) {
			t.Fatalf("the new records are not at the end of %v", numbers)
		}
		if b := s.Counts()[event.TypeFlow]; b.Balance() != 0 || b.Pending.Records != 0 {
			t.Fatalf("balance %d: %+v", b.Balance(), b)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
