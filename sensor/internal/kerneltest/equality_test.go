//go:build linux && (amd64 || arm64)

package kerneltest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"spanwatch/bpf"
	"spanwatch/decoders"
	"spanwatch/decoders/decoderstest"
)

// limit bounds the frames taken of one capture.
const limit = 3000

// wholeHeaders is a frame with all of an Ethernet and an IPv6 header: the test
// run of the kernel takes no socket buffer of IP with less.
const wholeHeaders = 14 + 40

// counts are what packets gave: flows by key, and reasons by name.
type counts struct {
	flows   map[decoders.FlowKey]flow
	gone    map[decoders.FlowKey]flow // evicted since the last reading
	reasons [2]map[string]bpf.Count   // of outermost packets, and within tunnels
}

type flow struct{ packets, bytes [2]uint64 }

func (f *flow) add(other flow) {
	for dir := range 2 {
		f.packets[dir] += other.packets[dir]
		f.bytes[dir] += other.bytes[dir]
	}
}

func newCounts() *counts {
	return &counts{flows: map[decoders.FlowKey]flow{}, gone: map[decoders.FlowKey]flow{}, reasons: [2]map[string]bpf.Count{{}, {}}}
}

func (c *counts) refuse(depth uint8, reason string, bytes uint32) {
	m := c.reasons[min(depth, 1)]
	n := m[reason]
	n.Add(bpf.Count{Packets: 1, Bytes: uint64(bytes)})
	m[reason] = n
}

// principled are the reasons that the kernel side gives a packet on purpose
// where the decoders give another.
var principled = map[string]string{
	"ipv6_ext_headers": "the kernel walks 25 extension headers, the decoders 256",
	"too_many_layers":  "the kernel walks 16 MPLS labels and 8 GRE source routes, the decoders any number",
	"truncated":        "the kernel looks for headers in the first 4096 bytes only",
}

// decode adds what the decoders make of a frame, with depth tunnels followed.
func (c *counts) decode(d *decoders.Decoder, data []byte, depth int) {
	var packets [2]decoders.Packet
	p, next := &packets[0], &packets[1]
	d.Decode(&decoders.Frame{Data: data, WireLen: uint32(len(data)), Link: decoders.LinkEthernet, Number: 1}, p)
	for {
		switch p.Refused {
		case decoders.ReasonNone, decoders.ReasonFragment:
			var k decoders.FlowKey
			dir := 0
			if p.FlowKey(&k) {
				dir = 1
			}
			f := c.flows[k]
			f.packets[dir]++
			f.bytes[dir] += uint64(p.WireLen)
			c.flows[k] = f
		default:
			c.refuse(p.Depth, p.Refused.String(), p.WireLen)
		}
		if p.Refused != decoders.ReasonNone || p.Inner == decoders.TunnelNone || depth == 0 {
			return
		}
		d.DecodeInner(p, next)
		p, next = next, p
	}
}

// read fills c with what the kernel counted.
func (c *counts) read(t testing.TB, p *bpf.Programs) {
	t.Helper()
	add := func(flows map[decoders.FlowKey]flow) func(*bpf.FlowRecord) {
		return func(r *bpf.FlowRecord) {
			k := *(*decoders.FlowKey)(unsafe.Pointer(&r.Key))
			f := flows[k]
			f.add(flow{r.Packets, r.Bytes})
			flows[k] = f
		}
	}
	if _, err := p.Evictions(math.MaxInt, add(c.gone)); err != nil {
		t.Fatal(err)
	}
	if err := p.ReadFlows(add(c.flows)); err != nil {
		t.Fatal(err)
	}
	s, err := p.Stats()
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Refused {
		for r, n := range s.Refused[i] {
			if n.Packets > 0 {
				c.reasons[i][bpf.Reason(r).String()] = n
			}
		}
	}
	if s.LostFlows != 0 || s.TornReads != 0 {
		t.Fatalf("the table is too small for the test: %d flows lost, %d reads torn", s.LostFlows, s.TornReads)
	}
}

