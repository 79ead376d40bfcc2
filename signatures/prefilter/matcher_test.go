package prefilter

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"spanwatch/decoders/decoderstest"
	"spanwatch/signatures/hyperscan"
)

// occurs is the reference: one pattern at a time, one place at a time.
func occurs(p *Pattern, data []byte) bool {
	if p.Until > 0 {
		data = data[min(int(p.From), len(data)):min(int(p.Until), len(data))]
	}
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
	ids := m.Scan(data, nil, NewScratch())
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

// engines are those of this build.
func engines() map[string]Engine {
	m := map[string]Engine{"go": PlainGo, "auto": Auto}
	if hyperscan.Available() {
		m["hyperscan"] = Hyperscan
	}
	return m
}

func build(t testing.TB, e Engine, patterns []Pattern) Matcher {
	t.Helper()
	m, err := NewBuilder(Options{Engine: e}).Build(patterns)
	if err != nil {
		t.Fatal(err)
	}
	if s := m.(*setMatcher).set; s != nil && s.pays != never {
		if s.compile(); s.db.Load() == nil {
			t.Fatal("hyperscan refuses the patterns")
		}
	}
	return m
}

func TestEveryPatternIsFoundAtEveryPlace(t *testing.T) {
	const text = "The quick brown fox jumps over the lazy dog"
	for name, e := range engines() {
		t.Run(name, func(t *testing.T) {
			for length := MinPattern; length <= len(text); length += 1 + length/16 {
				p := []Pattern{{Bytes: []byte(text[:length]), ID: 3}, {Bytes: []byte(text[:length]), NoCase: true, ID: 4}}
				m := build(t, e, p)
				for at := range 20 {
					data := append(bytes.Repeat([]byte("."), at), text[:length]...)
					check(t, m, p, data)
					check(t, m, p, append(data, "tail"...))
					check(t, m, p, bytes.ToUpper(data))
					check(t, m, p, data[:len(data)-1])
				}
			}
		})
	}
}

// TestRandomPatternsAreNeverMissed also holds the engines against each other:
// both compare bytes, so both report just what the reference finds.
func TestRandomPatternsAreNeverMissed(t *testing.T) {
	for name, e := range engines() {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(7, 7))
			found, over := 0, 0
			for range 200 {
				patterns := make([]Pattern, 1+r.IntN(60))
				for i := range patterns {
					patterns[i] = Pattern{Bytes: randomBytes(r, MinPattern+r.IntN(20)), NoCase: r.IntN(2) == 0, ID: uint32(i)}
					switch r.IntN(4) {
					case 0:
						patterns[i].Until = uint32(1 + r.IntN(100))
					case 1: // one place or some
						patterns[i].From = uint32(r.IntN(60))
						patterns[i].Until = patterns[i].From + uint32(len(patterns[i].Bytes)+r.IntN(maxPlaces))
					}
				}
				m := build(t, e, patterns)
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
				t.Errorf("%d patterns reported that do not occur; the matchers compare bytes", over)
			}
		})
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

func TestAnOccurrenceInTimeIsFoundAmongOthers(t *testing.T) {
	run := bytes.Repeat([]byte("A"), 60)
	for name, e := range engines() {
		t.Run(name, func(t *testing.T) {
			for length := MinPattern; length <= 24; length++ {
				patterns := []Pattern{{Bytes: run[:length], ID: 1}}
				for until := length; until < 40; until++ {
					patterns = append(patterns, Pattern{Bytes: run[:length], ID: uint32(until), Until: uint32(until)})
				}
				m := build(t, e, patterns)
				for at := range 20 {
					if over := check(t, m, patterns, append(bytes.Repeat([]byte("."), at), run...)); over != 0 {
						t.Fatalf("a pattern of %d bytes at %d is reported for %d ends that come before", length, at, over)
					}
				}
			}
		})
	}
}

