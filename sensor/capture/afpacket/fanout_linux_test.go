package afpacket

import (
	"fmt"
	"runtime"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"spanwatch/decoders"
	dt "spanwatch/decoders/decoderstest"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/internal/netnstest"
)

// spread reads all sources until so many frames have come in all, and returns
// the frames of each.
func spread(t *testing.T, c *Capture, n int) [][]decoders.Frame {
	t.Helper()
	all := make([][]decoders.Frame, len(c.Sources()))
	total := 0
	for deadline := time.Now().Add(patience); total < n && time.Now().Before(deadline); {
		time.Sleep(15 * time.Millisecond) // more than the block timeout
		for i, s := range c.Sources() {
			if r := s.ports.All[0].ring; r.ready() {
				left := int(r.left)
				all[i] = append(all[i], collect(t, s, left)...)
				total += left
			}
		}
	}
	if total != n {
		t.Fatalf("got %d frames of %d", total, n)
	}
	return all
}

// twoWays returns frames of both directions of many flows of one kind between
// many hosts, each frame several times.
func twoWays(layers func(flow int, back bool) []dt.Layer) [][]byte {
	var frames [][]byte
	for round := range 5 {
		for flow := range 100 {
			for _, back := range []bool{false, true} {
				if round%2 == 1 {
					back = !back
				}
				frames = append(frames, dt.Build(append(layers(flow, back), dt.Bytes(fmt.Sprintf("flow %03d %d", flow, round)))...))
			}
		}
	}
	return frames
}

func ip4Pair(flow int, back bool) (dt.IP4, dt.UDP) {
	a, b := fmt.Sprintf("10.0.%d.1", flow), fmt.Sprintf("10.1.0.%d", flow+1)
	if back {
		return dt.IP4{Src: b, Dst: a}, dt.UDP{Src: 53, Dst: uint16(2000 + flow)}
	}
	return dt.IP4{Src: a, Dst: b}, dt.UDP{Src: uint16(2000 + flow), Dst: 53}
}

func ip6Pair(flow int, back bool) (dt.IP6, dt.UDP) {
	a, b := fmt.Sprintf("2001:db8::%x", flow), fmt.Sprintf("2001:db8:1::%x", flow+1)
	if back {
		return dt.IP6{Src: b, Dst: a}, dt.UDP{Src: 53, Dst: uint16(2000 + flow)}
	}
	return dt.IP6{Src: a, Dst: b}, dt.UDP{Src: uint16(2000 + flow), Dst: 53}
}

// flowOf is the flow that twoWays wrote into the frame.
func flowOf(t *testing.T, f *decoders.Frame) (flow int) {
	t.Helper()
	const tail = len("flow 000 0")
	var round int
	if _, err := fmt.Sscanf(string(f.Data[len(f.Data)-tail:]), "flow %d %d", &flow, &round); err != nil {
		t.Fatalf("%v: %q", err, f.Data)
	}
	return flow
}

func TestFanoutDealsEveryFrameOnceAndKeepsFlowsTogether(t *testing.T) {
	traffic := []struct {
		name   string
		frames [][]byte
	}{
		{"ipv4", twoWays(func(flow int, back bool) []dt.Layer {
			ip, udp := ip4Pair(flow, back)
			return []dt.Layer{dt.Ether{}, ip, udp}
		})},
		{"ipv6", twoWays(func(flow int, back bool) []dt.Layer {
			ip, udp := ip6Pair(flow, back)
			return []dt.Layer{dt.Ether{}, ip, udp}
		})},
		{"vlan", twoWays(func(flow int, back bool) []dt.Layer {
			ip, udp := ip4Pair(flow, back)
			return []dt.Layer{dt.Ether{}, dt.VLAN{ID: 5}, ip, udp}
		})},
		{"qinq", twoWays(func(flow int, back bool) []dt.Layer {
			ip, udp := ip6Pair(flow, back)
			return []dt.Layer{dt.Ether{}, dt.VLAN{ID: 5, Service: true}, dt.VLAN{ID: 6}, ip, udp}
		})},
		{"three_tags", twoWays(func(flow int, back bool) []dt.Layer {
			ip, udp := ip4Pair(flow, back)
			return []dt.Layer{dt.Ether{}, dt.VLAN{ID: 5, Service: true}, dt.VLAN{ID: 6}, dt.VLAN{ID: 7}, ip, udp}
		})},
	}
	for _, fanout := range []Fanout{FanoutFlow, FanoutHosts} {
		for _, workers := range []int{2, 4} {
			for _, tt := range traffic {
				t.Run(fmt.Sprintf("by_%s_to_%d_%s", fanout, workers, tt.name), func(t *testing.T) {
					_, sender := enter(t, 0)
					c := open(t, Options{Workers: workers, Fanout: fanout, RingBytes: 1 << 20, BlockBytes: 128 << 10})
					sender.Send(t, tt.frames)
					worker := map[int]int{}
					var union []decoders.Frame
					for i, frames := range spread(t, c, len(tt.frames)) {
						union = append(union, frames...)
						if len(frames) == 0 {
							t.Errorf("worker %d got nothing", i)
						}
						for j := range frames {
							flow := flowOf(t, &frames[j])
							if w, seen := worker[flow]; seen && w != i {
								t.Fatalf("flow %d went to workers %d and %d", flow, w, i)
							}
							worker[flow] = i
						}
					}
					if len(worker) != 100 || !sameBytes(union, tt.frames) {
						t.Errorf("got %d flows, or not the frames that were sent", len(worker))
					}
				})
			}
		}
	}
}