// differences lists what want has and got has not, and the other way round.
func differences(got, want *counts) (list []string) {
	for k, w := range want.flows {
		if g := got.flows[k]; g != w {
			list = append(list, fmt.Sprintf("flow %+v: kernel %+v, decoders %+v", k, g, w))
		}
	}
	for k, g := range got.flows {
		if _, ok := want.flows[k]; !ok {
			list = append(list, fmt.Sprintf("flow %+v: kernel %+v, decoders have none", k, g))
		}
	}
	for i := range want.reasons {
		for name, w := range want.reasons[i] {
			if g := got.reasons[i][name]; g != w {
				list = append(list, fmt.Sprintf("reason %s[%d]: kernel %+v, decoders %+v", name, i, g, w))
			}
		}
		for name, g := range got.reasons[i] {
			if _, ok := want.reasons[i][name]; !ok {
				list = append(list, fmt.Sprintf("reason %s[%d]: kernel %+v, decoders have none", name, i, g))
			}
		}
	}
	slices.Sort(list)
	return list
}

// explained reports whether the kernel refused the packet for a limit of its own.
func explained(got *counts) bool {
	for i := range got.reasons {
		for name := range got.reasons[i] {
			if _, ok := principled[name]; ok {
				return true
			}
		}
	}
	return false
}

// ethernet gives a frame of another link type an Ethernet header, where it holds
// one network packet of a known EtherType. ok is false if it does not.
func ethernet(f *decoders.Frame) (data []byte, ok bool) {
	header := func(typ uint16, rest []byte) ([]byte, bool) {
		b := append(make([]byte, 12, 14+len(rest)), byte(typ>>8), byte(typ))
		return append(b, rest...), true
	}
	switch f.Link {
	case decoders.LinkEthernet:
		return f.Data, len(f.Data) >= 14
	case decoders.LinkRaw, decoders.LinkRawBSD, decoders.LinkRawOBSD, decoders.LinkIPv4, decoders.LinkIPv6:
		if len(f.Data) > 0 && f.Data[0]>>4 == 6 {
			return header(0x86dd, f.Data)
		}
		return header(0x0800, f.Data)
	case decoders.LinkLinuxSLL:
		if len(f.Data) >= 16 {
			return header(binary.BigEndian.Uint16(f.Data[14:]), f.Data[16:])
		}
	case decoders.LinkSLL2:
		if len(f.Data) >= 20 {
			return header(binary.BigEndian.Uint16(f.Data), f.Data[20:])
		}
	case decoders.LinkPPP, decoders.LinkPPPHDLC:
		return header(0x880b, f.Data)
	case decoders.LinkCHDLC:
		if len(f.Data) >= 4 {
			return header(binary.BigEndian.Uint16(f.Data[2:]), f.Data[4:])
		}
	}
	return nil, false
}

