package app

import (
	"bytes"
	"errors"
	"testing"

	"spanwatch/decoders"
)

// fake is a protocol whose messages start with a word; an upper-case one comes
// from the server.
type fake struct {
	proto    Proto
	word     string
	patterns []Pattern
	asked    *int
}

func (f fake) Proto() Proto        { return f.proto }
func (f fake) New() State          { return nil }
func (f fake) Patterns() []Pattern { return f.patterns }

func (f fake) Probe(in Input) Answer {
	if f.asked != nil {
		*f.asked++
	}
	n := min(len(in.Data), len(f.word))
	switch {
	case !bytes.EqualFold(in.Data[:n], []byte(f.word[:n])):
		return No
	case n < len(f.word):
		return Maybe
	}
	return Yes
}

func (f fake) Direction(in Input) decoders.Direction {
	if in.Data[0] <= 'Z' {
		return decoders.ToClient
	}
	return decoders.ToServer
}

func TestDetect(t *testing.T) {
	asked := 0
	detector, err := NewDetector([]Candidate{
		{Parser: fake{proto: ProtoDNS, word: "name"}, TCPPorts: []uint16{53}, UDPPorts: []uint16{53, 5300}},
		{Parser: fake{proto: ProtoNTP, word: "time", asked: &asked}, UDPPorts: []uint16{123, 5300}},
		{Parser: fake{proto: ProtoHTTP, word: "GET /", patterns: []Pattern{
			{Transport: TCP, Dir: decoders.ToServer, Bytes: []byte("GET "), Confirm: true},
		}}},
		{Parser: fake{proto: ProtoSSH, patterns: []Pattern{
			{Transport: TCP, Dir: decoders.ToClient, Offset: 2, Bytes: []byte("SSH")},
			{Transport: TCP, Dir: decoders.ToServer, Offset: 2, Bytes: []byte("SAME")},
			{Transport: TCP, Dir: decoders.ToClient, Offset: 2, Bytes: []byte("SAME")},
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name      string
		data      string
		dir       decoders.Direction
		transport Transport
		ports     Ports
		want      Answer
		proto     Proto
		reversed  bool
		eof       bool
	}{
		{name: "a probe at the destination port", data: "name", transport: UDP, ports: Ports{4000, 53}, want: Yes, proto: ProtoDNS},
		{name: "a probe at the source port", data: "NAME", dir: decoders.ToClient, transport: UDP, ports: Ports{53, 4000}, want: Yes, proto: ProtoDNS},
		{name: "a first packet of the server", data: "NAME", transport: UDP, ports: Ports{53, 4000}, want: Yes, proto: ProtoDNS, reversed: true},
		{name: "the port alone decides nothing", data: "else", transport: UDP, ports: Ports{4000, 53}, want: No, proto: ProtoFailed},
		{name: "no probe at other ports", data: "name", transport: UDP, ports: Ports{4000, 54}, want: No, proto: ProtoFailed},
		{name: "transports have ports of their own", data: "time is up, and nobody knows it", transport: TCP, ports: Ports{4000, 123}, want: No, proto: ProtoFailed},
		{name: "two protocols at one port", data: "time", transport: UDP, ports: Ports{4000, 5300}, want: Yes, proto: ProtoNTP},
		{name: "more bytes are needed", data: "na", transport: TCP, ports: Ports{4000, 53}, want: Maybe},
		{name: "no more bytes come, and what came is too short to tell", data: "na", transport: TCP, ports: Ports{4000, 53}, want: Maybe, eof: true},
		{name: "shorter than the longest pattern", data: "els", transport: TCP, ports: Ports{4000, 54}, want: Maybe},
		{name: "a pattern at any port", data: "GET /x", transport: TCP, ports: Ports{4000, 9}, want: Yes, proto: ProtoHTTP},
		{name: "a pattern that the parser does not confirm", data: "GET x HTTP/1.1 and so on, and so on", transport: TCP, ports: Ports{4000, 9}, want: No, proto: ProtoFailed},
		{name: "the start of a pattern", data: "GE", transport: TCP, ports: Ports{4000, 9}, want: Maybe},
		{name: "a pattern at an offset", data: "..SSH", dir: decoders.ToClient, transport: TCP, ports: Ports{9, 4000}, want: Yes, proto: ProtoSSH},
		{name: "a pattern of the other side", data: "..SSH", transport: TCP, ports: Ports{9, 4000}, want: Yes, proto: ProtoSSH, reversed: true},
		{name: "a pattern that both sides have is the speaker's", data: "..SAME", transport: TCP, ports: Ports{4000, 9}, want: Yes, proto: ProtoSSH},
		{name: "a pattern that both sides have, from the server", data: "..SAME", dir: decoders.ToClient, transport: TCP, ports: Ports{9, 4000}, want: Yes, proto: ProtoSSH},
		{name: "less than the offset of a pattern", data: ".", transport: TCP, ports: Ports{9, 4000}, want: Maybe},
		{name: "a pattern of another transport", data: "GET /x", transport: UDP, ports: Ports{4000, 9}, want: No, proto: ProtoFailed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := Input{Data: []byte(c.data), Dir: c.dir, Datagram: c.transport == UDP, EOF: c.eof}
			got := detector.Detect(in, c.transport, c.ports)
			if got.Answer != c.want || got.Proto != c.proto || got.Reversed != c.reversed || (got.Parser != nil) != (c.want == Yes) {
				t.Errorf("got %+v, want answer %d, %v, reversed %v", got, c.want, c.proto, c.reversed)
			}
		})
	}
	if asked == 0 {
		t.Error("the second parser of a port was never asked")
	}
}

func TestOneWayThePatternsOfTheOtherSideDoNotCount(t *testing.T) {
	detector, err := NewDetector([]Candidate{{Parser: fake{proto: ProtoSSH, patterns: []Pattern{
		{Transport: TCP, Dir: decoders.ToClient, Bytes: []byte("SSH")},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Data: []byte("SSH, and more than any pattern has"), Dir: decoders.ToServer}
	if got := detector.Detect(in, TCP, Ports{}); got.Answer != Yes || !got.Reversed {
		t.Errorf("either way: %+v", got)
	}
	if got := detector.DetectOneWay(in, TCP, Ports{}); got.Answer != No {
		t.Errorf("one way: %+v", got)
	}
}

func TestBadPatternsAreRefused(t *testing.T) {
	for _, p := range []Pattern{{Transport: TCP}, {Transport: TCP, Offset: -1, Bytes: []byte("x")}} {
		if _, err := NewDetector([]Candidate{{Parser: fake{patterns: []Pattern{p}}}}); !errors.Is(err, ErrDetector) {
			t.Errorf("%+v: %v, want ErrDetector", p, err)
		}
	}
}

func TestSidesOfAFlow(t *testing.T) {
	yes := Detection{Answer: Yes, Proto: ProtoDNS}
	no := Detection{Answer: No, Proto: ProtoFailed}
	maybe := Detection{Answer: Maybe}
	type step struct {
		dir decoders.Direction
		r   Detection
	}
	cases := []struct {
		name  string
		steps []step
		want  Proto
		sides [2]Proto
		wants [2]bool
	}{
		{"nothing seen", nil, ProtoUnknown, [2]Proto{}, [2]bool{true, true}},
		{"the first side decides", []step{{0, yes}}, ProtoDNS, [2]Proto{ProtoDNS, 0}, [2]bool{false, false}},
		{"one side failed, the other may tell", []step{{0, no}}, ProtoUnknown, [2]Proto{ProtoFailed, 0}, [2]bool{false, true}},
		{"the other side tells", []step{{0, no}, {1, yes}}, ProtoDNS, [2]Proto{ProtoFailed, ProtoDNS}, [2]bool{false, false}},
		{"neither tells", []step{{1, no}, {0, no}}, ProtoFailed, [2]Proto{ProtoFailed, ProtoFailed}, [2]bool{false, false}},
		{"more is needed", []step{{0, maybe}}, ProtoUnknown, [2]Proto{}, [2]bool{true, true}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var s Sides
			for _, step := range c.steps {
				s.Learn(step.dir, step.r)
			}
			if s.Chosen != c.want || s.Side != c.sides {
				t.Errorf("%v %v, want %v %v", s.Chosen, s.Side, c.want, c.sides)
			}
			if got := [2]bool{s.Wants(0), s.Wants(1)}; got != c.wants {
				t.Errorf("wants %v, want %v", got, c.wants)
			}
		})
	}
}

func TestDetectDoesNotAllocate(t *testing.T) {
	detector, err := NewDetector([]Candidate{{Parser: fake{proto: ProtoDNS, word: "name"}, UDPPorts: []uint16{53}}})
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Data: []byte("name"), Datagram: true}
	if n := testing.AllocsPerRun(100, func() { detector.Detect(in, UDP, Ports{4000, 53}) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
