//go:build linux && (amd64 || arm64)

package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// Stats adds up the counters of all CPUs. While packets come in, counters that
// are read later may be ahead of those read earlier.
func (p *Programs) Stats() (s Stats, err error) {
	if p.closed.Load() {
		return s, ErrClosed
	}
	var cpus []accountCpuTotals
	if err := p.maps.Totals.Lookup(uint32(0), &cpus); err != nil {
		return s, fmt.Errorf("read totals: %w", err)
	}
	for i := range cpus {
		t := &cpus[i]
		for j := range 2 {
			s.Total[j].Add(count(t.Total[j]))
			s.Lost[j].Add(count(t.Lost[j]))
		}
		s.Inner.Add(count(t.Inner))
		s.NewFlows += t.NewFlows
		s.EvictedFlows += t.EvictedFlows
		s.LostFlows += t.LostFlows
	}
	var pairs [][2]accountCount
	for r := range s.Refused[0] {
		if err := p.maps.Reasons.Lookup(uint32(r), &pairs); err != nil {
			return s, fmt.Errorf("read reasons: %w", err)
		}
		for _, pair := range pairs {
			s.Refused[0][r].Add(count(pair[0]))
			s.Refused[1][r].Add(count(pair[1]))
		}
	}
	var counts []accountCount
	for v := range s.Feed {
		if err := p.maps.FeedCounts.Lookup(uint32(v), &counts); err != nil {
			return s, fmt.Errorf("read feed counters: %w", err)
		}
		for _, c := range counts {
			s.Feed[v].Add(count(c))
		}
	}
	s.TornReads = p.torn.Load()
	return s, nil
}

func count(c accountCount) Count { return Count{Packets: c.Packets, Bytes: c.Bytes} }

// VLANs calls fn with the totals of every VLAN that carried packets, by Side, in
// order of its number. Packets belong to their outermost tag; those without tag
// are the difference to Stats.Total.
func (p *Programs) VLANs(fn func(id uint16, totals [2]Count)) error {
	if p.closed.Load() {
		return ErrClosed
	}
	const ids = 4096
	keys := make([]uint32, ids)
	pairs := make([][2]accountCount, ids*p.shards)
	var cursor ebpf.MapBatchCursor
	n, err := p.maps.VLANTotals.BatchLookup(&cursor, keys, pairs, nil)
	if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("read VLAN totals: %w", err)
	}
	if n != ids {
		return fmt.Errorf("read VLAN totals: %d of %d", n, ids)
	}
	for i, id := range keys {
		var totals [2]Count
		for _, pair := range pairs[i*p.shards : (i+1)*p.shards] {
			totals[Ingress].Add(count(pair[Ingress]))
			totals[Egress].Add(count(pair[Egress]))
		}
		if totals != [2]Count{} {
			fn(uint16(id), totals)
		}
	}
	return nil
}
