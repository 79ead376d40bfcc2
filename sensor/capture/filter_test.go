//go:build cgo

package capture

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcap"
	"golang.org/x/net/bpf"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/capturetest"
)

// udpTo is an IPv4 datagram to the port, without a link header.
func udpTo(port uint16) []byte {
	ip := make([]byte, 28)
	ip[0], ip[8], ip[9] = 0x45, 64, 17
	ip[3] = 28
	copy(ip[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	binary.BigEndian.PutUint16(ip[20:], 40000)
	binary.BigEndian.PutUint16(ip[22:], port)
	ip[25] = 8
	return ip
}

// linkHeaders are what comes before an IPv4 header in frames of each link type.
var linkHeaders = map[decoders.LinkType][]byte{
	decoders.LinkNull:     {2, 0, 0, 0},
	decoders.LinkEthernet: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 8, 0},
	decoders.LinkRawBSD:   {},
	decoders.LinkRawOBSD:  {},
	decoders.LinkRaw:      {},
	decoders.LinkLoop:     {0, 0, 0, 2},
	decoders.LinkLinuxSLL: {0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0},
	decoders.LinkIPv4:     {},
	decoders.LinkSLL2:     {8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0},
}

func TestTheFilterFindsTheIPHeaderOfEveryLinkType(t *testing.T) {
	for link, header := range linkHeaders {
		t.Run(LinkTypeName(link)+"_"+LinkTypeName(link+1000), func(t *testing.T) {
			var frames []decoders.Frame
			for i, port := range []uint16{53, 80, 53, 443} {
				frames = append(frames, decoders.Frame{Data: append(append([]byte(nil), header...), udpTo(port)...), Timestamp: int64(i)})
			}
			path := writeBytes(t, t.TempDir(), "a", capturetest.AppendPcap(nil, link, frames))
			s := mustOpen(t, Options{Paths: []string{path}, Filter: "udp dst port 53"})
			got, faults := drain(t, s)
			if len(faults) > 0 || len(got) != 2 || got[0].Number != 1 || got[1].Number != 3 || s.Stats().Filtered != 2 {
				t.Errorf("got %v, %v and %+v", got, faults, s.Stats())
			}
		})
	}
}

func TestABadFilterIsRefusedInTheWordsOfLibpcap(t *testing.T) {
	path := write(t, t.TempDir(), "a", at('a', 1))
	raw := writeBytes(t, t.TempDir(), "raw", capturetest.AppendPcap(nil, decoders.LinkRaw, nil))
	for _, tt := range []struct{ name, path, filter, want string }{
		{"a_word_that_is_none", path, "udp portt 53", `filter "udp portt 53" for link type ETHERNET: `},
		{"an_open_bracket", path, "(udp", "syntax error"},
		{"a_loop", path, "ip6 protochain 6", "expression loops"},
		{"what_the_link_type_has_not", raw, "ether host 0:1:2:3:4:5", "for link type RAW: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := OpenFiles(Options{Paths: []string{tt.path}, Filter: tt.filter})
			var bad *FilterError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), tt.want) || strings.HasSuffix(err.Error(), ": ") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAFilterThatDoesNotFitALaterLinkTypeIsAFaultOnce(t *testing.T) {
	// The second interface is met only when its file is read.
	dir := t.TempDir()
	b := ngFile(1)
	b = append(b, ngFile(101, 101)...)
	path := writeBytes(t, dir, "a", b)
	s := mustOpen(t, Options{Paths: []string{path}, Filter: "link[0] = 97 or ether host 1:2:3:4:5:6"})
	got, faults := drain(t, s)
	var bad *FilterError
	if len(faults) != 1 || !errors.As(faults[0], &bad) || bad.Link != 101 {
		t.Fatalf("got %v", faults)
	}
	if marks(got) != "a" || s.Stats().Filtered != 2 || len(s.Faults()) != 1 {
		t.Errorf("got %q, %+v, %v", marks(got), s.Stats(), s.Faults())
	}
}

func TestFilteringAllocatesNothing(t *testing.T) {
	f := &filter{expression: "udp and greater 50"}
	frames := at('a', 1, 2, 3)
	for i := range frames {
		frames[i].Link = decoders.LinkEthernet
	}
	if n := testing.AllocsPerRun(100, func() { f.pick(frames) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// expressions exercise every kind of instruction that libpcap emits.
var expressions = []string{
	"ip", "ip6", "arp or vlan", "tcp port 80", "udp src portrange 1000-60000", "host 10.0.0.1", "net 10.0.0.0/8 and not icmp",
	"greater 100", "less 80", "len % 7 = 3", "ip[2:2] - ((ip[0] & 0xf) << 2) > 20", "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
	"ip[8] * 3 / 2 > 90 or ip[9] ^ 5 = 1", "ether[0] & 1 = 0 and ip[16] >= 224", "ip proto 47 or ip6 proto 50",
	"vlan 5 and tcp", "mpls", "pppoes", "ip[0] >> 4 = 4", "len / (ip[8] - 64) > 1", "ip[ip[0] & 15] | 1 = 1", "tcp[20:4] = 0x47455420",
}

// sampleFrames are frames of the shared captures, or made ones without them.
func sampleFrames(t testing.TB) []decoders.Frame {
	var frames []decoders.Frame
	for _, port := range []uint16{53, 80, 2000} {
		data := append(append([]byte(nil), linkHeaders[decoders.LinkEthernet]...), udpTo(port)...)
		for cut := range data {
			frames = append(frames, decoders.Frame{Data: data[:cut], WireLen: uint32(cut * 3)})
		}
	}
	root := os.Getenv("SPANWATCH_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	filepath.WalkDir(filepath.Join(root, "corpus", "permissive", "zeek"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		s, err := OpenFiles(Options{Paths: []string{path}, MaxFrames: 50})
		if err != nil {
			return nil
		}
		defer s.Close()
		got, _ := drain(t, s)
		frames = append(frames, got...)
		return nil
	})
	return frames
}

// TestTheInterpreterAgreesWithLibpcap runs every expression over many frames.
func TestTheInterpreterAgreesWithLibpcap(t *testing.T) {
	frames := sampleFrames(t)
	accepted := 0
	for _, e := range expressions {
		p, err := compileFilter(decoders.LinkEthernet, e)
		if err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		if err := p.verify(); err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		oracle, err := pcap.NewBPF(layers.LinkTypeEthernet, 262144, e)
		if err != nil {
			t.Fatalf("%s: %v", e, err)
		}
		for _, f := range frames {
			if len(f.Data) == 0 {
				continue // gopacket takes the address of the first byte
			}
			want := oracle.Matches(gopacket.CaptureInfo{CaptureLength: len(f.Data), Length: int(f.WireLen)}, f.Data)
			if got := p.run(f.Data, f.WireLen); got != want {
				t.Errorf("%s: got %v, libpcap %v for %x of %d", e, got, want, f.Data, f.WireLen)
			}
			if want {
				accepted++
			}
		}
	}
	if accepted == 0 {
		t.Fatal("no expression accepted any frame")
	}
	t.Logf("%d expressions, %d frames, accepted %d times", len(expressions), len(frames), accepted)
}

// FuzzProgram runs arbitrary programs that verify accepts beside x/net/bpf, where
// that one knows all of the instructions, with a frame captured whole.
func FuzzProgram(f *testing.F) {
	for _, e := range expressions {
		p, err := compileFilter(decoders.LinkEthernet, e)
		if err != nil {
			f.Fatal(err)
		}
		var b []byte
		for _, in := range p {
			b = binary.BigEndian.AppendUint16(b, in.op)
			b = append(b, in.jt, in.jf)
			b = binary.BigEndian.AppendUint32(b, in.k)
		}
		f.Add(b, append(append([]byte(nil), linkHeaders[decoders.LinkEthernet]...), udpTo(53)...))
	}
	f.Fuzz(func(t *testing.T, b, data []byte) {
		var p program
		var other []bpf.Instruction
		known := true
		for ; len(b) >= 8; b = b[8:] {
			in := instruction{op: binary.BigEndian.Uint16(b), jt: b[2], jf: b[3], k: binary.BigEndian.Uint32(b[4:])}
			p = append(p, in)
			i := bpf.RawInstruction{Op: in.op, Jt: in.jt, Jf: in.jf, K: in.k}.Disassemble()
			if _, raw := i.(bpf.RawInstruction); raw {
				known = false
			}
			if _, ext := i.(bpf.LoadExtension); ext && in.op != opLoadLen {
				known = false // a load beyond any frame for us, as for libpcap
			}
			if _, negate := i.(bpf.NegateA); negate {
				known = false // x/net/bpf has the instruction and does not run it
			}
			other = append(other, i)
		}
		if p.verify() != nil {
			return
		}
		got := p.run(data, uint32(len(data)))
		vm, err := bpf.NewVM(other)
		if err != nil || !known {
			return
		}
		n, err := vm.Run(data)
		if want := err == nil && n != 0; got != want {
			t.Fatalf("got %v, x/net/bpf %v (%v) for %v on %x", got, want, err, other, data)
		}
	})
}

// BenchmarkFilter compares the ways to run a program.
func BenchmarkFilter(b *testing.B) {
	const expression = "ip and (host 10.9.9.9 or udp dst port 53)"
	data := append(append([]byte(nil), linkHeaders[decoders.LinkEthernet]...), udpTo(53)...)
	p, err := compileFilter(decoders.LinkEthernet, expression)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !p.run(data, uint32(len(data))) {
				b.Fatal("refused")
			}
		}
	})
	b.Run("x_net_bpf", func(b *testing.B) {
		var list []bpf.Instruction
		for _, in := range p {
			list = append(list, bpf.RawInstruction{Op: in.op, Jt: in.jt, Jf: in.jf, K: in.k}.Disassemble())
		}
		vm, err := bpf.NewVM(list)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if n, err := vm.Run(data); n == 0 || err != nil {
				b.Fatal("refused")
			}
		}
	})
	b.Run("libpcap", func(b *testing.B) {
		m, err := pcap.NewBPF(layers.LinkTypeEthernet, 262144, expression)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if !m.Matches(gopacket.CaptureInfo{CaptureLength: len(data), Length: len(data)}, data) {
				b.Fatal("refused")
			}
		}
	})
}
