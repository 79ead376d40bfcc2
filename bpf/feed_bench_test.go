//go:build linux && (amd64 || arm64)

package bpf_test

import (
	"strings"
	"testing"

	"spanwatch/bpf"
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
		for _, name := range []string{"handed_none_is_held", "handed_others_are_held", "held_back"} {
			if size > 0 {
				name += "_large"
			}
			b.Run(name, func(b *testing.B) {
				p := detached(b, small("none"))
				shuntFor(b, p, frame, name)
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

// shuntFor has the flow of a frame held back, or another, as the name of a benchmark
// says.
func shuntFor(b *testing.B, p *bpf.Programs, frame []byte, name string) {
	b.Helper()
	runXDP(b, p, frame)
	key := keys(b, p)[0]
	switch {
	case strings.HasPrefix(name, "handed_none"):
		return
	case strings.HasPrefix(name, "handed_others"):
		key.PortA++
	}
	if err := p.Shunt(&key); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRedirect is the kernel's time for a frame in the XDP program: counting
// alone, and what capture.method afxdp does besides, but for the socket.
func BenchmarkRedirect(b *testing.B) {
	needRoot(b)
	frame := decoderstest.Build(decoderstest.Ether{}, ip4(false), tcp(1, false), decoderstest.Bytes(make([]byte, 200)))
	for _, name := range []string{"counted_only", "handed_none_is_held", "handed_others_are_held", "held_back"} {
		b.Run(name, func(b *testing.B) {
			cfg := small("none")
			cfg.Redirect = name != "counted_only"
			p := detached(b, cfg)
			if cfg.Redirect {
				shuntFor(b, p, frame, name)
			}
			least := 1e9
			for b.Loop() {
				d, err := p.RunXDP(frame, 100_000)
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