func TestFragmentsComeToTheWorkerOfTheirFlow(t *testing.T) {
	// Of each pair of hosts one whole datagram and one in three pieces.
	var frames [][]byte
	const pairs = 50
	for i := range pairs {
		ip, udp := ip4Pair(i, false)
		ip.ID = uint16(i)
		frames = append(frames, dt.Build(dt.Ether{}, ip, udp, dt.Bytes("whole")))
		frames = append(frames, dt.Fragments(400, []dt.Layer{dt.Ether{}}, ip, udp, dt.Zeros(1000))...)
	}
	for _, tt := range []struct {
		fanout Fanout
		frames int // of each pair
	}{
		{FanoutFlow, 2}, // the kernel rebuilds the datagram
		{FanoutHosts, 4},
	} {
		t.Run("by_"+tt.fanout.String(), func(t *testing.T) {
			_, sender := enter(t, 0)
			c := open(t, Options{Workers: 4, Fanout: tt.fanout, RingBytes: 1 << 20, BlockBytes: 128 << 10})
			sender.Send(t, frames)
			worker := map[byte]int{}
			for i, got := range spread(t, c, tt.frames*pairs) {
				for _, f := range got {
					pair := f.Data[14+14] // third byte of the source address
					if w, seen := worker[pair]; seen && w != i {
						t.Fatalf("pair %d went to workers %d and %d", pair, w, i)
					}
					worker[pair] = i
				}
			}
			if len(worker) != pairs {
				t.Errorf("got %d pairs", len(worker))
			}
		})
	}
}

func TestFramesWithoutIPAreDealtByTheirStations(t *testing.T) {
	_, sender := enter(t, 0)
	c := open(t, Options{Workers: 4, Fanout: FanoutHosts, RingBytes: 1 << 20, BlockBytes: 128 << 10})
	var frames [][]byte
	for i := range 100 {
		a, b := [6]byte{2, 0, 0, 0, 1, byte(i)}, [6]byte{2, 0, 0, 0, byte(i), 3}
		frames = append(frames, dt.Build(dt.Ether{Src: a, Dst: b, Type: 0x88b5}, dt.Zeros(50), dt.Bytes([]byte{byte(i)})))
		frames = append(frames, dt.Build(dt.Ether{Src: b, Dst: a, Type: 0x88b5}, dt.Zeros(50), dt.Bytes([]byte{byte(i)})))
	}
	sender.Send(t, frames)
	worker := map[byte]int{}
	for i, got := range spread(t, c, len(frames)) {
		if len(got) == 0 {
			t.Errorf("worker %d got nothing", i)
		}
		for _, f := range got {
			pair := f.Data[len(f.Data)-1]
			if w, seen := worker[pair]; seen && w != i {
				t.Fatalf("pair %d went to workers %d and %d", pair, w, i)
			}
			worker[pair] = i
		}
	}
}

// insn is one eBPF instruction (Documentation/bpf/standardization of the kernel).
func insn(code, dst, src uint8, off int16, imm int32) uint64 {
	return uint64(code) | uint64(src<<4|dst)<<8 | uint64(uint16(off))<<16 | uint64(uint32(imm))<<32
}

// Operations of eBPF.
const (
	movReg, movImm, loadHalf, jumpNot, exit = 0xbf, 0xb7, 0x28, 0x55, 0x95
)

// loadProgram loads a socket filter and returns its descriptor.
func loadProgram(t *testing.T, code ...uint64) int {
	t.Helper()
	license := []byte("Dual BSD/GPL\x00")
	// The first members of union bpf_attr for BPF_PROG_LOAD.
	attr := struct {
		kind, count    uint32
		code, license  uint64
		level, logSize uint32
		log            uint64
		version, flags uint32
	}{kind: unix.BPF_PROG_TYPE_SOCKET_FILTER, count: uint32(len(code)),
		code: uint64(uintptr(unsafe.Pointer(&code[0]))), license: uint64(uintptr(unsafe.Pointer(&license[0])))}
	fd, _, errno := unix.Syscall(unix.SYS_BPF, unix.BPF_PROG_LOAD, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr))
	runtime.KeepAlive(code)
	runtime.KeepAlive(license)
	if errno != 0 {
		t.Fatalf("load an eBPF program: %v", errno)
	}
	t.Cleanup(func() { unix.Close(int(fd)) })
	return int(fd)
}

