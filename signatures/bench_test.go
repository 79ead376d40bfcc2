package signatures

import (
	"testing"

	"spanwatch/decoders"
)

// BenchmarkInspect inspects one packet of an existing flow with the whole ET
// Open set, or with a few rules when that is not here.
func BenchmarkInspect(b *testing.B) {
	rs, _ := Load([]Source{{Name: "etopen.rules", Text: etOpen(b)}}, Options{})
	payload := "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\n\r\n"
	for len(payload) < 600 {
		payload += payload
	}
	cases := []struct {
		name   string
		packet *decoders.Packet
	}{
		{"tcp-80-600B", tcp(b, decoders.TCPAck|decoders.TCPPsh, payload[:600])},
		{"tcp-empty", tcp(b, decoders.TCPAck, "")},
		{"udp-53-60B", udp(b, payload[:60])},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			in := NewInspector(rs, InspectorConfig{})
			f := &flow{established: true}
			input := f.input(c.packet, decoders.ToServer)
			var out []Match
			b.ReportAllocs()
			for b.Loop() {
				out = in.Inspect(input, out[:0])
			}
			s := in.Stats()
			b.ReportMetric(float64(s.Candidates)/float64(s.Packets), "candidates/packet")
			b.ReportMetric(float64(s.Inspected)/float64(s.Packets), "inspected/packet")
		})
	}
}
