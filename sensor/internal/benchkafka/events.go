package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"spanwatch/exporter"
	"spanwatch/exporter/event"
)

// events are the records that everybody sends: flow records as an office
// makes them, with different addresses, ports and counts.
type events struct {
	records []exporter.Record
	opens   [][]byte // the bodies before they are numbered
	bytes   int
}

func makeEvents(n int) (*events, error) {
	e, err := event.NewEncoder(event.Options{Sensor: "probe-1", Run: "bench"})
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(1, 1))
	out := &events{records: make([]exporter.Record, n)}
	for i := range out.records {
		f := randomFlow(rng, i)
		open := e.AppendFlow(nil, f)
		out.opens = append(out.opens, open[:len(open):len(open)])
		id := e.ID(event.TypeFlow, &f.Envelope, 0, 0)
		body := e.Finish(bytes.Clone(open), uint64(i+1), id)
		out.records[i] = exporter.Record{
			Type: event.TypeFlow, Time: f.Time, ID: id, Body: body,
			Key: fmt.Appendf(nil, "1:%027d=", rng.IntN(5000)), // as long as a community id
		}
		out.bytes += len(body)
	}
	return out, nil
}

func randomFlow(rng *rand.Rand, i int) *event.Flow {
	at := int64(1_750_000_000_000_000_000) + int64(i)*100_000
	address := func(net uint32) (a event.Addr) {
		binary.BigEndian.PutUint32(a[:], net|uint32(rng.IntN(1<<12)))
		return a
	}
	counts := event.Counts{
		PktsToServer: uint64(rng.IntN(300)), PktsToClient: uint64(rng.IntN(500)),
		BytesToServer: uint64(rng.IntN(1 << 18)), BytesToClient: uint64(rng.IntN(1 << 22)),
	}
	return &event.Flow{
		Envelope: event.Envelope{
			Time: at, Packet: uint64(i), FlowID: rng.Uint64() >> 12, IPVersion: 4, Proto: 6,
			Src: address(0x0a000000), Dst: address(0xc6336400), SrcPort: uint16(32768 + rng.IntN(28000)), DstPort: 443,
			Interface: "eth0",
		},
		Counts: counts, Start: at - int64(rng.IntN(60_000_000_000)), End: at, State: event.FlowClosed, Reason: event.FlowTimeout,
		TCP: &event.TCP{Flags: 0x1b, FlagsTS: 0x1b, FlagsTC: 0x1b, State: "closed"},
		Bandwidth: &event.Bandwidth{
			WirePktsToServer: counts.PktsToServer, WirePktsToClient: counts.PktsToClient,
			WireBytesToServer: counts.BytesToServer, WireBytesToClient: counts.BytesToClient,
			AvgBpsToServer: uint64(rng.IntN(1 << 20)), AvgBpsToClient: uint64(rng.IntN(1 << 22)),
		},
	}
}
