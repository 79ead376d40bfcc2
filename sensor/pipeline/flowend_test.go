package pipeline

import (
	"path/filepath"
	"strings"
	"testing"

	"spanwatch/decoders"
	dt "spanwatch/decoders/decoderstest"
	"spanwatch/sensor/capture/capturetest"
	"spanwatch/sensor/config"
)

// TestEventsAtTheEndOfATunnelledFlow: what a flow in a tunnel leaves for its
// end (here a request that nobody acknowledged) is reported then, when there is
// no outer packet to tell about.
func TestEventsAtTheEndOfATunnelledFlow(t *testing.T) {
	var frames []decoders.Frame
	add := func(toServer bool, tcp dt.TCP, data string) {
		outer, inner := dt.IP4{Src: "192.0.2.1", Dst: "192.0.2.2"}, dt.IP4{Src: "10.0.0.1", Dst: "10.0.0.2"}
		tcp.Src, tcp.Dst = 40000, 80
		if !toServer {
			inner.Src, inner.Dst = inner.Dst, inner.Src
			tcp.Src, tcp.Dst = tcp.Dst, tcp.Src
		}
		b := dt.Build(dt.Ether{}, outer, dt.UDP{Src: 50000, Dst: 4789}, dt.VXLAN{VNI: 7}, dt.Ether{}, inner, tcp, dt.Bytes(data))
		frames = append(frames, decoders.Frame{Data: b, Timestamp: int64(len(frames)+1) * 1e6, WireLen: uint32(len(b))})
	}
	add(true, dt.TCP{Seq: 100, Flags: decoders.TCPSyn}, "")
	add(false, dt.TCP{Seq: 500, Ack: 101, Flags: decoders.TCPSyn | decoders.TCPAck}, "")
	add(true, dt.TCP{Seq: 101, Ack: 501, Flags: decoders.TCPAck}, "")
	add(true, dt.TCP{Seq: 101, Ack: 501, Flags: decoders.TCPAck | decoders.TCPPsh}, "GET /left HTTP/1.1\r\nHost: example.org\r\n\r\n")
	path := filepath.Join(t.TempDir(), "tunnel.pcap")
	if err := capturetest.WritePcap(path, decoders.LinkEthernet, frames); err != nil {
		t.Fatal(err)
	}
	r := replay(t, `alert http any any -> any any (msg:"left"; http.uri; content:"/left"; sid:1;)`, nil, path)
	for _, want := range []string{`"event_type":"http"`, `"event_type":"alert"`} {
		if n := strings.Count(string(r.text), want); n != 1 {
			t.Errorf("%d events with %s, want 1:\n%s", n, want, r.text)
		}
	}
}

// TestCiphertextIsNotSearched: a rule on payload sees the greeting of SSH and
// the key exchange, not the packets that follow; a rule on packets sees all.
func TestCiphertextIsNotSearched(t *testing.T) {
	rules := `alert tcp any any -> any 22 (msg:"payload"; dsize:>0; sid:1;)
alert tcp any any -> any 22 (msg:"packet"; flow:established; sid:2;)
`
	r := replay(t, rules, func(c *config.Config) { c.Capture.Filter = "tcp port 22" }, "../../testdata/pcap/office.pcapng")
	payload, packets := strings.Count(string(r.text), `"signature_id":1,`), strings.Count(string(r.text), `"signature_id":2,`)
	if payload == 0 || packets == 0 || payload > packets/2 {
		t.Errorf("%d alerts on payload and %d on packets", payload, packets)
	}
}

// TestAnEventOfTheLastBytesAlertsOnce: what the end of a flow brings up of the
// server's bytes is an alert in their direction alone.
func TestAnEventOfTheLastBytesAlertsOnce(t *testing.T) {
	var frames []decoders.Frame
	add := func(toServer bool, tcp dt.TCP, data string) {
		ip := dt.IP4{Src: "10.0.0.1", Dst: "10.0.0.2"}
		tcp.Src, tcp.Dst = 40000, 25
		if !toServer {
			ip.Src, ip.Dst, tcp.Src, tcp.Dst = ip.Dst, ip.Src, tcp.Dst, tcp.Src
		}
		b := dt.Build(dt.Ether{}, ip, tcp, dt.Bytes(data))
		frames = append(frames, decoders.Frame{Data: b, Timestamp: int64(len(frames)+1) * 1e6, WireLen: uint32(len(b))})
	}
	const hello, command = "220 ready ESMTP\r\n", "EHLO me\r\n"
	add(true, dt.TCP{Seq: 100, Flags: decoders.TCPSyn}, "")
	add(false, dt.TCP{Seq: 500, Ack: 101, Flags: decoders.TCPSyn | decoders.TCPAck}, "")
	add(true, dt.TCP{Seq: 101, Ack: 501, Flags: decoders.TCPAck}, "")
	add(false, dt.TCP{Seq: 501, Ack: 101, Flags: decoders.TCPAck | decoders.TCPPsh}, hello)
	add(true, dt.TCP{Seq: 101, Ack: 501 + uint32(len(hello)), Flags: decoders.TCPAck | decoders.TCPPsh}, command)
	add(false, dt.TCP{Seq: 501 + uint32(len(hello)), Ack: 101 + uint32(len(command)), Flags: decoders.TCPAck}, "")
	add(true, dt.TCP{Seq: 101 + uint32(len(command)), Ack: 501 + uint32(len(hello)), Flags: decoders.TCPAck}, "")
	add(false, dt.TCP{Seq: 501 + uint32(len(hello)), Ack: 101 + uint32(len(command)), Flags: decoders.TCPAck | decoders.TCPPsh}, "no reply at all\r\n")
	path := filepath.Join(t.TempDir(), "last.pcap")
	if err := capturetest.WritePcap(path, decoders.LinkEthernet, frames); err != nil {
		t.Fatal(err)
	}
	r := replay(t, `alert smtp any any -> any any (app-layer-event:smtp.invalid_reply; sid:1;)`, nil, path)
	if n := strings.Count(string(r.text), `"event_type":"alert"`); n != 1 {
		t.Errorf("%d alerts, want 1:\n%s", n, r.text)
	}
}