// programs loads the accounting programs; the test is skipped where that cannot
// be, unless $SPANWATCH_TEST_REQUIRE names bpf.
func programs(t testing.TB, depth int) *bpf.Programs {
	t.Helper()
	cfg := bpf.DefaultConfig("none")
	cfg.FlowsPerCPU = 1 << 10
	cfg.EvictionBytes = 1 << 22
	cfg.TunnelDepth = depth
	p, err := bpf.LoadDetached(cfg)
	if errors.Is(err, bpf.ErrPermission) && os.Geteuid() != 0 && !decoderstest.Required("bpf") {
		t.Skipf("needs root: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func decoder(t testing.TB, depth int) *decoders.Decoder {
	t.Helper()
	cfg := decoders.DefaultConfig()
	cfg.MaxDepth = depth
	cfg.TeredoPorts = nil // Teredo is not among the tunnels of the kernel side
	d, err := decoders.NewDecoder(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// side gives frames to one of the kernel's programs.
type side struct {
	name  string
	depth int // tunnels followed
	most  int // bytes of a frame that the kernel's test run takes
	run   func(p *bpf.Programs, frame []byte) error
}

var sides = []side{
	{"xdp", 4, 9000, runXDP},
	{"xdp without tunnels", 0, 9000, runXDP}, // another way through the parser
	{"tcx", 4, 3500, func(p *bpf.Programs, frame []byte) error {
		return p.RunTCX(bpf.Ingress, frame, bpf.Segments{})
	}},
}

func runXDP(p *bpf.Programs, frame []byte) error {
	_, err := p.RunXDP(frame, 1)
	return err
}

// TestKernelCountsAsDecodersDo compares whole collections, and looks for the
// packets where they differ.
func TestKernelCountsAsDecodersDo(t *testing.T) {
	for name, collection := range map[string]func(testing.TB, int) []decoderstest.Capture{
		"testdata": decoderstest.Testdata,
		"corpus":   decoderstest.Permissive,
	} {
		t.Run(name, func(t *testing.T) {
			captures := collection(t, limit)
			for _, s := range sides {
				t.Run(s.name, func(t *testing.T) { compare(t, s, captures) })
			}
		})
	}
}

func compare(t *testing.T, s side, captures []decoderstest.Capture) {
	kernel, d := programs(t, s.depth), decoder(t, s.depth)
	frames, other, large, short, flows := 0, 0, 0, 0, 0
	for _, c := range captures {
		var kept [][]byte
		before, want := newCounts(), newCounts()
		before.read(t, kernel)
		for i := range c.Frames {
			data, ok := ethernet(&c.Frames[i])
			switch {
			case !ok:
				other++
				continue
			case len(data) > s.most:
				large++
				continue
			}
			err := s.run(kernel, data)
			if errors.Is(err, unix.EINVAL) && len(data) < wholeHeaders {
				short++
				continue
			}
			if err != nil {
				t.Fatalf("%s: frame %d of %d bytes: %v", c.Name, i+1, len(data), err)
			}
			want.decode(d, data, s.depth)
			kept = append(kept, data)
		}
		after := newCounts()
		after.read(t, kernel)
		frames += len(kept)
		flows += len(want.flows)
		if len(differences(minus(after, before), want)) > 0 {
			search(t, s, c.Name, kept)
		}
	}
	if frames == 0 {
		t.Fatal("no frames to compare")
	}
	conserved(t, kernel)
	t.Logf("%d frames of %d captures, %d flows; left out %d of link types that no Ethernet header can stand for, %d longer and %d shorter than the kernel's test run takes",
		frames, len(captures), flows, other, large, short)
}

// search gives the frames of a capture to fresh programs one by one, and reports
// those that differ and that no principle explains.
func search(t *testing.T, s side, capture string, frames [][]byte) {
	kernel, d := programs(t, s.depth), decoder(t, s.depth)
	before := newCounts()
	before.read(t, kernel)
	unexplained := 0
	for i, data := range frames {
		if err := s.run(kernel, data); err != nil {
			t.Fatal(err)
		}
		after := newCounts()
		after.read(t, kernel)
		got, want := minus(after, before), newCounts()
		before = after
		want.decode(d, data, s.depth)
		diff := differences(got, want)
		if len(diff) == 0 || explained(got) {
			continue
		}
		if unexplained++; unexplained <= 3 {
			t.Errorf("%s: frame %d of those compared, % x:", capture, i+1, data[:min(len(data), 96)])
			for _, line := range diff {
				t.Errorf("  %s", line)
			}
		}
	}
	if unexplained > 0 {
		t.Errorf("%s: %d packets differ", capture, unexplained)
	}
}

// minus is what was counted between two readings. A flow that was evicted in
// between had at its end what the reading before showed, and more.
func minus(after, before *counts) *counts {
	out := newCounts()
	for _, flows := range []map[decoders.FlowKey]flow{after.flows, after.gone} {
		for k, f := range flows {
			sum := out.flows[k]
			sum.add(f)
			out.flows[k] = sum
		}
	}
	for k, b := range before.flows {
		f := out.flows[k]
		for dir := range 2 {
			f.packets[dir] -= b.packets[dir]
			f.bytes[dir] -= b.bytes[dir]
		}
		out.flows[k] = f
	}
	for k, f := range out.flows {
		if f == (flow{}) {
			delete(out.flows, k)
		}
	}
	for i := range after.reasons {
		for name, a := range after.reasons[i] {
			b := before.reasons[i][name]
			if a != b {
				out.reasons[i][name] = bpf.Count{Packets: a.Packets - b.Packets, Bytes: a.Bytes - b.Bytes}
			}
		}
	}
	return out
}

// conserved checks the equation of package bpf at rest; nothing was evicted.
func conserved(t *testing.T, p *bpf.Programs) {
	t.Helper()
	s, err := p.Stats()
	if err != nil {
		t.Fatal(err)
	}
	var flows [2]bpf.Count
	if err := p.ReadFlows(func(r *bpf.FlowRecord) { flows[min(r.Key.Depth, 1)].Add(r.Total()) }); err != nil {
		t.Fatal(err)
	}
	refused := s.RefusedSum()
	for i, want := range [2]bpf.Count{s.Total[bpf.Ingress], s.Inner} {
		got := flows[i]
		got.Add(refused[i])
		got.Add(s.Lost[i])
		if s.EvictedFlows == 0 && got != want {
			t.Errorf("flows and reasons[%d] add up to %+v of %+v", i, got, want)
		}
	}
}

// TestReasonsHaveOneName holds the kernel's reasons and those of the decoders
// together.
func TestReasonsHaveOneName(t *testing.T) {
	names := map[string]bool{}
	for r := range decoders.ReasonCount {
		names[r.String()] = true
	}
	for r := range bpf.ReasonDuplicate {
		if !names[r.String()] {
			t.Errorf("reason %s of the kernel side is none of decoders", r)
		}
	}
}

// TestTunnelsHaveOneNumber holds the kinds of tunnels together.
func TestTunnelsHaveOneNumber(t *testing.T) {
	for _, c := range []struct {
		kernel bpf.Tunnel
		ours   decoders.TunnelKind
	}{
		{bpf.TunnelNone, decoders.TunnelNone}, {bpf.TunnelGRE, decoders.TunnelGRE}, {bpf.TunnelERSPAN, decoders.TunnelERSPAN},
		{bpf.TunnelIPIP, decoders.TunnelIPIP}, {bpf.TunnelIPv6, decoders.TunnelIPv6}, {bpf.TunnelVXLAN, decoders.TunnelVXLAN},
		{bpf.TunnelGeneve, decoders.TunnelGeneve}, {bpf.TunnelGTPU, decoders.TunnelGTPU},
	} {
		if uint8(c.kernel) != uint8(c.ours) {
			t.Errorf("tunnel %d of the kernel side is %d in decoders", c.kernel, c.ours)
		}
	}
}

// TestKeysHaveOneLayout lets a record of the kernel be read as a key of the
// decoders, which are smaller by the four bytes of padding at its end.
func TestKeysHaveOneLayout(t *testing.T) {
	var k bpf.FlowKey
	var d decoders.FlowKey
	if unsafe.Sizeof(k) != unsafe.Sizeof(d)+4 {
		t.Fatalf("keys of %d and %d bytes", unsafe.Sizeof(k), unsafe.Sizeof(d))
	}
	for name, offsets := range map[string][2]uintptr{
		"AddrB":     {unsafe.Offsetof(k.AddrB), unsafe.Offsetof(d.AddrB)},
		"PortA":     {unsafe.Offsetof(k.PortA), unsafe.Offsetof(d.PortA)},
		"PortB":     {unsafe.Offsetof(k.PortB), unsafe.Offsetof(d.PortB)},
		"VLANs":     {unsafe.Offsetof(k.VLANs), unsafe.Offsetof(d.VLANs)},
		"Proto":     {unsafe.Offsetof(k.Proto), unsafe.Offsetof(d.Proto)},
		"IPVersion": {unsafe.Offsetof(k.IPVersion), unsafe.Offsetof(d.IPVersion)},
		"TunnelID":  {unsafe.Offsetof(k.TunnelID), unsafe.Offsetof(d.TunnelID)},
		"Depth":     {unsafe.Offsetof(k.Depth), unsafe.Offsetof(d.Depth)},
		"Tunnel":    {unsafe.Offsetof(k.Tunnel), unsafe.Offsetof(d.Tunnel)},
		"Source":    {unsafe.Offsetof(k.Source), unsafe.Offsetof(d.Source)},
	} {
		if offsets[0] != offsets[1] {
			t.Errorf("%s stands at %d and %d", name, offsets[0], offsets[1])
		}
	}
}
