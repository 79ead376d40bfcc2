package stream

import (
	"testing"

	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// FuzzEngine drives a few sessions in little memory with any packets and checks
// after each that all parts agree, and that offsets only grow.
func FuzzEngine(f *testing.F) {
	f.Add([]byte("\x00\x02\x00\x00\x00\x00\x01\x12\x00\x01\x00\x00\x00\x10\x01\x01\x00\x00\x00\x18\x01\x01\x20\x00"))
	f.Add([]byte("\x10\x02\x00\x00\x30\x00\x11\x12\x00\x01\x00\x00\x00\x10\x01\x01\x00\x00\x00\x18\x21\x01\x20\x00\x01\x10\x01\x71\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newRoom(t, func(c *Config) {
			c.MaxSessions = 16
			c.Memory, c.FlowMemory, c.Segments = 2048, 1024, 12
			c.ChunkSize = [2]uint32{7, 30}
			c.Depth = 200
			if len(b) > 0 {
				c.Policy = Policy(b[0]) % policyCount
				c.OnMemory = Exception(b[0]>>4) % exceptionCount
				c.Midstream, c.AsyncOneSide, c.Inline = b[0]&1 != 0, b[0]&2 != 0, b[0]&4 != 0
				c.Urgent = Urgent(b[0]>>6) % urgentCount
				c.UrgentLimit = 3
			}
		})
		var flows [5]flow.Flow
		var offsets [5][2][2]uint64
		area := &payloadArea{}
		now := int64(1e18)
		packets := uint64(0)
		for ; len(b) >= 6; b = b[6:] {
			packets++
			n := int(b[0]>>1) % len(flows)
			fl, dir := &flows[n], decoders.Direction(b[0]&1)
			payload := make([]byte, b[4]>>1)
			for i := range payload {
				payload[i] = b[5] + byte(i)
			}
			now += int64(b[5]) * 1e6
			p := decoders.Packet{Data: area.lend(payload), PayloadLen: uint32(len(payload)), TCPFlags: b[1],
				Seq: decoders.Seq(int8(b[2])) * 3, Ack: decoders.Seq(int8(b[3])) * 3, TCPWindow: uint16(b[5]) << 6, TCPUrgent: uint16(b[5] & 15),
				IPVersion: 4, Layers: decoders.LayerIPv4 | decoders.LayerTCP, Timestamp: now}
			if b[4]&1 != 0 {
				p.TCPOpts = decoders.TCPOptTimestamp | decoders.TCPOptWScale
				p.TSVal, p.TSEcr, p.TCPWScale = uint32(b[5]&7), uint32(b[3]&7), b[2]&15
			}
			v := r.Packet(fl, &p, dir)
			if v.State > flow.TCPClosed || v.Stored && len(payload) == 0 {
				t.Fatalf("verdict %+v", v)
			}
			if v.Swapped {
				offsets[n] = [2][2]uint64{}
			}
			switch b[5] >> 4 {
			case 1:
				r.Finish(fl)
			case 2:
				r.Bypass(fl, dir)
			case 3:
				r.DisableRaw(fl, dir)
			case 4:
				r.DisableApp(fl, dir)
			case 5:
				r.TriggerRaw(fl, dir)
			}
			if b[5]&7 != 0 {
				for d := range decoders.Direction(2) {
					at := &offsets[n][d]
					for c, ok := r.NextApp(fl, d); ok; c, ok = r.NextApp(fl, d) {
						if c.Offset < at[0]+c.Gap {
							t.Fatalf("chunk at %d with a gap of %d behind %d", c.Offset, c.Gap, at[0])
						}
						used := len(c.Data) * int(b[5]&3) / 3
						r.Consumed(fl, d, used)
						at[0] = c.Offset + uint64(used)
					}
					for c, ok := r.NextRaw(fl, d); ok; c, ok = r.NextRaw(fl, d) {
						if c.Offset < at[1] || len(c.Data) == 0 {
							t.Fatalf("%d raw bytes at %d behind %d", len(c.Data), c.Offset, at[1])
						}
						at[1] = c.Offset + uint64(len(c.Data))
					}
				}
			}
			switch b[5] & 15 {
			case 1:
				r.Retain()
				area.reuse()
			case 2:
				r.Close(fl)
				offsets[n] = [2][2]uint64{}
			}
			r.check(t)
		}
		for i := range flows {
			r.Finish(&flows[i])
			r.Close(&flows[i])
		}
		r.check(t)
		if s := r.Stats(); s.Packets != packets || s.Active != 0 || s.MemoryUsed != 0 {
			t.Fatalf("%d packets: %+v", packets, s)
		}
	})
}
