package prefilter

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAPairFindsWhatTwoMatchersFind looks for two lists of patterns in one pass.
func TestAPairFindsWhatTwoMatchersFind(t *testing.T) {
	for name, e := range engines() {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(11, 11))
			found := 0
			for range 60 {
				var lists [sides][]Pattern
				for side := range lists {
					for i := range r.IntN(40) {
						p := Pattern{Bytes: randomBytes(r, MinPattern+r.IntN(40)), NoCase: r.IntN(2) == 0, ID: uint32(i)}
						switch r.IntN(4) {
						case 0:
							p.Until = uint32(len(p.Bytes) + r.IntN(100))
						case 1:
							p.From = uint32(r.IntN(60))
							p.Until = p.From + uint32(len(p.Bytes)+r.IntN(maxPlaces))
						}
						lists[side] = append(lists[side], p)
					}
				}
				pair, err := NewBuilder(Options{Engine: e}).BuildPair(lists[ForPackets], lists[ForStream])
				if err != nil {
					t.Fatal(err)
				}
				if pair == nil {
					continue
				}
				s := NewScratch()
				for range 10 {
					data := randomBytes(r, r.IntN(300))
					for range r.IntN(4) {
						if list := lists[r.IntN(2)]; len(list) > 0 {
							p := list[r.IntN(len(list))].Bytes
							if at := r.IntN(300); at+len(p) <= len(data) {
								copy(data[at:], p)
							}
						}
					}
					hits := slices.Clone(pair.Search(data, s))
					for side, patterns := range lists {
						side := Side(side)
						ids := pair.Anchored(side, data, pair.Append(side, hits, nil))
						var anywhere []uint32
						for _, h := range hits {
							if pair.Has(side, h.Pattern) {
								anywhere = pair.AppendAll(side, h.Pattern, anywhere)
							}
						}
						for i := range patterns {
							if !occurs(&patterns[i], data) {
								continue
							}
							found++
							if !slices.Contains(ids, patterns[i].ID) || !patterns[i].anchored() && !slices.Contains(anywhere, patterns[i].ID) {
								t.Fatalf("side %d: %+v is not found in %q", side, patterns[i], data)
							}
						}
					}
				}
			}
			if found < 100 {
				t.Errorf("%d patterns occurred", found)
			}
		})
	}
}

func TestAPairLooksForTheRarestPartOfALongPattern(t *testing.T) {
	p := Pattern{Bytes: []byte("Content-Disposition: attachment; filename=~|~|~|~|~|~|~|~|~|~|~|~|~|~.exe in the end of it all"), From: 10, Until: 500}
	whole := bytes.Clone(p.Bytes)
	p.shorten(maxPairPattern)
	at := bytes.Index(whole, p.Bytes)
	if len(p.Bytes) != maxPairPattern || !bytes.Contains(p.Bytes, []byte("~|~|~|~|~|")) {
		t.Errorf("looks for %q", p.Bytes)
	}
	if p.From != uint32(10+at) || p.Until != uint32(500-(len(whole)-at-maxPairPattern)) {
		t.Errorf("from %d until %d, at %d of %d", p.From, p.Until, at, len(whole))
	}
	pair, err := NewBuilder(Options{}).BuildPair(nil, []Pattern{{Bytes: whole, ID: 1}, {Bytes: []byte("ab"), ID: 2}})
	if err != nil || pair.Longest() != maxPairPattern || pair.Patterns() != 2 || pair.Size() == 0 {
		t.Errorf("%+v %v", pair, err)
	}
}

func TestAPairOfNothingIsNone(t *testing.T) {
	if pair, err := NewBuilder(Options{}).BuildPair(nil, nil); pair != nil || err != nil {
		t.Errorf("%v %v", pair, err)
	}
	if _, err := NewBuilder(Options{}).BuildPair([]Pattern{{Bytes: []byte("x")}}, nil); err == nil {
		t.Error("a pattern of one byte is taken")
	}
	pair, err := NewBuilder(Options{}).BuildPair([]Pattern{{Bytes: []byte("MZ"), Until: 2}}, nil)
	if err != nil || len(pair.Search([]byte("MZ"), NewScratch())) != 0 || len(pair.Anchored(ForPackets, []byte("MZ"), nil)) != 1 {
		t.Errorf("a pattern with one place: %+v %v", pair, err)
	}
}
