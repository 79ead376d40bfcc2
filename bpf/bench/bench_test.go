//go:build linux && (amd64 || arm64)

package bench

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/ringbuf"
	"github.com/cilium/ebpf/rlimit"
)

const (
	flowsPerCPU = 1 << 17 // as bpf.DefaultFlowsPerCPU, and the other stores
	ringBytes   = 1 << 24
	rounds      = 12
	packets     = 400_000 // of a round
	// A round of new flows fits the ring buffer, which is emptied between
	// rounds, so that every eviction is handed over.
	newFlows = 100_000
)

// workload is which flows packets belong to.
type workload struct {
	name   string
	flows  uint32 // 0: each packet is a flow of its own
	skewed bool
}

var workloads = []workload{
	{"1", 1, false},
	{"1k", 1000, false},
	{"100k-skewed", 100_000, true},
	{"100k-uniform", 100_000, false},
	{"all-new", 0, false},
}

// BenchmarkPacket reports the least nanoseconds a packet of each program. nop is
// what the test run itself costs, feed what making flows costs beside; both are
// part of the other figures.
func BenchmarkPacket(b *testing.B) {
	for _, program := range []string{"nop", "feed", "array", "lru", "lock"} {
		for _, w := range workloads {
			b.Run(program+"/"+w.name, func(b *testing.B) {
				c := load(b, program, w)
				p := c.Programs["bench_"+program]
				drain := drainer(b, c)
				n := packets
				if w.flows == 0 {
					n = newFlows
				}
				least := math.MaxFloat64
				for b.Loop() {
					for range rounds {
						_, d, err := p.Benchmark(frame(), n, nil)
						if err != nil {
							b.Fatal(err)
						}
						least = min(least, float64(d)/float64(time.Nanosecond))
						drain()
					}
				}
				b.ReportMetric(least, "ns/packet")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func load(b *testing.B, program string, w workload) *ebpf.Collection {
	b.Helper()
	if err := rlimit.RemoveMemlock(); err != nil {
		skip(b, err)
	}
	loadSpec := loadAccount
	if program == "lru" || program == "lock" {
		loadSpec = loadPeers
	}
	spec, err := loadSpec()
	if err != nil {
		b.Fatal(err)
	}
	shards, err := ebpf.PossibleCPU()
	if err != nil {
		b.Fatal(err)
	}
	set(b, spec, "bench_flows", w.flows)
	skewed := uint8(0)
	if w.skewed {
		skewed = 1
	}
	set(b, spec, "bench_skewed", skewed)
	if m := spec.Maps["flows"]; m != nil {
		m.MaxEntries, m.ValueSize = uint32(shards), flowsPerCPU*128
		m.Key, m.Value = nil, nil
		m = spec.Maps["tags"]
		m.MaxEntries, m.ValueSize = uint32(shards), flowsPerCPU/4*8
		m.Key, m.Value = nil, nil
		spec.Maps["bursts"].MaxEntries = uint32(shards * 4096)
		spec.Maps["evictions"].MaxEntries = ringBytes
		set(b, spec, "set_bits", uint32(15))
		set(b, spec, "block_bits", uint32(15))
		set(b, spec, "shards", uint32(shards))
		set(b, spec, "hash_seed", [14]uint32{0x9b05688c, 0x1f83d9ab, 0x5be0cd19, 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			0x510e527f, 0xcbbb9d5d, 0x629a292a, 0x9159015a, 0x152fecd8, 0x67332667, 0x8eb44a87})
		set(b, spec, "has_frags", uint8(1))
		delete(spec.Programs, "sw_xdp")
	}
	c, err := ebpf.NewCollection(spec)
	if err != nil {
		skip(b, err)
	}
	b.Cleanup(c.Close)
	return c
}

// skip passes over a benchmark that needs rights, unless bpf is required.
func skip(b *testing.B, err error) {
	b.Helper()
	if errors.Is(err, os.ErrPermission) && os.Geteuid() != 0 && !strings.Contains(os.Getenv("SPANWATCH_TEST_REQUIRE"), "bpf") {
		b.Skipf("needs root: %v", err)
	}
	b.Fatal(err)
}

func set(b *testing.B, spec *ebpf.CollectionSpec, name string, value any) {
	b.Helper()
	if err := spec.Variables[name].Set(value); err != nil {
		b.Fatal(err)
	}
}

// drainer empties the ring buffer of c, if it has one.
func drainer(b *testing.B, c *ebpf.Collection) func() {
	b.Helper()
	m := c.Maps["evictions"]
	if m == nil {
		return func() {}
	}
	r, err := ringbuf.NewReader(m)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { r.Close() })
	r.SetDeadline(time.Unix(1, 0))
	var rec ringbuf.Record
	return func() {
		for r.ReadInto(&rec) == nil {
		}
	}
}

// frame is 64 bytes of TCP over IPv4.
func frame() []byte {
	f := make([]byte, 64)
	copy(f, []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45})
	binary.BigEndian.PutUint16(f[16:], 50) // total length
	f[22], f[23] = 64, 6
	copy(f[26:], []byte{10, 1, 2, 3, 10, 9, 8, 7})
	binary.BigEndian.PutUint16(f[36:], 443)
	f[46] = 5 << 4 // data offset
	f[47] = 0x10   // ACK
	return f
}
