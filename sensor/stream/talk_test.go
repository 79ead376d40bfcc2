package stream

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/decoderstest"
	"spanwatch/sensor/flow"
)

// piece is one packet of a talk. Sequence numbers are relative: seq to the
// sender's first number, ack to the other side's; both are absent as 0.
type piece struct {
	from  byte   // 'c' or 's'
	flags string // of SAFRPUEC
	seq   int64
	ack   int64
	data  string
	win   int // 0 is 60000, -1 is a closed window
	urg   uint16
	opts  string        // TCP options as bytes
	at    int64         // nanoseconds after the packet before; 0 is a millisecond
	bad   bool          // wrong checksum
	raw   *decoders.Seq // acknowledgment number as it stands on the wire
}

// First sequence numbers of both sides of a talk.
const (
	clientISN = 1000
	serverISN = 5000
)

// talk makes packets of one flow.
type talk struct {
	client, server netip.AddrPort
	cISN, sISN     uint32
	now            int64
	number         uint64
}

func newTalk() *talk {
	return &talk{client: netip.MustParseAddrPort("10.0.0.1:40000"), server: netip.MustParseAddrPort("10.0.0.2:80"),
		cISN: clientISN, sISN: serverISN, now: 1_700_000_000e9}
}

var flagLetters = map[rune]uint8{'F': decoders.TCPFin, 'S': decoders.TCPSyn, 'R': decoders.TCPRst, 'P': decoders.TCPPsh,
	'A': decoders.TCPAck, 'U': decoders.TCPUrg, 'E': decoders.TCPEce, 'C': decoders.TCPCwr}

// frame builds the frame of a piece.
func (k *talk) frame(s piece) decoders.Frame {
	src, dst, seq, ack := k.client, k.server, k.cISN, k.sISN
	if s.from == 's' {
		src, dst, seq, ack = dst, src, ack, seq
	}
	h := decoderstest.TCP{Src: src.Port(), Dst: dst.Port(), Seq: seq + uint32(s.seq), Window: 60000, Urgent: s.urg, Options: s.opts, BadSum: s.bad}
	for _, c := range s.flags {
		h.Flags |= flagLetters[c]
	}
	if h.Flags&decoders.TCPAck != 0 {
		h.Ack = ack + uint32(s.ack)
	}
	if s.raw != nil {
		h.Ack = uint32(*s.raw)
	}
	if s.win > 0 {
		h.Window = uint16(s.win)
	}
	b := decoderstest.Build(decoderstest.Ether{}, decoderstest.IP4{Src: src.Addr().String(), Dst: dst.Addr().String()}, h, decoderstest.Bytes(s.data))
	if s.win < 0 {
		binary.BigEndian.PutUint16(b[14+20+14:], 0) // the checksum is wrong now
	}
	if s.at == 0 {
		s.at = 1e6
	}
	k.now += s.at
	k.number++
	return decoders.Frame{Data: b, Timestamp: k.now, Number: k.number, WireLen: uint32(len(b)), Link: decoders.LinkEthernet}
}

// room is an engine with what a test needs around it.
type room struct {
	*Engine
	t       testing.TB
	decoder *decoders.Decoder
	flow    flow.Flow
	talk    *talk
}

func newRoom(t testing.TB, change func(*Config)) *room {
	t.Helper()
	cfg := DefaultConfig()
	cfg.MaxSessions = 64
	cfg.Hosts = nil
	if change != nil {
		change(&cfg)
	}
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d, err := decoders.NewDecoder(decoders.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	return &room{Engine: e, t: t, decoder: d, talk: newTalk()}
}

// say gives the engine a piece.
func (r *room) say(s piece) Verdict {
	r.t.Helper()
	f := r.talk.frame(s)
	var p decoders.Packet
	r.decoder.Decode(&f, &p)
	if p.Refused != decoders.ReasonNone {
		r.t.Fatalf("%+v does not decode: %v", s, p.Refused)
	}
	dir := decoders.ToServer
	if s.from == 's' {
		dir = decoders.ToClient
	}
	return r.Packet(&r.flow, &p, dir)
}

// names writes a set of events.
func names(s decoders.StreamEventSet) string {
	var list []string
	for _, e := range s.Append(nil) {
		list = append(list, e.String())
	}
	return strings.Join(list, " ")
}

// tsOption is the TCP option of RFC 7323 section 3.2, padded.
func tsOption(val, ecr uint32) string {
	b := []byte{1, 1, 8, 10}
	b = binary.BigEndian.AppendUint32(b, val)
	return string(binary.BigEndian.AppendUint32(b, ecr))
}

func (s piece) String() string {
	return fmt.Sprintf("%c %s seq %d ack %d len %d win %d", s.from, s.flags, s.seq, s.ack, len(s.data), s.win)
}
