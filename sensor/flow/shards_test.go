package flow_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// TestFlowsAreTheSameForAnyNumberOfWorkers replays captures into one, two and
// four tables.
func TestFlowsAreTheSameForAnyNumberOfWorkers(t *testing.T) {
	captures, _ := filepath.Glob(filepath.Join(sharedFolder(t, "corpus"), "permissive", "*", "*.*cap*"))
	more, _ := filepath.Glob(filepath.Join(sharedFolder(t, filepath.Join("conformance", "dev")), "*", "input.pcap*"))
	captures = append(captures, more...)
	if len(captures) == 0 {
		t.Fatal("no captures")
	}
	var flows int
	for _, path := range captures {
		var want []endedFlow
		var wantDeltas []flow.Delta
		for _, shards := range []int{1, 2, 4} {
			got, deltas := shardedFlows(t, path, shards)
			if shards == 1 {
				want, wantDeltas = got, deltas
				flows += len(got)
				continue
			}
			if !slices.Equal(keysOf(got), keysOf(want)) {
				t.Errorf("%s: %d tables give other flows than one", path, shards)
			}
			if !slices.Equal(deltas, wantDeltas) {
				t.Errorf("%s: %d tables give other deltas than one", path, shards)
			}
		}
	}
	if flows == 0 {
		t.Error("no flows")
	}
	t.Logf("%d captures, %d flows", len(captures), flows)
}

type endedFlow struct {
	flow.Flow
	flow.Totals
}

// keysOf keeps what a flow is and has counted, in the order of flows.
func keysOf(flows []endedFlow) []flow.Delta {
	var out []flow.Delta
	for _, f := range flows {
		d := flow.Delta{Second: f.FirstSeen, FirstPacket: f.FirstPacket, FlowID: f.ID, Bytes: f.WireBytes,
			Packets: [2]uint32{uint32(f.Packets[0]), uint32(f.Packets[1])}, Proto: uint8(f.State), IPVersion: uint8(f.Flags & flow.FlagGeneric)}
		d.Client, d.ClientPort = f.Client()
		d.Server, d.ServerPort = f.Server()
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b flow.Delta) int {
		if a.FirstPacket != b.FirstPacket {
			return int(a.FirstPacket) - int(b.FirstPacket)
		}
		return int(a.FlowID>>1) - int(b.FlowID>>1)
	})
	return out
}

// shardedFlows replays one capture and checks that flows and deltas hold
// exactly what the tables counted on the wire.
func shardedFlows(t *testing.T, path string, shards int) ([]endedFlow, []flow.Delta) {
	t.Helper()
	var flows []endedFlow
	cfg := flow.DefaultConfig()
	file, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	cfg.MaxFlows = min(4096, 64+int(file.Size()/16)) // more than the frames, less to clear
	cfg.Deltas = true
	r := newReplay(t, cfg, shards, decoders.DefaultConfig())
	r.ended = func(table *flow.Table, f *flow.Flow) { flows = append(flows, endedFlow{*f, table.Totals(f)}) }
	r.run(t, path)
	r.close()
	var total, inFlows, inDeltas [2]uint64
	var deltas []flow.Delta
	for _, table := range r.tables {
		s := table.Stats()
		total[0] += s.Packets
		total[1] += s.WireBytes
		deltas = table.AppendDeltas(deltas)
	}
	for _, f := range flows {
		if f.Key.Depth == 0 {
			inFlows[0] += f.WirePackets[0] + f.WirePackets[1]
			inFlows[1] += f.WireBytes[0] + f.WireBytes[1]
		}
	}
	for _, d := range deltas {
		inDeltas[0] += uint64(d.Packets[0]) + uint64(d.Packets[1])
		inDeltas[1] += d.Bytes[0] + d.Bytes[1]
	}
	if total != inFlows || total != inDeltas {
		t.Errorf("%s: packets and bytes counted %v, in flows %v, in deltas %v", path, total, inFlows, inDeltas)
	}
	flow.SortDeltas(deltas)
	return flows, deltas
}