func TestAPatternWithFewPlacesIsLookedForThereOnly(t *testing.T) {
	for _, tt := range []struct {
		name    string
		pattern Pattern
		data    string
		want    bool
	}{
		{"at the start", Pattern{Bytes: []byte("ab"), Until: 2}, "abc", true},
		{"behind its only place", Pattern{Bytes: []byte("ab"), Until: 2}, "cab", false},
		{"at the last of some places", Pattern{Bytes: []byte("abc"), From: 1, Until: 6}, "...abc", true},
		{"before the first", Pattern{Bytes: []byte("abc"), From: 1, Until: 6}, "abc...", false},
		{"the data ends in it", Pattern{Bytes: []byte("abcde"), From: 2, Until: 7}, "..abcd", false},
		{"in the other case", Pattern{Bytes: []byte("aB["), NoCase: true, Until: 3}, "Ab[", true},
		{"bytes that fold alike", Pattern{Bytes: []byte("aB["), NoCase: true, Until: 3}, "Ab{", false},
		{"case matters", Pattern{Bytes: []byte("aBcdef"), Until: 6}, "abcdef", false},
		{"too long for its window", Pattern{Bytes: []byte("abc"), From: 1, Until: 3}, ".abc", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := Build([]Pattern{tt.pattern})
			if err != nil {
				t.Fatal(err)
			}
			if got := len(m.Scan([]byte(tt.data), nil, NewScratch())) == 1; got != tt.want {
				t.Errorf("found: %v", got)
			}
		})
	}
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
	for name, e := range engines() {
		t.Run(name, func(t *testing.T) {
			m := build(t, e, []Pattern{{Bytes: []byte("ab"), ID: 1}, {Bytes: []byte("abcdefg"), ID: 2}, {Bytes: []byte("abcdefghijkl"), ID: 3}})
			data := bytes.Repeat([]byte("abcdefghijkl--"), 50)
			s := NewScratch()
			ids := m.Scan(data, nil, s)
			if n := testing.AllocsPerRun(100, func() { ids = m.Scan(data, ids[:0], s) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

func TestWorkersShareMatchers(t *testing.T) {
	for name, e := range engines() {
		t.Run(name, func(t *testing.T) {
			b := NewBuilder(Options{Engine: e})
			var matchers []Matcher
			for n := range 20 {
				m, err := b.Build([]Pattern{{Bytes: fmt.Appendf(nil, "pattern %d", n%10), ID: uint32(n)}, {Bytes: []byte("common"), ID: 99}})
				if err != nil {
					t.Fatal(err)
				}
				matchers = append(matchers, m)
			}
			var wait sync.WaitGroup
			for range 4 {
				wait.Go(func() {
					s := NewScratch()
					for n, m := range matchers {
						if ids := m.Scan(fmt.Appendf(nil, "a common pattern %d", n%10), nil, s); len(ids) != 2 {
							t.Errorf("matcher %d finds %v", n, ids)
						}
					}
				})
			}
			wait.Wait()
			if e == Hyperscan && len(b.list) != 10 {
				t.Errorf("%d databases for 10 different sets", len(b.list))
			}
		})
	}
}

// needHyperscan skips a test of compiled sets in a build without the library,
// and fails it where $SPANWATCH_TEST_REQUIRE asks for the library.
func needHyperscan(t *testing.T) {
	t.Helper()
	if hyperscan.Available() {
		return
	}
	if decoderstest.Required("hyperscan") {
		t.Fatal(hyperscan.ErrUnavailable)
	}
	t.Skip(hyperscan.ErrUnavailable)
}

func TestCacheKeepsDatabases(t *testing.T) {
	needHyperscan(t)
	dir := t.TempDir()
	patterns := []Pattern{{Bytes: []byte("needle"), NoCase: true, ID: 7}, {Bytes: []byte("needle"), NoCase: true, ID: 8}}
	scan := func() []uint32 {
		t.Helper()
		b := NewBuilder(Options{Engine: Hyperscan, CacheDir: dir})
		m, err := b.Build(patterns)
		if err != nil {
			t.Fatal(err)
		}
		b.Prepare()
		return m.Scan([]byte("a NEEDLE"), nil, NewScratch())
	}
	files := func() []string {
		t.Helper()
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	want := []uint32{7, 8}
	if got := scan(); !slices.Equal(got, want) || len(files()) != 1 {
		t.Fatalf("first run finds %v, files %v", got, files())
	}
	file := files()[0]
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cached := func() bool {
		b := NewBuilder(Options{Engine: Hyperscan, CacheDir: dir})
		m, err := b.Build(patterns)
		if err != nil {
			t.Fatal(err)
		}
		return b.cache.load(m.(*setMatcher).key, 1) != nil
	}
	if !cached() {
		t.Error("the file is not taken")
	}
	for name, text := range map[string][]byte{
		"whole": good, "damaged": append([]byte{good[0] ^ 1}, good[1:]...), "cut": good[:len(good)-9], "empty": nil,
	} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if taken := cached(); taken != (name == "whole") {
			t.Errorf("%s file: taken %v", name, taken)
		}
		if got := scan(); !slices.Equal(got, want) {
			t.Errorf("with a %s file: %v", name, got)
		}
		if text, err := os.ReadFile(file); err != nil || !bytes.Equal(text, good) {
			t.Errorf("the %s file was not put right (%v)", name, err)
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if got := scan(); !slices.Equal(got, want) {
		t.Errorf("without a folder: %v", got)
	}
}

func TestCacheThatOthersCanWriteIsNotUsed(t *testing.T) {
	needHyperscan(t)
	dir := filepath.Join(t.TempDir(), "cache")
	patterns := []Pattern{{Bytes: []byte("needle"), ID: 7}}
	files := func() int {
		b := NewBuilder(Options{Engine: Hyperscan, CacheDir: dir})
		if _, err := b.Build(patterns); err != nil {
			t.Fatal(err)
		}
		b.Prepare()
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if n := files(); n != 0 {
		t.Errorf("%d files in a folder that everybody may write to", n)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if n := files(); n != 1 {
		t.Errorf("%d files in a folder of our own, want 1: it is made", n)
	}
}

func TestCacheIsBounded(t *testing.T) {
	needHyperscan(t)
	dir := t.TempDir()
	total := func() (n int, bytes int64) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				t.Fatal(err)
			}
			n, bytes = n+1, bytes+info.Size()
		}
		return n, bytes
	}
	store := func(text string, limit int64) {
		b := NewBuilder(Options{Engine: Hyperscan, CacheDir: dir, CacheBytes: limit})
		if _, err := b.Build([]Pattern{{Bytes: []byte(text), ID: 1}}); err != nil {
			t.Fatal(err)
		}
		b.Prepare()
	}
	store("first needle", 0)
	_, one := total()
	for i := range 20 {
		store(fmt.Sprintf("needle number %d", i), 5*one)
	}
	n, bytes := total()
	if bytes > 5*one || n < 3 {
		t.Errorf("%d files of %d bytes, want at most %d", n, bytes, 5*one)
	}
	store("never", 1)
	if again, _ := total(); again != n {
		t.Errorf("%d files, %d before one that is larger than the bound", again, n)
	}
}

// TestSetsAreCompiledWhenItPays follows a set from the plain matcher to the
// library: what is found must not depend on it.
func TestSetsAreCompiledWhenItPays(t *testing.T) {
	needHyperscan(t)
	patterns := make([]Pattern, minHyperscan)
	for i := range patterns {
		patterns[i] = Pattern{Bytes: fmt.Appendf(nil, "pattern %d", i), ID: uint32(i)}
	}
	data := append(bytes.Repeat([]byte(".:"), 500), "pattern 3"...)
	run := func(background bool) {
		b := NewBuilder(Options{})
		m, err := b.Build(patterns)
		if err != nil {
			t.Fatal(err)
		}
		done, ended := make(chan struct{}), make(chan struct{})
		if background {
			b.Background()
			go func() { b.Compile(done); close(ended) }()
		} else {
			close(ended)
		}
		s, db := NewScratch(), &m.(*setMatcher).db
		for scanned := uint64(0); scanned < m.(*setMatcher).pays; scanned += uint64(len(data)) {
			if db.Load() != nil {
				t.Fatalf("compiled after %d bytes", scanned)
			}
			if ids := m.Scan(data, nil, s); !slices.Equal(ids, []uint32{3}) {
				t.Fatalf("%v", ids)
			}
		}
		for n := 0; db.Load() == nil; n++ {
			if ids := m.Scan(data, nil, s); !slices.Equal(ids, []uint32{3}) || n == 1_000_000 {
				t.Fatalf("%v after %d scans", ids, n)
			}
		}
		if ids := m.Scan(data, nil, s); !slices.Equal(ids, []uint32{3}) {
			t.Errorf("%v", ids)
		}
		close(done)
		<-ended
	}
	run(false)
	run(true)
}

func FuzzScan(f *testing.F) {
	f.Add([]byte("needle"), []byte("a needle in a haystack"), true)
	f.Add([]byte("longer than eleven"), []byte("LONGER THAN ELEVEN bytes"), true)
	f.Fuzz(func(t *testing.T, pattern, data []byte, nocase bool) {
		if len(pattern) < MinPattern || len(pattern) > 300 {
			return
		}
		p := []Pattern{{Bytes: pattern, NoCase: nocase, ID: 1}, {Bytes: []byte("needle"), ID: 2}}
		for _, e := range engines() {
			m := build(t, e, p)
			if over := check(t, m, p, data); over > 0 {
				t.Fatalf("engine %d reports %d patterns that do not occur", e, over)
			}
			check(t, m, p, append(slices.Clone(data), pattern...))
		}
	})
}

// BenchmarkPrefilter scans text-like traffic: a packet, and a short buffer.
func BenchmarkPrefilter(b *testing.B) {
	const words = "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US\r\nCookie: session=0123456789abcdef; theme=dark\r\n\r\n"
	data := bytes.Repeat([]byte(words), 3)
	for _, n := range []int{1, 4, 16, 64, 200, 1000, 10000} {
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
			for name, e := range engines() {
				m := build(b, e, patterns)
				for _, size := range []int{16, 64, 600} {
					b.Run(fmt.Sprintf("patterns=%d/short=%v/bytes=%d/%s", n, short, size, name), func(b *testing.B) {
						b.SetBytes(int64(size))
						s := NewScratch()
						var ids []uint32
						for b.Loop() {
							ids = m.Scan(data[:size], ids[:0], s)
						}
					})
				}
			}
		}
	}
}
