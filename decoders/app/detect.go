package app

import (
	"errors"
	"fmt"
	"slices"

	"spanwatch/decoders"
)

// Transport is the IP protocol number below an application protocol.
type Transport uint8

// Transports.
const (
	TCP Transport = 6
	UDP Transport = 17
)

// Ports of a packet, in the direction that it travels.
type Ports struct {
	Src, Dst uint16
}

// Pattern is a run of bytes that a flow of a protocol has at a fixed place.
type Pattern struct {
	Transport Transport
	Dir       decoders.Direction // which side sends it
	Offset    int
	Bytes     []byte
	// Confirm leaves the decision to the parser's Probe: the pattern alone is
	// too weak.
	Confirm bool
}

// Candidate gives a parser its share of detection.
type Candidate struct {
	Parser Parser
	// TCPPorts and UDPPorts are the ports, of either endpoint, at which Probe
	// is asked. The port alone decides nothing.
	TCPPorts, UDPPorts []uint16
}

// Detection is the answer of Detect.
type Detection struct {
	// Answer is Yes, Maybe when more payload is needed, or No.
	Answer Answer
	Proto  Proto  // ProtoUnknown with Maybe, ProtoFailed with No
	Parser Parser // nil unless Yes
	// Reversed says that the payload runs the other way than Input.Dir. When
	// the other side has not spoken yet, the flow was first seen from its
	// server and its directions are to be swapped.
	Reversed bool
}

// Detector finds the protocol of flows: patterns first, probing parsers
// second, the port never alone. It keeps nothing about flows; see Sides. Like
// the parsers it holds, it is used by one goroutine.
type Detector struct {
	patterns []patternOf
	begins   [2][2]firstBytes // of patterns, by transport (TCP, UDP) and Pattern.Dir
	probes   [2]probeTable    // TCP, UDP
	known    [256]bool        // by Proto
	longest  [2]int           // bytes that the patterns of a direction reach to, TCP
}

type patternOf struct {
	Pattern
	parser Parser
}

// firstBytes lists, by the first byte of a payload, the patterns that it does not
// rule out, in their order. There are some hundred patterns, and nearly all of
// them begin with another byte.
type firstBytes [256][]uint16

func (b *firstBytes) add(p *Pattern, index int) {
	for first := range b {
		if p.Offset > 0 || int(p.Bytes[0]) == first {
			b[first] = append(b[first], uint16(index))
		}
	}
}

// transportIndex is the place of a transport in tables of two.
func transportIndex(t Transport) int {
	if t == UDP {
		return 1
	}
	return 0
}

// probeTable lists the parsers to ask by port.
type probeTable struct {
	byPort [65536]uint8 // index into lists; 0 is nobody
	lists  [][]Parser
}

// How far Suricata's patterns reach at least: to the server there is the
// preface of HTTP/2, to the client the version of HTTP/1.
const (
	longestToServer = 24
	longestToClient = 8
)

// ErrDetector is wrapped by every error of NewDetector.
var ErrDetector = errors.New("bad protocol detection")

// NewDetector makes a Detector. Where several candidates share a port they are
// asked in the order given.
func NewDetector(candidates []Candidate) (*Detector, error) {
	d := &Detector{longest: [2]int{longestToServer, longestToClient}}
	for _, c := range candidates {
		if p, ok := c.Parser.(Patterned); ok {
			for _, pattern := range p.Patterns() {
				if len(pattern.Bytes) == 0 || pattern.Offset < 0 {
					return nil, fmt.Errorf("%w: %v has an empty pattern", ErrDetector, c.Parser.Proto())
				}
				d.begins[transportIndex(pattern.Transport)][pattern.Dir].add(&pattern, len(d.patterns))
				d.patterns = append(d.patterns, patternOf{pattern, c.Parser})
				d.known[c.Parser.Proto()] = true
				if pattern.Transport == TCP {
					d.longest[pattern.Dir] = max(d.longest[pattern.Dir], pattern.Offset+len(pattern.Bytes))
				}
			}
		}
		for i, ports := range [2][]uint16{c.TCPPorts, c.UDPPorts} {
			for _, port := range ports {
				d.known[c.Parser.Proto()] = true
				if err := d.probes[i].add(port, c.Parser); err != nil {
					return nil, err
				}
			}
		}
	}
	return d, nil
}

func (t *probeTable) add(port uint16, p Parser) error {
	if t.lists == nil {
		t.lists = [][]Parser{nil}
	}
	list := append(slices.Clone(t.lists[t.byPort[port]]), p)
	for i, l := range t.lists {
		if slices.EqualFunc(l, list, sameProto) {
			t.byPort[port] = uint8(i)
			return nil
		}
	}
	if len(t.lists) > 255 {
		return fmt.Errorf("%w: more than 255 different sets of parsers on one port", ErrDetector)
	}
	t.byPort[port] = uint8(len(t.lists))
	t.lists = append(t.lists, list)
	return nil
}

