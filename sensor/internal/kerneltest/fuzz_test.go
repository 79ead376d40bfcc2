//go:build linux && (amd64 || arm64)

package kerneltest

import (
	"testing"

	"spanwatch/bpf"
	"spanwatch/decoders"
	"spanwatch/decoders/decoderstest"
)

// FuzzKernelCountsAsDecodersDo gives any bytes to both sides, with the kernel
// following tunnels and, which is another way through its parser, not.
func FuzzKernelCountsAsDecodersDo(f *testing.F) {
	for _, c := range decoderstest.Testdata(f, 40) {
		for i := range c.Frames {
			if data, ok := ethernet(&c.Frames[i]); ok && len(data) <= fuzzMost {
				f.Add(data)
			}
		}
	}
	type loaded struct {
		programs *bpf.Programs
		before   *counts
		decoder  *decoders.Decoder
		depth    int
	}
	var sides []*loaded
	for _, depth := range []int{0, 4} {
		p := programs(f, depth)
		before := newCounts()
		before.read(f, p)
		sides = append(sides, &loaded{p, before, decoder(f, depth), depth})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 14 || len(data) > fuzzMost {
			t.Skip("no frame that the kernel's test run takes")
		}
		for _, s := range sides {
			if _, err := s.programs.RunXDP(data, 1); err != nil {
				t.Fatal(err)
			}
			after := newCounts()
			after.read(t, s.programs)
			got, want := minus(after, s.before), newCounts()
			s.before = after
			want.decode(s.decoder, data, s.depth)
			if diff := differences(got, want); len(diff) > 0 && !explained(got) {
				for _, line := range diff {
					t.Errorf("depth %d: %s", s.depth, line)
				}
			}
		}
	})
}

const fuzzMost = 2048
