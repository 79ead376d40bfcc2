//go:build linux && (amd64 || arm64)

package bpf_test

import (
	"testing"
	"time"

	"spanwatch/decoders/decoderstest"
)

// BenchmarkParse is the XDP program's time for a frame that is not plain, always of
// one flow: what its headers cost.
func BenchmarkParse(b *testing.B) {
	needRoot(b)
	for _, c := range []struct {
		name  string
		depth int
		frame []byte
	}{
		{"ipv6_tcp", 0, decoderstest.Build(decoderstest.Ether{}, ip6(false), tcp(1, false), decoderstest.Zeros(100))},
		{"qinq", 0, decoderstest.Build(decoderstest.Ether{}, decoderstest.VLAN{ID: 7}, decoderstest.VLAN{ID: 8}, ip4(false), tcp(1, false), decoderstest.Zeros(100))},
		{"udp_depth4", 4, decoderstest.Build(decoderstest.Ether{}, ip4(false), udp(1, false), decoderstest.Zeros(100))},
		{"tcp_depth4", 4, decoderstest.Build(decoderstest.Ether{}, ip4(false), tcp(1, false), decoderstest.Zeros(100))},
		{"vxlan_depth4", 4, decoderstest.Build(decoderstest.Ether{}, decoderstest.IP4{Src: "198.51.100.1", Dst: "198.51.100.2"},
			decoderstest.UDP{Src: 50000, Dst: 4789}, decoderstest.VXLAN{VNI: 42}, decoderstest.Ether{}, ip4(false), tcp(1, false), decoderstest.Zeros(100))},
	} {
		b.Run(c.name, func(b *testing.B) {
			cfg := small("none")
			cfg.TunnelDepth = c.depth
			p := detached(b, cfg)
			least := time.Hour
			for b.Loop() {
				d, err := p.RunXDP(c.frame, 300_000)
				if err != nil {
					b.Fatal(err)
				}
				least = min(least, d)
			}
			b.ReportMetric(float64(least), "ns/frame")
			b.ReportMetric(0, "ns/op")
		})
	}
}
