//go:build linux && (amd64 || arm64)

package bpf

import (
	"fmt"
	"sync/atomic"
)

const (
	// burstsPerCPU is BURSTS of totals.h.
	burstsPerCPU = 4096
	// A CPU closes its millisecond with the first packet that finds the coarse
	// clock moved on; twice the slowest tick (10 ms) is safe.
	burstSettle = 20
)

// Milliseconds appends to dst what passed the interface in each millisecond that
// had packets, later than the one that started at since (Unix nanoseconds, as
// in Millisecond.Start), oldest first. The kernel keeps 4096 of them, of which
// the newest 20 are not told yet, as CPUs may still add to them: call it at least every
// four seconds.
//
// Counts of a millisecond may be off by the packets of each CPU that it took from,
// or left to, its neighbours: Config.BurstEvery, or as many as came in the 32nd of a
// millisecond before. Their sum is exact.
func (p *Programs) Milliseconds(since int64, dst []Millisecond) ([]Millisecond, error) {
	if p.closed.Load() {
		return dst, ErrClosed
	}
	p.clock.follow()
	now := milliseconds()
	from := max((since-p.clock.wall+500_000)/1e6+1, now-burstsPerCPU+1, 0)
	if since == 0 {
		from = max(now-burstsPerCPU+1, 0)
	}
	to := now - burstSettle // exclusive
	if from >= to {
		return dst, nil
	}
	sums := make([][2]Count, to-from)
	for cpu := range p.shards {
		ring := p.burst[cpu*burstsPerCPU : (cpu+1)*burstsPerCPU]
		for ms := from; ms < to; ms++ {
			b := &ring[ms%burstsPerCPU]
			if atomic.LoadUint64(&b.Ms) != uint64(ms) {
				continue
			}
			c := b.Count
			readBarrier()
			if atomic.LoadUint64(&b.Ms) != uint64(ms) {
				continue // overwritten by one 4096 later: nobody came in time
			}
			sums[ms-from][Ingress].Add(count(c[Ingress]))
			sums[ms-from][Egress].Add(count(c[Egress]))
		}
	}
	if err := p.openMilliseconds(from, to, sums); err != nil {
		return dst, err
	}
	for i, c := range sums {
		if c != [2]Count{} {
			dst = append(dst, Millisecond{Start: (from+int64(i))*1e6 + p.clock.wall, Total: c})
		}
	}
	return dst, nil
}

// openMilliseconds adds the last millisecond of CPUs that had no packet since.
func (p *Programs) openMilliseconds(from, to int64, sums [][2]Count) error {
	var cpus []accountCpuTotals
	if err := p.maps.Totals.Lookup(uint32(0), &cpus); err != nil {
		return fmt.Errorf("read totals: %w", err)
	}
	for i := range cpus {
		t := &cpus[i]
		ms := int64(t.BurstMs)
		if ms < from || ms >= to {
			continue
		}
		if b := &p.burst[i*burstsPerCPU+int(ms%burstsPerCPU)]; atomic.LoadUint64(&b.Ms) == t.BurstMs {
			continue // closed while we looked
		}
		for side := range 2 {
			sums[ms-from][side].Add(Count{
				Packets: t.Total[side].Packets - t.BurstMark[side].Packets,
				Bytes:   t.Total[side].Bytes - t.BurstMark[side].Bytes,
			})
		}
	}
	return nil
}