func TestAnEBPFProgramMayDeal(t *testing.T) {
	_, sender := enter(t, 0)
	fd := loadProgram(t, insn(movImm, 0, 0, 0, 1), insn(exit, 0, 0, 0, 0))
	c := open(t, Options{Workers: 3, Fanout: FanoutProgram, FanoutProgram: fd, RingBytes: 1 << 20, BlockBytes: 128 << 10})
	sender.Send(t, netnstest.UDPFlows(50, 64, false))
	if got := spread(t, c, 50); len(got[1]) != 50 {
		t.Errorf("worker 1 got %d frames, want all 50", len(got[1]))
	}
}

func TestFramesAreFilteredInTheKernel(t *testing.T) {
	const accept = 262144
	netnstest.Require(t)
	shunt := loadProgram(t,
		insn(movReg, 6, 1, 0, 0),         // loadHalf looks for the packet in r6
		insn(loadHalf, 0, 0, 0, 14+20+2), // the destination port
		insn(jumpNot, 0, 0, 2, 53),       // over the next two
		insn(movImm, 0, 0, 0, accept),
		insn(exit, 0, 0, 0, 0),
		insn(movImm, 0, 0, 0, 0),
		insn(exit, 0, 0, 0, 0))
	compiled, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: 14 + 20 + 2, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 53, SkipFalse: 1}, bpf.RetConstant{Val: 60}, bpf.RetConstant{Val: 0},
	})
	if err != nil {
		t.Fatal(err)
	}
	plain := func(port uint16, tags ...dt.Layer) []byte {
		return dt.Build(append(append([]dt.Layer{dt.Ether{}}, tags...), dt.IP4{}, dt.UDP{Src: 9, Dst: port}, dt.Zeros(50))...)
	}
	for _, tt := range []struct {
		name      string
		o         Options
		expr      bool
		want      []int // indexes into frames
		truncated uint64
	}{
		{"by_an_expression_that_does_not_see_the_tag", Options{Filter: "udp dst port 53"}, true, []int{0, 2, 3}, 0},
		{"by_an_expression_for_frames_without_tag", Options{Filter: "udp dst port 53 and not vlan"}, true, []int{0}, 0},
		{"by_an_expression_about_tags_that_the_kernel_has_taken_out", Options{Filter: "vlan 7 and udp dst port 53"}, true, []int{2}, 0},
		{"by_a_program_that_cuts_frames", Options{Program: compiled}, false, []int{0, 2, 3}, 3},
		{"by_an_eBPF_program", Options{FilterProgram: shunt}, false, []int{0, 2, 3}, 0},
	} {
		for _, workers := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s_%d", tt.name, workers), func(t *testing.T) {
				if tt.expr {
					needLibpcap(t)
				}
				_, sender := enter(t, 0)
				tt.o.Workers, tt.o.Fanout = workers, FanoutHosts
				c := open(t, tt.o)
				frames := [][]byte{plain(53), plain(80), plain(53, dt.VLAN{ID: 7}), plain(53, dt.VLAN{ID: 8}), plain(80, dt.VLAN{ID: 7})}
				sender.Send(t, frames)
				var got []decoders.Frame
				var seen, truncated uint64
				for _, f := range spread(t, c, len(tt.want)) {
					got = append(got, f...)
				}
				for _, s := range c.Sources() {
					i := s.Interfaces()[0]
					seen += i.Seen
					truncated += i.Truncated
					silent(t, s)
				}
				if len(got) != len(tt.want) || seen != uint64(len(tt.want)) || truncated != tt.truncated {
					t.Fatalf("got %d frames, %d seen, %d truncated; want %v", len(got), seen, truncated, tt.want)
				}
				for i, f := range got {
					if want := len(frames[tt.want[i]]); int(f.WireLen) != want {
						t.Errorf("frame %d has %d bytes on the wire, want %d", i, f.WireLen, want)
					}
				}
			})
		}
	}
}

func TestABadFilterIsRefused(t *testing.T) {
	needLibpcap(t)
	ns, _ := enter(t, 0)
	for _, state := range []string{"up", "down"} {
		t.Run("while_the_interface_is_"+state, func(t *testing.T) {
			ns.IP(t, "link", "set", "dev", "rx", state)
			ns.Do(t, func() error {
				if c, err := Open(Options{Interfaces: []string{"rx"}, Filter: "udp portt 53"}); err == nil {
					c.Close()
					t.Error("no error")
				}
				return nil
			})
		})
	}
}

func needLibpcap(t *testing.T) {
	t.Helper()
	if check("udp") == capture.ErrNoLibpcap {
		t.Skip(capture.ErrNoLibpcap)
	}
}
