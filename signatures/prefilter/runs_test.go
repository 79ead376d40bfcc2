package prefilter

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestRunsOfOneByteHideNothing searches data with long runs for patterns that
// are runs themselves, begin or end with one, or lie between two.
func TestRunsOfOneByteHideNothing(t *testing.T) {
	for name, e := range engines() {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, 1))
			found := 0
			for range 300 {
				const letters = "A\x00 "
				run := func(n int) []byte { return bytes.Repeat([]byte{letters[r.IntN(len(letters))]}, n) }
				var data []byte
				for range r.IntN(6) {
					data = append(data, run(r.IntN(300))...)
					data = append(data, randomBytes(r, r.IntN(20))...)
				}
				patterns := make([]Pattern, 1+r.IntN(30))
				for i := range patterns {
					p := &patterns[i]
					p.ID, p.NoCase = uint32(i), r.IntN(3) == 0
					switch n := 2 + r.IntN(30); {
					case r.IntN(4) == 0:
						p.Bytes = run(n)
					case len(data) > 40:
						at := r.IntN(len(data) - n)
						p.Bytes = bytes.Clone(data[at : at+n])
					default:
						p.Bytes = append(run(n), randomBytes(r, 1+r.IntN(4))...)
					}
					if r.IntN(3) == 0 {
						p.Until = uint32(len(p.Bytes) + maxPlaces + r.IntN(400))
					}
					if occurs(p, data) {
						found++
					}
				}
				if over := check(t, build(t, e, patterns), patterns, data); over > 0 {
					t.Fatalf("%d patterns reported that do not occur", over)
				}
			}
			if found < 500 {
				t.Errorf("%d patterns occurred", found)
			}
		})
	}
}

func TestTheNextRunIsFoundWhole(t *testing.T) {
	for _, tt := range []struct{ before, run, behind int }{
		{0, 200, 0}, {1, 200, 1}, {63, 200, 63}, {64, 128, 5}, {100, 129, 0}, {1000, 500, 1000}, {3, 128, 3}, {200, 1 << 16, 7},
	} {
		data := bytes.Repeat([]byte("xy"), tt.before)[:tt.before]
		data = append(data, bytes.Repeat([]byte{0}, tt.run)...)
		data = append(data, bytes.Repeat([]byte("xy"), tt.behind)[:tt.behind]...)
		if start, end := nextRun(data, 0, 128); start != tt.before || end != tt.before+tt.run {
			t.Errorf("%+v: found %d to %d", tt, start, end)
		}
		if start, end := nextRun(data, tt.before+tt.run, 128); end != 0 {
			t.Errorf("%+v: another one from %d to %d", tt, start, end)
		}
		if start, end := nextRun(data, 0, tt.run+1); end != 0 {
			t.Errorf("%+v: too short a run from %d to %d", tt, start, end)
		}
	}
}

// BenchmarkRuns shows what a pattern of one byte costs in a run of it.
func BenchmarkRuns(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	patterns := []Pattern{{Bytes: []byte("AAA")}, {Bytes: []byte("AAAAAAAAAAAAAAAA"), ID: 1}}
	for i := range 1000 {
		patterns = append(patterns, Pattern{Bytes: randomBytes(r, 8+r.IntN(20)), ID: uint32(i + 2)})
	}
	for name, e := range engines() {
		m, s := build(b, e, patterns).(*setMatcher), NewScratch()
		for kind, data := range map[string][]byte{"run": bytes.Repeat([]byte("A"), 1400), "text": []byte(fmt.Sprint(patterns[3:]))[:1400]} {
			b.Run(fmt.Sprintf("%s/%s/passed over", name, kind), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					m.search(data, s)
				}
			})
			b.Run(fmt.Sprintf("%s/%s/searched", name, kind), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					m.searchAll(data, s)
				}
			})
		}
	}
}
