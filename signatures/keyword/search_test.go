package keyword

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestSearchWithoutCaseFindsTheFirstOccurrence compares with the standard
// library on bytes that differ in the bit of case only, letters or not.
func TestSearchWithoutCaseFindsTheFirstOccurrence(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const letters = "aAbB@`[{\x00 \xC1\xE1"
	found := 0
	for range 200000 {
		data := make([]byte, random.IntN(40))
		for k := range data {
			data[k] = letters[random.IntN(len(letters))]
		}
		pattern := make([]byte, 1+random.IntN(4))
		for k := range pattern {
			pattern[k] = asciiLower[letters[random.IntN(len(letters))]]
		}
		lower := make([]byte, len(data))
		for k, c := range data {
			lower[k] = asciiLower[c]
		}
		want := bytes.Index(lower, pattern)
		if got := indexFold(data, pattern); got != want {
			t.Fatalf("%q in %q: at %d, want %d", pattern, data, got, want)
		}
		if want >= 0 {
			found++
		}
	}
	if found < 10000 {
		t.Errorf("%d patterns found: the comparison says little", found)
	}
}

func BenchmarkSearchWithoutCase(b *testing.B) {
	data := bytes.Repeat([]byte("The quick brown fox jumps over the lazy dog. "), 32)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if indexFold(data, []byte("user-agent")) >= 0 {
			b.Fatal("found what is not there")
		}
	}
}
