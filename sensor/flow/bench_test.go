package flow

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"spanwatch/decoders"
)

// benchPackets makes one packet for each of n flows.
func benchPackets(n int) []decoders.Packet {
	packets := make([]decoders.Packet, n)
	template := udp("10.0.0.1:1", "10.128.0.1:443", 0)
	for i := range packets {
		p := *template
		binary.BigEndian.PutUint32(p.Src[:], 0x0a000000|uint32(i)*2654435761>>9)
		p.SrcPort = uint16(i)
		packets[i] = p
	}
	return packets
}

// BenchmarkTable is one packet of an existing flow: key, hash, look-up and
// counting, with n flows in the table. The packets themselves are in the cache.
func BenchmarkTable(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		for _, huge := range []bool{false, true} {
			table := benchTable(b, n, huge)
			packets := benchPackets(n)
			for i := range packets {
				table.Update(&packets[i])
			}
			r := rand.New(rand.NewPCG(1, 2))
			zipf := rand.NewZipf(r, 1.1, 10, uint64(n-1))
			for _, pick := range []struct {
				name string
				next func() int
			}{{"uniform", func() int { return r.IntN(n) }}, {"zipf", func() int { return int(zipf.Uint64()) }}} {
				const vector = 4096
				var chosen [vector]decoders.Packet
				all := make([]uint32, vector)
				for i := range all {
					all[i] = uint32(i)
				}
				for _, warm := range []int{0, 32} {
					b.Run(fmt.Sprintf("flows=%d/huge=%v/%s/warm=%d", n, huge, pick.name, warm), func(b *testing.B) {
						b.ReportAllocs()
						for done := 0; done < b.N; done += vector {
							b.StopTimer()
							for i := range chosen {
								chosen[i] = packets[pick.next()]
							}
							b.StartTimer()
							for i := range chosen {
								if warm != 0 && i%warm == 0 {
									table.Warm(chosen[:], all[i:i+warm])
								}
								table.Update(&chosen[i])
							}
						}
					})
				}
			}
			table.Close()
		}
	}
}

// BenchmarkNewFlow is a packet that begins a flow, in a full table that ends
// another for it.
func BenchmarkNewFlow(b *testing.B) {
	table := benchTable(b, 100_000, true)
	defer table.Close()
	p := *udp("10.0.0.1:1", "10.128.0.1:443", 0)
	i := uint64(0)
	next := func() {
		i++
		binary.BigEndian.PutUint64(p.Src[:], i*0x9e3779b97f4a7c15)
		table.Update(&p)
	}
	for range 200_000 {
		next()
	}
	b.ReportAllocs()
	for b.Loop() {
		next()
	}
}

// BenchmarkGarbageCollection is one collection with a million live flows in
// Go's heap.
func BenchmarkGarbageCollection(b *testing.B) {
	const n = 1_000_000
	table := benchTable(b, n, false)
	packets := benchPackets(n)
	for i := range packets {
		table.Update(&packets[i])
	}
	packets = nil
	runtime.GC()
	for b.Loop() {
		runtime.GC()
	}
	if table.Stats().Active < n*9/10 {
		b.Fatal("flows are missing")
	}
	table.Close()
}

// BenchmarkCommunityID is one id.
func BenchmarkCommunityID(b *testing.B) {
	f, _ := newSmall(b).Update(udp("10.0.0.1:1", "10.0.0.2:2", 0))
	var room [32]byte
	b.ReportAllocs()
	for b.Loop() {
		AppendCommunityID(room[:0], f, 0)
	}
}

func benchTable(b *testing.B, flows int, huge bool) *Table {
	b.Helper()
	cfg := DefaultConfig()
	cfg.MaxFlows = flows
	cfg.HugePages = huge
	cfg.UDP.New = time.Hour
	table, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	return table
}
