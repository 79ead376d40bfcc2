package stream

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// mostlyInOrder is a client that sends lines, of which some are late, repeated or
// changed, and a server that acknowledges.
func mostlyInOrder(rnd *rand.Rand) []piece {
	list := slices.Clip(handshake)
	sent := int64(0)
	for range 60 {
		data := make([]byte, 1+rnd.IntN(15))
		for i := range data {
			data[i] = byte('a' + rnd.IntN(26))
		}
		at := sent
		switch rnd.IntN(8) {
		case 0:
			at = max(0, sent-int64(rnd.IntN(20)))
		case 1:
			at += int64(rnd.IntN(10))
		}
		list = append(list, piece{from: 'c', flags: "PA", seq: 1 + at, ack: 1, data: string(data)})
		sent = max(sent, at+int64(len(data)))
		if rnd.IntN(3) == 0 {
			list = append(list, piece{from: 's', flags: "A", seq: 1, ack: 1 + max(0, sent-int64(rnd.IntN(30)))})
		}
	}
	return list
}

// TestAppendedPayloadIsWhatRulesSee keeps the payloads of packets for as long as
// each is appended. Whatever becomes due of them must be those bytes, whatever
// is repeated, overlapped or reordered meanwhile.
func TestAppendedPayloadIsWhatRulesSee(t *testing.T) {
	compared, appended := 0, 0
	for policy := range policyCount {
		rnd := rand.New(rand.NewPCG(5, uint64(policy)))
		for range 60 {
			r := newRoom(t, func(c *Config) { c.Policy, c.ChunkSize = policy, [2]uint32{20, 20} })
			var f flow.Flow
			var kept [2][]byte // the stream from offset from on
			var from [2]uint64
			for _, s := range mostlyInOrder(rnd) {
				frame := r.talk.frame(s)
				var p decoders.Packet
				r.decoder.Decode(&frame, &p)
				dir := decoders.ToServer
				if s.from == 's' {
					dir = decoders.ToClient
				}
				v := r.Packet(&f, &p, dir)
				switch {
				case !v.Stored || p.PayloadLen == 0:
				case !v.Appended:
					kept[dir] = nil
				case v.Offset != from[dir]+uint64(len(kept[dir])) || kept[dir] == nil:
					from[dir] = v.Offset
					kept[dir] = bytes.Clone(p.Payload())
				default:
					kept[dir] = append(kept[dir], p.Payload()...)
				}
				if v.Appended {
					appended++
				}
				for d := range decoders.Direction(2) {
					for c, ok := r.NextRaw(&f, d); ok; c, ok = r.NextRaw(&f, d) {
						if c.Offset < from[d] || c.Offset+uint64(len(c.Data)) > from[d]+uint64(len(kept[d])) {
							continue
						}
						compared++
						if at := c.Offset - from[d]; !bytes.Equal(kept[d][at:at+uint64(len(c.Data))], c.Data) {
							t.Fatalf("policy %d: %q is due at %d, the packets had %q", policy, c.Data, c.Offset, kept[d][at:at+uint64(len(c.Data))])
						}
					}
				}
				r.Retain()
			}
		}
	}
	if compared < 1000 || appended < 1000 {
		t.Errorf("%d packets appended, %d chunks compared", appended, compared)
	}
}
