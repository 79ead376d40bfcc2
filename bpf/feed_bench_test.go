//go:build linux && (amd64 || arm64)

package bpf_test

import (
	"testing"

	"spanwatch/decoders/decoderstest"
)

// BenchmarkFeed is the kernel's time for a frame in the socket filter, by what
// becomes of it: what capture.method ebpf costs a frame that is handed up, and what
// one costs that is not, instead of its way through ring, decoder and flow table.
func BenchmarkFeed(b *testing.B) {
	needRoot(b)
	for _, size := range []int{0, 1400} {
		frame := decoderstest.Build(decoderstest.Ether{}, ip4(false), tcp(1, false), decoderstest.Bytes(make([]byte, size)))
		// The kernel takes an Ethernet header off before it runs a socket filter this
		// way.
		data := append(make([]byte, 14, 14+len(frame)), frame...)
		for _, shunted := range []bool{false, true} {
			name := "handed"
			if shunted {
				name = "held_back"
			}
			if size > 0 {
				name += "_large"
			}
			b.Run(name, func(b *testing.B) {
				p := detached(b, small("none"))
				runXDP(b, p, frame)
				if shunted {
					key := keys(b, p)[0]
					if err := p.Shunt(&key); err != nil {
						b.Fatal(err)
					}
				}
				least := 1e9
				for b.Loop() {
					_, d, err := p.FeedProgram().Benchmark(data, 100_000, nil)
					if err != nil {
						b.Fatal(err)
					}
					least = min(least, float64(d))
				}
				b.ReportMetric(least, "ns/frame")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