func sameProto(a, b Parser) bool { return a.Proto() == b.Proto() }

func (t *probeTable) at(port uint16) []Parser {
	if len(t.lists) == 0 {
		return nil
	}
	return t.lists[t.byPort[port]]
}

// Knows says whether anything in the bytes can tell protocol p.
func (d *Detector) Knows(p Proto) bool { return d.known[p] }

// Detect looks at the first payload that one side of a flow sent: a datagram,
// or the start of the stream as far as it is known. It may prove to run the
// other way.
func (d *Detector) Detect(in Input, transport Transport, ports Ports) Detection {
	return d.detect(in, transport, ports, true)
}

// DetectOneWay is Detect for a session whose opening was seen, so that there is
// no doubt about who sent the payload.
func (d *Detector) DetectOneWay(in Input, transport Transport, ports Ports) Detection {
	return d.detect(in, transport, ports, false)
}

func (d *Detector) detect(in Input, transport Transport, ports Ports, turned bool) Detection {
	wait := false
	// Patterns of the side that spoke come first: both sides of SSH begin
	// alike, and only the other side's pattern matching alone means that the
	// flow runs the other way.
	for _, reversed := range [2]bool{false, true} {
		if reversed && !turned {
			break
		}
		dir := in.Dir
		if reversed {
			dir = dir.Opposite()
		}
		if len(in.Data) == 0 {
			wait = wait || !in.Datagram && d.hasPatterns(transport, dir)
			continue
		}
		for _, i := range d.begins[transportIndex(transport)][dir][in.Data[0]] {
			p := &d.patterns[i]
			switch p.match(in.Data) {
			case Maybe:
				wait = wait || !in.Datagram
			case Yes:
				if p.Confirm && p.parser.Probe(in) != Yes {
					continue
				}
				return Detection{Proto: p.parser.Proto(), Parser: p.parser, Answer: Yes, Reversed: reversed}
			}
		}
	}
	table := &d.probes[transportIndex(transport)]
	for _, list := range [2][]Parser{table.at(ports.Dst), table.at(ports.Src)} {
		for _, p := range list {
			switch p.Probe(in) {
			case Yes:
				return found(p, in)
			case Maybe:
				wait = true
			}
		}
	}
	// What is shorter than the longest pattern is not given up, as in Suricata:
	// a side that says no more than that stays unknown.
	if wait || !in.Datagram && len(in.Data) < d.longest[in.Dir] {
		return Detection{Answer: Maybe}
	}
	return Detection{Answer: No, Proto: ProtoFailed}
}

// hasPatterns says whether a side has any pattern, of which a payload without
// bytes tells nothing yet.
func (d *Detector) hasPatterns(transport Transport, dir decoders.Direction) bool {
	return slices.ContainsFunc(d.patterns, func(p patternOf) bool { return p.Transport == transport && p.Dir == dir })
}

func found(p Parser, in Input) Detection {
	r := Detection{Proto: p.Proto(), Parser: p, Answer: Yes}
	if d, ok := p.(Directed); ok {
		r.Reversed = d.Direction(in) != in.Dir
	}
	return r
}

func (p *patternOf) match(data []byte) Answer {
	n := min(len(data), p.Offset+len(p.Bytes)) - p.Offset
	if n < 0 {
		return Maybe
	}
	if string(data[p.Offset:p.Offset+n]) != string(p.Bytes[:n]) {
		return No
	}
	if n < len(p.Bytes) {
		return Maybe
	}
	return Yes
}

// Sides is what a flow remembers of detection, which goes on separately for
// each side until one is known: plain data, to be embedded in the flow.
type Sides struct {
	Chosen Proto    // the flow's protocol; ProtoUnknown until it is known
	Side   [2]Proto // what each direction looked like by itself
}

// Wants reports whether payload of direction dir should be given to Detect.
func (s *Sides) Wants(dir decoders.Direction) bool {
	return s.Chosen == ProtoUnknown && s.Side[dir] == ProtoUnknown
}

// Learn takes an answer to the payload of direction dir, after the flow was
// swapped if it had to be. The first side that
// is recognised decides; the flow has failed when neither is.
func (s *Sides) Learn(dir decoders.Direction, r Detection) {
	switch r.Answer {
	case Maybe:
		return
	case Yes:
		s.Side[dir] = r.Proto
		s.Chosen = r.Proto
	default:
		s.Side[dir] = ProtoFailed
		if s.Side[dir.Opposite()] == ProtoFailed {
			s.Chosen = ProtoFailed
		}
	}
}
