package hyperscan

import (
	"errors"
	"slices"
	"testing"
)

// available skips the test where there is no library.
func available(t testing.TB) {
	t.Helper()
	if !Available() {
		t.Skip(ErrUnavailable)
	}
}

func compile(t testing.TB, patterns ...Pattern) *Database {
	t.Helper()
	d, err := Compile(patterns)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func scan(t testing.TB, d *Database, s *Scratch, data string) []uint32 {
	t.Helper()
	if err := s.Fit(d); err != nil {
		t.Fatal(err)
	}
	hits, err := d.Scan(s, []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	var found []uint32
	for _, h := range hits {
		found = append(found, h.Pattern)
	}
	slices.Sort(found)
	return found
}

func TestScanReportsEachPatternOnce(t *testing.T) {
	available(t)
	d := compile(t, Pattern{[]byte("ab"), false}, Pattern{[]byte("AB"), true}, Pattern{[]byte("\x00\xff"), false}, Pattern{[]byte("(.*"), false})
	tests := []struct {
		data string
		want []uint32
	}{
		{"", nil}, {"none", nil}, {"abab", []uint32{0, 1}}, {"aB", []uint32{1}}, {"x\x00\xff", []uint32{2}}, {"f(.*)", []uint32{3}},
	}
	for _, tt := range tests {
		if got := scan(t, d, NewScratch(), tt.data); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %v, want %v", tt.data, got, tt.want)
		}
	}
}

func TestScanReportsTheFirstEndOfAPattern(t *testing.T) {
	available(t)
	d, s := compile(t, Pattern{[]byte("ab"), false}), NewScratch()
	if err := s.Fit(d); err != nil {
		t.Fatal(err)
	}
	if hits, err := d.Scan(s, []byte("xxabyab")); err != nil || !slices.Equal(hits, []Hit{{0, 4}}) {
		t.Errorf("%v, %v", hits, err)
	}
}

func TestDatabaseSurvivesSerialisation(t *testing.T) {
	available(t)
	d := compile(t, Pattern{[]byte("needle"), true}, Pattern{[]byte("hay"), false})
	text, err := d.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Deserialize(text, d.Patterns())
	if err != nil {
		t.Fatal(err)
	}
	if got := scan(t, back, NewScratch(), "hay NEEDLE"); !slices.Equal(got, []uint32{0, 1}) {
		t.Errorf("got %v", got)
	}
	text[len(text)/2] ^= 1
	if _, err := Deserialize(text, 2); err == nil {
		t.Error("damaged bytes are taken for a database")
	}
	if _, err := Deserialize(text[:len(text)/2], 2); err == nil {
		t.Error("half of the bytes are taken for a database")
	}
	if _, err := Deserialize(nil, 0); err == nil {
		t.Error("nothing is taken for a database")
	}
}

func TestOneScratchServesManyDatabases(t *testing.T) {
	available(t)
	s := NewScratch()
	for n := 1; n < 300; n += 50 {
		var patterns []Pattern
		for i := range n {
			patterns = append(patterns, Pattern{[]byte{'p', byte(i), byte(i >> 8)}, false})
		}
		if got := scan(t, compile(t, patterns...), s, "xxp\x00\x00"); !slices.Equal(got, []uint32{0}) {
			t.Errorf("%d patterns: %v", n, got)
		}
	}
}

func TestUnusableInputIsRefused(t *testing.T) {
	if _, err := Compile(nil); err == nil {
		t.Error("no patterns compile")
	}
	if !Available() {
		if _, err := Compile([]Pattern{{[]byte("a"), false}}); !errors.Is(err, ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		return
	}
	if Version() == "" || Platform() == "" {
		t.Error("no version or platform")
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	available(t)
	d, s, data := compile(t, Pattern{[]byte("needle"), true}), NewScratch(), []byte("some hay with a Needle in it")
	if err := s.Fit(d); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if found, err := d.Scan(s, data); err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
