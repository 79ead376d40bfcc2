package prefilter

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// occurs is the reference: one pattern at a time, one place at a time.
func occurs(p *Pattern, data []byte) bool {
	if p.NoCase {
		return bytes.Contains(lower(data), lower(p.Bytes))
	}
	return bytes.Contains(data, p.Bytes)
}

// lower is ASCII only; bytes.ToLower would change bytes that are not UTF-8.
func lower(b []byte) []byte {
	out := slices.Clone(b)
	for i, c := range out {
		if 'A' <= c && c <= 'Z' {
			out[i] = c + 'a' - 'A'
		}
	}
	return out
}

// check compares a scan with the reference: nothing may be missed. What is
// reported beside is allowed, and returned.
func check(t *testing.T, m Matcher, patterns []Pattern, data []byte) (over int) {
	t.Helper()
	ids := m.Scan(data, nil)
	for i := range patterns {
		p := &patterns[i]
		found := slices.Contains(ids, p.ID)
		if occurs(p, data) && !found {
			t.Fatalf("pattern %q (nocase %v) is in %q and was missed", p.Bytes, p.NoCase, data)
		}
		if found && !occurs(p, data) {
			over++
		}
	}
	return over
}

func build(t testing.TB, patterns []Pattern) Matcher {
	t.Helper()
	m, err := Build(patterns)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryPatternIsFoundAtEveryPlace(t *testing.T) {
	const text = "The quick brown fox jumps over the lazy dog"
	for length := MinPattern; length <= len(text); length++ {
		p := []Pattern{{Bytes: []byte(text[:length]), ID: 3}, {Bytes: []byte(text[:length]), NoCase: true, ID: 4}}
		m := build(t, p)
		for at := range 20 {
			data := append(bytes.Repeat([]byte("."), at), text[:length]...)
			check(t, m, p, data)
			check(t, m, p, append(data, "tail"...))
			check(t, m, p, bytes.ToUpper(data))
			check(t, m, p, data[:len(data)-1])
		}
	}
}

func TestRandomPatternsAreNeverMissed(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	found, over := 0, 0
	for range 300 {
		patterns := make([]Pattern, 1+r.IntN(60))
		for i := range patterns {
			patterns[i] = Pattern{Bytes: randomBytes(r, MinPattern+r.IntN(20)), NoCase: r.IntN(2) == 0, ID: uint32(i)}
		}
		m := build(t, patterns)
		for range 10 {
			data := randomBytes(r, r.IntN(200))
			for range r.IntN(4) { // plant some
				p := patterns[r.IntN(len(patterns))].Bytes
				if at := r.IntN(200); at+len(p) <= len(data) {
					copy(data[at:], p)
					found++
				}
			}
			over += check(t, m, patterns, data)
		}
	}
	if found == 0 {
		t.Error("no pattern was planted")
	}
	if over != 0 {
		t.Errorf("%d patterns reported that do not occur; this matcher compares bytes", over)
	}
}

func randomBytes(r *rand.Rand, n int) []byte {
	const alphabet = "aAbB01\x00\xFF @`"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return b
}

func TestBuildRefusesShortPatterns(t *testing.T) {
	if _, err := Build([]Pattern{{Bytes: []byte("a")}}); !errors.Is(err, ErrShortPattern) {
		t.Errorf("one byte: %v, want ErrShortPattern", err)
	}
	if m, err := Build(nil); m != nil || err != nil {
		t.Errorf("no patterns: %v, %v", m, err)
	}
}

func TestStrengthPrefersRareBytes(t *testing.T) {
	tests := []struct {
		pattern string
		want    int
	}{{"", 0}, {"a", 3}, {"1", 4}, {"\x00", 4}, {"\xFF", 4}, {"\x80", 6}, {"aa", 4}, {"ab", 6}}
	for _, tt := range tests {
		if got := Strength([]byte(tt.pattern)); got != tt.want {
			t.Errorf("%q: %d, want %d", tt.pattern, got, tt.want)
		}
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	m := build(t, []Pattern{{Bytes: []byte("ab"), ID: 1}, {Bytes: []byte("abcdefg"), ID: 2}, {Bytes: []byte("abcdefghijkl"), ID: 3}})
	data := bytes.Repeat([]byte("abcdefghijkl--"), 50)
	ids := m.Scan(data, nil)
	if n := testing.AllocsPerRun(100, func() { ids = m.Scan(data, ids[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("needle"), []byte("a needle in a haystack"), true)
	f.Add([]byte("longer than eleven"), []byte("LONGER THAN ELEVEN bytes"), true)
	f.Fuzz(func(t *testing.T, pattern, data []byte, nocase bool) {
		if len(pattern) < MinPattern || len(pattern) > 300 {
			return
		}
		p := []Pattern{{Bytes: pattern, NoCase: nocase, ID: 1}, {Bytes: []byte("needle"), ID: 2}}
		check(t, build(t, p), p, data)
		check(t, build(t, p), p, append(slices.Clone(data), pattern...))
	})
}

// BenchmarkPrefilter scans 600 bytes of text-like traffic.
func BenchmarkPrefilter(b *testing.B) {
	const words = "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US\r\nCookie: session=0123456789abcdef; theme=dark\r\n\r\n"
	data := bytes.Repeat([]byte(words), 3)[:600]
	for _, n := range []int{200, 1000, 10000, 30000} {
		for _, short := range []bool{false, true} {
			r := rand.New(rand.NewPCG(1, uint64(n)))
			patterns := make([]Pattern, n)
			for i := range patterns {
				length := 7 + r.IntN(24)
				if short && r.IntN(10) == 0 {
					length = 2 + r.IntN(5)
				}
				text := make([]byte, length)
				for k := range text {
					text[k] = "etaoinshrdlucmfwyp/.=?&_-0123456789"[r.IntN(35)]
				}
				patterns[i] = Pattern{Bytes: text, NoCase: r.IntN(2) == 0, ID: uint32(i)}
			}
			m := build(b, patterns)
			b.Run(fmt.Sprintf("patterns=%d/short=%v", n, short), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportMetric(float64(m.Size())/1024, "KiB")
				var ids []uint32
				for b.Loop() {
					ids = m.Scan(data, ids[:0])
				}
			})
		}
	}
}
