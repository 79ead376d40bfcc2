package stream

import (
	"testing"
	"unsafe"

	"spanwatch/decoders"
	"spanwatch/sensor/flow"
)

// benchTalk is an open session with decoded packets to send in it.
type benchTalk struct {
	e    *Engine
	f    flow.Flow
	data decoders.Packet
	ack  decoders.Packet
}

func newBenchTalk(b testing.TB, change func(*Config)) *benchTalk {
	r := newRoom(b, func(c *Config) {
		c.Depth = 0
		if change != nil {
			change(c)
		}
	})
	r.say(piece{from: 'c', flags: "S"})
	r.say(piece{from: 's', flags: "SA", ack: 1})
	r.say(piece{from: 'c', flags: "A", seq: 1, ack: 1})
	k := &benchTalk{e: r.Engine, f: r.flow}
	k.data = decoders.Packet{Data: make([]byte, 1460), PayloadLen: 1460, TCPFlags: decoders.TCPAck, Seq: clientISN + 1,
		Ack: serverISN + 1, TCPWindow: 60000, IPVersion: 4, Layers: decoders.LayerIPv4 | decoders.LayerTCP}
	k.ack = decoders.Packet{TCPFlags: decoders.TCPAck, Seq: serverISN + 1, TCPWindow: 60000, IPVersion: 4,
		Layers: decoders.LayerIPv4 | decoders.LayerTCP}
	return k
}

// segment sends the next in-order segment.
func (k *benchTalk) segment() {
	k.e.Packet(&k.f, &k.data, decoders.ToServer)
	k.data.Seq = k.data.Seq.Add(k.data.PayloadLen)
}

// answer acknowledges what was sent, and reads it.
func (k *benchTalk) answer(raw bool) (n int) {
	k.ack.Ack = k.data.Seq
	k.e.Packet(&k.f, &k.ack, decoders.ToClient)
	for c, ok := k.e.NextApp(&k.f, decoders.ToServer); ok; c, ok = k.e.NextApp(&k.f, decoders.ToServer) {
		n += len(c.Data)
		k.e.Consumed(&k.f, decoders.ToServer, len(c.Data))
	}
	if raw {
		for c, ok := k.e.NextRaw(&k.f, decoders.ToServer); ok; c, ok = k.e.NextRaw(&k.f, decoders.ToServer) {
			n += len(c.Data)
		}
	}
	return n
}

// BenchmarkSegment is one in-order segment of 1,460 bytes, hot, with its share of
// the acknowledgments and of reading what they make due.
func BenchmarkSegment(b *testing.B) {
	for _, m := range []struct {
		name   string
		per    int // segments for each acknowledgment
		raw    bool
		retain bool
		inline bool
	}{
		{"acknowledged one by one", 1, false, false, false},
		{"acknowledged two by two", 2, false, false, false},
		{"acknowledged sixteen by sixteen", 16, false, false, false},
		{"with stream rules", 2, true, false, false},
		{"acknowledged after the batch", 2, false, true, false},
		{"inline", 2, false, false, true},
	} {
		b.Run(m.name, func(b *testing.B) {
			k := newBenchTalk(b, func(c *Config) { c.Inline = m.inline })
			if !m.raw {
				k.e.DisableRaw(&k.f, decoders.ToServer)
			}
			b.ReportAllocs()
			b.SetBytes(1460)
			n, work := 0, 0
			for n < b.N {
				for range m.per {
					k.segment()
					n++
					if m.inline {
						work += k.answer(m.raw)
					}
				}
				if m.retain {
					k.e.Retain()
				}
				work += k.answer(m.raw)
			}
			if work == 0 {
				b.Fatal("nothing was read")
			}
			b.ReportMetric(float64(k.e.Stats().CopiedBytes)/float64(n), "copied-B/op")
		})
	}
}

// BenchmarkOutOfOrder is one segment of a window of 32 whose first comes last.
func BenchmarkOutOfOrder(b *testing.B) {
	k := newBenchTalk(b, nil)
	k.e.DisableRaw(&k.f, decoders.ToServer)
	b.ReportAllocs()
	read, sent := 0, 0
	for n := 0; n < b.N; n += 32 {
		first := k.data.Seq
		k.data.Seq = first.Add(1460)
		for range 31 {
			k.segment()
		}
		last := k.data.Seq
		k.data.Seq = first
		k.segment()
		k.data.Seq = last
		sent += 32 * 1460
		read += k.answer(false)
	}
	if read != sent {
		b.Fatalf("%d bytes read of %d", read, sent)
	}
	b.ReportMetric(float64(k.e.Stats().CopiedBytes)/float64(b.N), "copied-B/op")
}

// BenchmarkAcknowledgment is a packet without payload.
func BenchmarkAcknowledgment(b *testing.B) {
	k := newBenchTalk(b, nil)
	k.ack.Ack = clientISN + 1
	b.ReportAllocs()
	for range b.N {
		k.ack.TCPWindow ^= 1 // not a duplicate
		k.e.Packet(&k.f, &k.ack, decoders.ToClient)
	}
}

// BenchmarkSession is a whole session of ten packets: handshake, request,
// answer, closing.
func BenchmarkSession(b *testing.B) {
	r := newRoom(b, nil)
	var packets []decoders.Packet
	var dirs []decoders.Direction
	for _, s := range []piece{
		{from: 'c', flags: "S"}, {from: 's', flags: "SA", ack: 1}, {from: 'c', flags: "A", seq: 1, ack: 1},
		{from: 'c', flags: "PA", seq: 1, ack: 1, data: "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
		{from: 's', flags: "A", seq: 1, ack: 28}, {from: 's', flags: "PA", seq: 1, ack: 28, data: "HTTP/1.1 204 No Content\r\n\r\n"},
		{from: 'c', flags: "A", seq: 28, ack: 28}, {from: 'c', flags: "FA", seq: 28, ack: 28},
		{from: 's', flags: "FA", seq: 28, ack: 29}, {from: 'c', flags: "A", seq: 29, ack: 29},
	} {
		f := r.talk.frame(s)
		var p decoders.Packet
		r.decoder.Decode(&f, &p)
		packets = append(packets, p)
		dir := decoders.ToServer
		if s.from == 's' {
			dir = decoders.ToClient
		}
		dirs = append(dirs, dir)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += len(packets) {
		for i := range packets {
			r.Packet(&r.flow, &packets[i], dirs[i])
			for d := range decoders.Direction(2) {
				for c, ok := r.NextApp(&r.flow, d); ok; c, ok = r.NextApp(&r.flow, d) {
					r.Consumed(&r.flow, d, len(c.Data))
				}
			}
		}
		if r.State(&r.flow) != flow.TCPClosed {
			b.Fatal(r.State(&r.flow))
		}
		r.Close(&r.flow)
	}
}

func TestASessionWithoutPayloadIsTwoCacheLines(t *testing.T) {
	if size := unsafe.Sizeof(session{}); size > 2*64 {
		t.Errorf("a session has %d bytes", size)
	}
}