// TestTheEndOfAFlowIsInspectedWhereSomethingIsLeft: a rule on a protocol alone
// matches the end of a session that is still open, and not that of one that was
// closed when everybody was done with it, as in Suricata.
func TestTheEndOfAFlowIsInspectedWhereSomethingIsLeft(t *testing.T) {
	turns := []said{{decoders.ToServer, "GET / HTTP/1.0\r\n\r\n"}, {decoders.ToClient, "HTTP/1.0 204 None\r\n\r\n"}}
	for closed, want := range map[bool]int{false: 2, true: 0} {
		r := replay(t, `alert http any any -> any any (sid:1;)`, nil, exchange(t, 80, turns, closed))
		n := 0
		for line := range strings.Lines(string(r.text)) {
			if strings.Contains(line, `"event_type":"alert"`) && strings.Contains(line, `"stream (flow timeout)"`) {
				n++
			}
		}
		if n != want {
			t.Errorf("closed %v: %d alerts at the end, want %d:\n%s", closed, n, want, r.text)
		}
	}
}

// TestTheEndOfAnOpenFlowIsSeenByRulesOnItsProtocol: a rule on a protocol, a
// direction at most, sees the end of a session that was still open and not that
// of one that was closed when all of it had been looked at. One that asks for
// more is about packets.
func TestTheEndOfAnOpenFlowIsSeenByRulesOnItsProtocol(t *testing.T) {
	rules := `alert http any any -> any any (msg:"protocol"; flow:to_server; sid:1;)
alert http any any -> any any (msg:"packets"; flow:to_server,established; sid:2;)
`
	const request, response = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 204 none\r\n\r\n"
	client, server := 101+uint32(len(request)), 501+uint32(len(response))
	open := []segment{
		{true, dt.TCP{Seq: 100, Flags: decoders.TCPSyn}, ""},
		{false, dt.TCP{Seq: 500, Ack: 101, Flags: decoders.TCPSyn | decoders.TCPAck}, ""},
		{true, dt.TCP{Seq: 101, Ack: 501, Flags: decoders.TCPAck}, ""},
		{true, dt.TCP{Seq: 101, Ack: 501, Flags: decoders.TCPAck | decoders.TCPPsh}, request},
		{false, dt.TCP{Seq: 501, Ack: client, Flags: decoders.TCPAck | decoders.TCPPsh}, response},
		{true, dt.TCP{Seq: client, Ack: server, Flags: decoders.TCPAck}, ""},
	}
	closed := append(open[:len(open):len(open)],
		segment{false, dt.TCP{Seq: server, Ack: client, Flags: decoders.TCPAck | decoders.TCPFin}, ""},
		segment{true, dt.TCP{Seq: client, Ack: server + 1, Flags: decoders.TCPAck | decoders.TCPFin}, ""},
		segment{false, dt.TCP{Seq: server + 1, Ack: client + 1, Flags: decoders.TCPAck}, ""})
	for _, c := range []struct {
		name     string
		segments []segment
		more     int
	}{{"open", open, 1}, {"closed", closed, 0}} {
		t.Run(c.name, func(t *testing.T) {
			text := string(replay(t, rules, nil, segmented(t, 80, c.segments)).text)
			protocol, packets := strings.Count(text, `"signature_id":1,`), strings.Count(text, `"signature_id":2,`)
			if packets == 0 || protocol != packets+c.more {
				t.Errorf("%d alerts on the protocol, %d on packets, want %d more", protocol, packets, c.more)
			}
		})
	}
}

// segment is one of a TCP session between 10.0.0.1 and 10.0.0.2.
type segment struct {
	toServer bool
	tcp      dt.TCP
	data     string
}

// segmented writes a capture of one TCP session.
func segmented(t *testing.T, port uint16, segments []segment) string {
	t.Helper()
	var frames []decoders.Frame
	for _, s := range segments {
		ip := dt.IP4{Src: "10.0.0.1", Dst: "10.0.0.2"}
		s.tcp.Src, s.tcp.Dst = 40000, port
		if !s.toServer {
			ip.Src, ip.Dst, s.tcp.Src, s.tcp.Dst = ip.Dst, ip.Src, s.tcp.Dst, s.tcp.Src
		}
		b := dt.Build(dt.Ether{}, ip, s.tcp, dt.Bytes(s.data))
		frames = append(frames, decoders.Frame{Data: b, Timestamp: int64(len(frames)+1) * 1e6, WireLen: uint32(len(b))})
	}
	path := filepath.Join(t.TempDir(), "session.pcap")
	if err := capturetest.WritePcap(path, decoders.LinkEthernet, frames); err != nil {
		t.Fatal(err)
	}
	return path
}
