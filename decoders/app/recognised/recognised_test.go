package recognised

import (
	"testing"

	"spanwatch/decoders/app"
)

func TestProtocolsAreToldByTheirStart(t *testing.T) {
	const y, n, m = app.Yes, app.No, app.Maybe
	for _, c := range []struct {
		proto app.Proto
		data  string
		want  app.Answer
	}{
		{app.ProtoIMAP, "* OK IMAP4rev1 ready\r\n", y}, {app.ProtoIMAP, "a001 login bob secret\r\n", y}, {app.ProtoIMAP, "* O", m},
		{app.ProtoIMAP, "HELO example.com\r\n", n}, {app.ProtoIMAP, "abcdefghijklmnopq", n}, {app.ProtoIMAP, "a1", m},
		{app.ProtoTelnet, "\xff\xfd\x18", y}, {app.ProtoTelnet, "\xff", m}, {app.ProtoTelnet, "\xff\xf1\x00", n}, {app.ProtoTelnet, "login: ", n},
	} {
		for _, p := range Parsers() {
			if p.Proto() != c.proto {
				continue
			}
			datagram := len(p.Definition().UDPPorts) > 0
			if got := p.Probe(app.Input{Data: []byte(c.data), Datagram: datagram}); got != c.want {
				t.Errorf("%v %q: %d, want %d", c.proto, c.data, got, c.want)
			}
			if got := p.Probe(app.Input{Data: []byte(c.data), Datagram: !datagram}); got != n {
				t.Errorf("%v %q over the other transport: %d", c.proto, c.data, got)
			}
		}
	}
}

func TestNothingIsKept(t *testing.T) {
	s := Parsers()[0].New()
	if r := s.Parse(app.Input{Data: []byte("anything")}); r.Status != app.StatusOK || r.Consumed != 8 || s.Txs() != nil {
		t.Errorf("answer %+v", r)
	}
}

func FuzzProbe(f *testing.F) {
	f.Add([]byte("\x30\x81\x26\x02\x01\x03"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, p := range Parsers() {
			for _, datagram := range []bool{false, true} {
				if a := p.Probe(app.Input{Data: data, Datagram: datagram}); datagram && a == app.Maybe {
					t.Errorf("%v wants more of a datagram", p.Proto())
				}
			}
		}
	})
}
