package signatures

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures/keyword"
)

// streamBuffer returns the file.data buffer of rules with these contents.
func streamBuffer(t *testing.T, contents []string) (*Inspector, *txBuffer) {
	t.Helper()
	var rules strings.Builder
	for k, c := range contents {
		fmt.Fprintf(&rules, "alert http any any -> any any (file.data; content:%q; sid:%d;)\n", c, k+1)
	}
	in := NewInspector(load(t, rules.String(), Options{}), InspectorConfig{})
	g := &in.rules.transactions.of(app.ProtoHTTP)[decoders.ToClient]
	for k := range g.buffers {
		if b := &g.buffers[k]; b.grows() {
			return in, b
		}
	}
	t.Fatal("no streamed buffer in the group")
	return nil, nil
}

// TestNoPatternOfAWindowIsMissed moves windows over random bodies, with gaps
// and with windows that go back, and compares with a search of the whole.
func TestNoPatternOfAWindowIsMissed(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	in, b := streamBuffer(t, []string{"abba", "baab", "abcabc", "aabbaabbaabb", "cc", "cabcabcabcabcabcabca"})
	found := 0
	for body := range 300 {
		text := make([]byte, 2000)
		for k := range text {
			text[k] = "aabbc"[random.IntN(5)]
		}
		window := 20 + random.IntN(200)
		slot := in.scans.slot(uint64(body+1), b, 0)
		for from, to := 0, 0; to < len(text); {
			switch random.IntN(12) {
			case 0: // a gap
				to = min(to+random.IntN(50), len(text))
				from = to
			case 1: // further back than before
				from = max(0, from-random.IntN(30))
			case 2: // the same again
			default:
				to = min(to+random.IntN(60), len(text))
				from = max(from, to-window)
			}
			piece := keyword.Piece{Data: text[from:to], Offset: from}
			in.ids = in.ids[:0]
			in.search(b.matcher, piece.Data)
			want := slices.Clone(in.ids)
			in.ids = in.ids[:0]
			in.searchStream(slot, piece)
			for _, order := range want {
				if !slices.Contains(in.ids, order) {
					t.Fatalf("signature %d is in bytes %d to %d and not found; body %s", order, from, to, text)
				}
			}
			found += len(want)
		}
	}
	if found < 10000 {
		t.Errorf("%d patterns in all windows: the comparison says little", found)
	}
}

func TestAWindowIsSearchedInItsNewBytesOnly(t *testing.T) {
	in, b := streamBuffer(t, []string{"needle", "a longer needle"})
	slot := in.scans.slot(1, b, 0)
	body := []byte(strings.Repeat("hay ", 10000))
	for to := 1000; to <= len(body); to += 1000 {
		from := max(0, to-16000)
		in.searchStream(slot, keyword.Piece{Data: body[from:to], Offset: from})
	}
	if most := uint64(len(body) + len(body)/1000*len("a longer needle")); in.Stats().Scanned > most {
		t.Errorf("%d bytes searched of a body of %d", in.Stats().Scanned, len(body))
	}
}

func TestAPatternIsForgottenWhenTheWindowLeftIt(t *testing.T) {
	in, b := streamBuffer(t, []string{"needle"})
	slot := in.scans.slot(1, b, 0)
	body := []byte("needle" + strings.Repeat("hay ", 1000))
	for _, step := range []struct{ from, to, candidates int }{{0, 1000, 1}, {0, 2000, 1}, {500, 2500, 1}, {1000, 3000, 0}} {
		in.ids = in.ids[:0]
		in.searchStream(slot, keyword.Piece{Data: body[step.from:step.to], Offset: step.from})
		if len(in.ids) != step.candidates {
			t.Errorf("window %d to %d: %d candidates, want %d", step.from, step.to, len(in.ids), step.candidates)
		}
	}
}

func TestABufferWithMoreHitsThanAreKeptIsSearchedWhole(t *testing.T) {
	var contents []string
	for k := range maxStreamHits + 1 {
		contents = append(contents, fmt.Sprintf("needle%03d", k))
	}
	in, b := streamBuffer(t, contents)
	body := []byte(strings.Join(contents, " "))
	for range 2 {
		in.ids = in.ids[:0]
		in.searchStream(in.scans.slot(1, b, 0), keyword.Piece{Data: body})
		if len(in.ids) != len(contents) {
			t.Errorf("%d candidates, want %d", len(in.ids), len(contents))
		}
	}
}
