//go:build linux && (amd64 || arm64)

package bpf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/cilium/ebpf"

	"spanwatch/decoders/decoderstest"
)

// BenchmarkReadFlows reports the least nanoseconds a flow when all flows that the
// kernel holds are read: from the mapped array, and from the kernel's LRU hash in
// batches, as the fallback does, and one by one, as flow monitors do whose kernel
// has no batches.
func BenchmarkReadFlows(b *testing.B) {
	if os.Geteuid() != 0 && !decoderstest.Required("bpf") {
		b.Skip("needs root to load programs into the kernel")
	}
	for _, size := range []struct {
		name   string
		perCPU int // slots; 1<<17 is the default
		flows  int // begun; a table that is full holds fewer
	}{{"1k", 1 << 17, 1_000}, {"100k", 1 << 17, 100_000}, {"1M", 1 << 20, 4 << 20}} {
		array := filled(b, StoreArray, size.perCPU, size.flows)
		lru := filled(b, StoreLRU, size.perCPU, min(size.flows, size.perCPU))
		for _, way := range []struct {
			name string
			read func(fn func(*FlowRecord)) error
		}{
			{"array", array.ReadFlows},
			{"lru-batches", lru.ReadFlows},
			{"lru-one-by-one", lru.readEach},
		} {
			b.Run(way.name+"/"+size.name, func(b *testing.B) {
				least, n := math.MaxFloat64, 0
				for b.Loop() {
					n = 0
					start := time.Now()
					if err := way.read(func(r *FlowRecord) { n++ }); err != nil {
						b.Fatal(err)
					}
					least = min(least, float64(time.Since(start)))
				}
				if n == 0 {
					b.Fatal("no flows")
				}
				b.ReportMetric(least/float64(n), "ns/flow")
				b.ReportMetric(float64(n), "flows")
				b.ReportMetric(0, "ns/op")
			})
		}
		for _, p := range []*Programs{array, lru} {
			if err := p.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// readEach reads the LRU hash with two system calls for each flow.
func (p *Programs) readEach(fn func(*FlowRecord)) error {
	var key accountFlowKey
	counts := make([]lruCounts, p.shards)
	each := p.maps.LRUFlows.Iterate()
	for each.Next(&key, &counts) {
		for cpu := range counts {
			if counts[cpu].First != 0 {
				p.fillLRU(&key, &counts[cpu], cpu)
				fn(&p.record)
			}
		}
	}
	return each.Err()
}

// filled returns programs whose table the program of bpf/bench, on one CPU, has
// given flows of one packet: it makes many of one frame in one system call.
func filled(b *testing.B, store Store, perCPU, flows int) *Programs {
	b.Helper()
	cfg := DefaultConfig("none")
	cfg.Store, cfg.FlowsPerCPU = store, perCPU
	cfg.Seed = &[14]uint32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}
	p, err := LoadDetached(cfg)
	if err != nil {
		b.Fatal(err)
	}
	object, program := "account", "bench_array"
	shared := map[string]*ebpf.Map{
		accountMapFlows: p.maps.Flows, accountMapNames: p.maps.Names, accountMapTags: p.maps.Tags,
		accountMapEvictions: p.maps.Evictions, accountMapEvictionMarks: p.maps.EvictionMarks, accountMapTotals: p.maps.Totals,
	}
	if store == StoreLRU {
		object, program = "peers", "bench_lru"
		shared = map[string]*ebpf.Map{"bench_lru_map": p.maps.LRUFlows}
	}
	arch := map[string]string{"amd64": "x86", "arm64": "arm64"}[runtime.GOARCH]
	spec, err := ebpf.LoadCollectionSpec(fmt.Sprintf("bench/%s_%s_bpfel.o", object, arch))
	if err != nil {
		b.Fatal(err)
	}
	for name, m := range shared {
		s := spec.Maps[name]
		s.ValueSize, s.MaxEntries, s.Key, s.Value = m.ValueSize(), m.MaxEntries(), nil, nil
	}
	for name := range spec.Programs {
		if name != program {
			delete(spec.Programs, name)
		}
	}
	set := map[string]any{"bench_flows": uint32(0)} // each packet is a flow of its own
	if store == StoreArray {
		spec.Maps[accountMapBursts].MaxEntries = uint32(p.shards * burstsPerCPU)
		for _, name := range []string{accountVarSetBits, accountVarBlockBits, accountVarRingBits, accountVarShards} {
			var v uint32
			if err := p.collection.Variables[name].Get(&v); err != nil {
				b.Fatal(err)
			}
			set[name] = v
		}
		set[accountVarHashSeed] = *cfg.Seed
	}
	for name, v := range set {
		if err := spec.Variables[name].Set(v); err != nil {
			b.Fatal(err)
		}
	}
	c, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{MapReplacements: shared})
	if err != nil {
		b.Fatal(errors.Join(err, p.Close()))
	}
	defer c.Close()
	frame := decoderstest.Build(decoderstest.Ether{}, decoderstest.IP4{Src: "10.0.0.0"}, decoderstest.TCP{})
	binary.BigEndian.PutUint16(frame[34:], 0)
	if _, _, err := c.Programs[program].Benchmark(frame, flows, nil); err != nil {
		b.Fatal(err)
	}
	return p
}
