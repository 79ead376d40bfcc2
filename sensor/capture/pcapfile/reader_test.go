package pcapfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"spanwatch/decoders"
)

// sample is a file of one format with the frames that are in it.
type sample struct {
	name  string
	bytes []byte
	want  []decoders.Frame
	marks []mark
}

// mark is an offset at which a cut leaves a proper file, behind a header or a
// record, and the number of frames before it.
type mark struct{ offset, frames int }

var orders = []struct {
	name string
	order
}{{"little_endian", binary.LittleEndian}, {"big_endian", binary.BigEndian}}

// samples covers both formats in every byte order and precision.
func samples() []sample {
	var list []sample
	for _, o := range orders {
		for _, m := range []struct {
			name  string
			magic uint32
			unit  int64
		}{{"microseconds", magicMicro, 1000}, {"nanoseconds", magicNano, 1}, {"modified_records", magicModified, 1000}} {
			s := sample{name: "pcap_" + m.name + "_" + o.name}
			p := newPcap(o.order, m.magic, 1)
			s.marks = append(s.marks, mark{len(p.b), 0})
			for i := range 5 {
				data := payload(i*9, byte(i))
				p.record(1700000000+uint32(i), uint32(i), uint32(len(data)), uint32(len(data)+i), data)
				s.marks = append(s.marks, mark{len(p.b), i + 1})
				s.want = append(s.want, decoders.Frame{
					Data: data, Timestamp: (1700000000+int64(i))*1e9 + int64(i)*m.unit, Number: uint64(i + 1),
					WireLen: uint32(len(data) + i), Link: 1,
				})
			}
			s.bytes = p.b
			list = append(list, s)
		}
		list = append(list, ngSample("pcapng_"+o.name, o.order, o.order))
	}
	return append(list,
		ngSample("pcapng_sections_of_both_orders", binary.LittleEndian, binary.BigEndian),
		ngSample("pcapng_sections_of_both_orders_swapped", binary.BigEndian, binary.LittleEndian))
}

// ngSample has two sections, interfaces of several clocks and link types, every
// block that carries a frame, and blocks that carry none.
func ngSample(name string, one, two order) sample {
	s := sample{name: name}
	var g ngBuilder
	whole := func() { s.marks = append(s.marks, mark{len(g.b), len(s.want)}) }
	add := func(data []byte, ts int64, wire uint32, link decoders.LinkType, iface uint16) {
		s.want = append(s.want, decoders.Frame{
			Data: data, Timestamp: ts, Number: uint64(len(s.want) + 1), WireLen: wire, Link: link, Interface: iface,
		})
		whole()
	}
	g.section(one)
	whole()
	g.iface(1, 0, g.option(optionName, []byte("eth0")), g.option(optionEnd, nil))
	whole()
	g.iface(101, 0, g.option(optionTSResol, []byte{9}))
	whole()
	g.enhanced(0, 1700000000_000001, 70, payload(61, 1), g.option(1, []byte("a comment")), g.option(optionEnd, nil))
	add(payload(61, 1), 1700000000_000001_000, 70, 1, 0)
	g.block(4, payload(20, 0)) // name resolution
	whole()
	g.enhanced(1, 1700000000_000000002, 20, payload(20, 2))
	add(payload(20, 2), 1700000000_000000002, 20, 101, 1)
	g.obsolete(1, 1700000000_000000003, 21, payload(21, 3))
	add(payload(21, 3), 1700000000_000000003, 21, 101, 1)
	g.simple(22, payload(22, 4))
	add(payload(22, 4), 1700000000_000000003, 22, 1, 0)
	g.block(5, payload(12, 0)) // interface statistics
	whole()
	g.block(0x0bad, payload(40, 0))
	whole()
	g.section(two)
	whole()
	offset := two.AppendUint64(nil, 1700000000)
	g.iface(113, 10, g.option(optionName, []byte("any")), g.option(optionTSResol, []byte{0x8a}), g.option(optionTSOffset, offset))
	whole()
	g.iface(1, 0, g.option(optionName, []byte("eth0")))
	whole()
	g.enhanced(0, 512, 33, payload(33, 5)) // half a second of 2^10 ticks
	add(payload(33, 5), 1700000000_500000000, 33, 113, 2)
	g.simple(99, payload(10, 6)) // snap length of the first interface
	add(payload(10, 6), 1700000000_500000000, 99, 113, 2)
	g.enhanced(1, 1700000001_000000, 0, nil)
	add(nil, 1700000001_000000_000, 0, 1, 0)
	s.bytes = g.b
	return s
}

func TestReadYieldsTheFramesOf(t *testing.T) {
	for _, s := range samples() {
		for _, packing := range packings {
			t.Run(s.name+packing.name, func(t *testing.T) {
				got, _, err := readAll(bytes.NewReader(packing.pack(t, s.bytes)), nil)
				if err != io.EOF {
					t.Fatalf("ended with %v", err)
				}
				wantFrames(t, got, s.want)
			})
		}
	}
}

// packings are the ways a capture may be stored.
var packings = []struct {
	name string
	pack func(testing.TB, []byte) []byte
}{
	{"", func(_ testing.TB, b []byte) []byte { return b }},
	{"_gzip", func(t testing.TB, b []byte) []byte { return pack(t, b, gzipWriter) }},
	{"_gzip_of_two_members", func(t testing.TB, b []byte) []byte {
		return append(pack(t, b[:len(b)/2], gzipWriter), pack(t, b[len(b)/2:], gzipWriter)...)
	}},
	{"_zstd", func(t testing.TB, b []byte) []byte { return pack(t, b, zstdWriter) }},
	{"_zstd_of_two_frames_after_a_skippable_one", func(t testing.TB, b []byte) []byte {
		skippable := []byte{0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3}
		return append(append(skippable, pack(t, b[:len(b)/2], zstdWriter)...), pack(t, b[len(b)/2:], zstdWriter)...)
	}},
	{"_lz4", func(t testing.TB, b []byte) []byte { return pack(t, b, lz4Writer) }},
}

func gzipWriter(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
func lz4Writer(w io.Writer) io.WriteCloser  { return lz4.NewWriter(w) }
func zstdWriter(w io.Writer) io.WriteCloser {
	z, _ := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	return z
}

func pack(t testing.TB, b []byte, writer func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var out bytes.Buffer
	w := writer(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestACutAtEveryByteLeavesTheFramesBefore cuts each sample everywhere: what was
// whole is delivered, and the fault is at the record that is not.
func TestACutAtEveryByteLeavesTheFramesBefore(t *testing.T) {
	for _, s := range samples() {
		t.Run(s.name, func(t *testing.T) {
			for cut := 0; cut < len(s.bytes); cut++ {
				got, _, err := readAll(bytes.NewReader(s.bytes[:cut]), nil)
				last := mark{}
				for _, m := range s.marks {
					if m.offset <= cut {
						last = m
					}
				}
				wantFrames(t, got, s.want[:last.frames])
				var corrupt *CorruptError
				var none *NotCaptureError
				switch {
				case cut < 4:
					if !errors.As(err, &none) {
						t.Fatalf("cut at %d: got %v, want a NotCaptureError", cut, err)
					}
				case cut == last.offset:
					if err != io.EOF {
						t.Fatalf("cut at %d: got %v, want io.EOF", cut, err)
					}
				case !errors.As(err, &corrupt) || !errors.Is(err, ErrTruncated):
					t.Fatalf("cut at %d: got %v, want ErrTruncated", cut, err)
				case corrupt.Offset != int64(last.offset):
					t.Fatalf("cut at %d: fault at %d, want %d", cut, corrupt.Offset, last.offset)
				}
			}
		})
	}
}

func TestACutOfACompressedFileLeavesTheFramesBefore(t *testing.T) {
	s := samples()[0]
	for _, packing := range packings[1:] {
		t.Run(strings.TrimPrefix(packing.name, "_"), func(t *testing.T) {
			packed := packing.pack(t, s.bytes)
			most := 0
			for cut := 4; cut < len(packed); cut++ {
				got, _, err := readAll(bytes.NewReader(packed[:cut]), nil)
				wantFrames(t, got, s.want[:len(got)])
				most = max(most, len(got))
				if err == io.EOF && len(got) == len(s.want) {
					continue // only the trailer of the compression is missing
				}
				var corrupt *CorruptError
				var none *NotCaptureError
				if !errors.As(err, &corrupt) && !errors.As(err, &none) && err != io.EOF {
					t.Fatalf("cut at %d: %v", cut, err)
				}
				if corrupt != nil && !corrupt.Decompressed {
					t.Errorf("cut at %d: %v does not tell that the offset is of decompressed bytes", cut, err)
				}
			}
			// zstd gives out nothing of a block that is not whole.
			if most == 0 && packing.name != "_zstd" {
				t.Error("no cut left a frame")
			}
		})
	}
}

func TestMalformedFilesAreRefusedWithTheirReason(t *testing.T) {
	le := binary.LittleEndian
	const section = 56 // length of the section header
	ng := func() *ngBuilder { return (&ngBuilder{}).section(le) }
	eth := func() *ngBuilder { return ng().iface(1, 0) }
	tests := []struct {
		name   string
		bytes  []byte
		frames int
		offset int64
		want   string
	}{
		{"pcap_of_an_unknown_version", newPcapVersion(le, magicMicro, 3, 0, 1).b, 0, 0, "version 3.0"},
		{"pcap_with_a_link_type_of_more_than_16_bits", newPcap(le, magicMicro, 0x10001).b, 0, 0, "link type 65537"},
		{"record_longer_than_libpcap_takes", newPcap(le, magicMicro, 1).record(0, 0, 4, 4, payload(4, 0)).
			record(0, 0, maxFrame+1, maxFrame+1, nil).b, 1, 44, "262145 captured bytes"},
		{"record_of_four_gigabytes", newPcap(le, magicMicro, 1).record(0, 0, math.MaxUint32, 1, nil).b, 0, 24, "4294967295 captured bytes"},
		{"block_shorter_than_its_frame", append(eth().b, 6, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0), 0, section + 20, "length of 8 bytes"},
		{"enhanced_block_too_short", eth().block(blockEnhanced, payload(16, 0)).b, 0, section + 20, "enhanced packet block of 28 bytes"},
		{"enhanced_block_of_no_interface", ng().enhanced(0, 0, 1, payload(1, 0)).b, 0, section, "interface 0 of 0"},
		{"obsolete_block_of_no_interface", eth().obsolete(7, 0, 1, payload(1, 0)).b, 0, section + 20, "interface 7 of 1"},
		{"simple_block_of_no_interface", ng().simple(1, payload(1, 0)).b, 0, section, "before any interface"},
		{"captured_length_beyond_the_block", eth().block(blockEnhanced, (&ngBuilder{order: le}).words(0, 0, 0, 5, 5, 0)).b, 0, section + 20, "with 5 captured bytes"},
		{"lengths_in_front_and_behind_that_differ", func() []byte {
			g := eth().enhanced(0, 0, 4, payload(4, 0))
			le.PutUint32(g.b[len(g.b)-4:], 40)
			return g.b
		}(), 0, section + 20, "in front and of 40 behind"},
		{"lengths_of_an_unknown_block_that_differ", func() []byte {
			g := eth().block(99, payload(4, 0))
			le.PutUint32(g.b[len(g.b)-4:], 40)
			return g.b
		}(), 0, section + 20, "in front and of 40 behind"},
		{"packet_block_of_gigabytes", append(eth().b, 6, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0), 0, section + 20, "more than 1048576"},
		{"frame_longer_than_libpcap_takes", eth().enhanced(0, 0, 4, payload(maxFrame+4, 0)).b, 0, section + 20, "262148 captured bytes"},
		{"section_of_an_unknown_version", func() []byte {
			g := ng()
			le.PutUint16(g.b[12:], 2)
			return g.b
		}(), 0, 0, "version 2.0"},
		{"section_of_an_unknown_byte_order", func() []byte {
			g := ng()
			le.PutUint32(g.b[8:], 0x11223344)
			return g.b
		}(), 0, 0, "byte order 44332211"},
		{"section_header_too_short", (&ngBuilder{order: le}).block(blockSection, (&ngBuilder{order: le}).words(byteOrderMagic)).b, 0, 0, "section header block of 16 bytes"},
		{"option_beyond_the_block", ng().iface(1, 0, []byte{2, 0, 200, 0}).b, 0, section, "option of 200 bytes where 0 are left"},
		{"decimal_clock_too_fine", ng().iface(1, 0, []byte{9, 0, 1, 0, 20, 0, 0, 0}).b, 0, section, "time resolution of 0x14"},
		{"binary_clock_too_fine", ng().iface(1, 0, []byte{9, 0, 1, 0, 0xc0, 0, 0, 0}).b, 0, section, "time resolution of 0xc0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := readAll(bytes.NewReader(tt.bytes), nil)
			if len(got) != tt.frames {
				t.Errorf("got %d frames, want %d", len(got), tt.frames)
			}
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) || !errors.Is(err, ErrMalformed) {
				t.Fatalf("got error %v, want ErrMalformed", err)
			}
			if corrupt.Offset != tt.offset || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q at %d, want %q at %d", err, corrupt.Offset, tt.want, tt.offset)
			}
		})
	}
}

func TestWhatIsNoCaptureIsNamed(t *testing.T) {
	gz := packings[1].pack(t, []byte("hello"))
	for _, tt := range []struct{ name, content, want string }{
		{"an_empty_file", "", "test: not a capture file: empty"},
		{"three_bytes", "abc", `starts with 616263 ("abc")`},
		{"text", "hello world", `starts with 68656c6c ("hell"); pcap, pcapng, gzip, zstd and lz4 are understood`},
		{"compressed_text", string(gz), `starts with 68656c6c ("hell") inside gzip`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := readAll(strings.NewReader(tt.content), nil)
			var none *NotCaptureError
			if !errors.As(err, &none) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestLengthsOfOldVersionsAreTheOtherWayRound(t *testing.T) {
	for _, tt := range []struct {
		name          string
		major, minor  uint16
		first, second uint32 // as stored
	}{
		{"version_2_2_has_the_wire_length_first", 2, 2, 9, 4},
		{"version_543_0_has_the_wire_length_first", 543, 0, 9, 4},
		{"version_2_3_has_the_smaller_captured", 2, 3, 9, 4},
		{"version_2_3_may_be_in_order", 2, 3, 4, 9},
		{"version_2_4_has_the_captured_length_first", 2, 4, 4, 9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPcapVersion(binary.LittleEndian, magicMicro, tt.major, tt.minor, 1)
			p.record(1, 0, tt.first, tt.second, payload(4, 0))
			got, _, err := readAll(bytes.NewReader(p.b), nil)
			if err != io.EOF {
				t.Fatal(err)
			}
			wantFrames(t, got, []decoders.Frame{{Data: payload(4, 0), Timestamp: 1e9, Number: 1, WireLen: 9, Link: 1}})
		})
	}
}

func TestFramesWithoutAUsableTimeTakeThatOfTheFrameBefore(t *testing.T) {
	g := (&ngBuilder{}).section(binary.LittleEndian).iface(1, 0)
	g.enhanced(0, 7, 1, payload(1, 0)).enhanced(0, math.MaxUint64, 1, payload(1, 1)).simple(1, payload(1, 2))
	got, r, err := readAll(bytes.NewReader(g.b), nil)
	if err != io.EOF || r.Untimed() != 2 {
		t.Fatalf("got %v and %d untimed, want 2", err, r.Untimed())
	}
	var want []decoders.Frame
	for i := range 3 {
		want = append(want, decoders.Frame{Data: payload(1, byte(i)), Timestamp: 7000, Number: uint64(i + 1), WireLen: 1, Link: 1})
	}
	wantFrames(t, got, want)
}

func TestAWireLengthBelowTheCapturedIsRaised(t *testing.T) {
	p := newPcap(binary.LittleEndian, magicMicro, 1).record(1, 0, 8, 3, payload(8, 0))
	got, _, _ := readAll(bytes.NewReader(p.b), nil)
	wantFrames(t, got, []decoders.Frame{{Data: payload(8, 0), Timestamp: 1e9, Number: 1, WireLen: 8, Link: 1}})
}

func TestFramesBeyondTheSnapLengthAreDeliveredWhole(t *testing.T) {
	p := newPcap(binary.LittleEndian, magicMicro, 1).record(1, 0, 70000, 70000, payload(70000, 0))
	got, _, _ := readAll(bytes.NewReader(p.b), nil)
	if len(got) != 1 || len(got[0].Data) != 70000 {
		t.Fatalf("got %d frames", len(got))
	}
}

func TestFramesOfUnhandledLinkTypesAreCountedAndKeepTheirNumber(t *testing.T) {
	ethernet := func(l decoders.LinkType) bool { return l == 1 }
	var g ngBuilder
	g.section(binary.LittleEndian).iface(127, 0).iface(1, 0)
	for i, iface := range []uint32{0, 1, 0, 0, 1} {
		g.enhanced(iface, uint64(i), 4, payload(4, byte(i)))
	}
	got, r, err := readAll(bytes.NewReader(g.b), ethernet)
	if err != io.EOF {
		t.Fatal(err)
	}
	wantFrames(t, got, []decoders.Frame{
		{Data: payload(4, 1), Timestamp: 1000, Number: 2, WireLen: 4, Link: 1, Interface: 1},
		{Data: payload(4, 4), Timestamp: 4000, Number: 5, WireLen: 4, Link: 1, Interface: 1},
	})
	if n, link := r.Unhandled(); n != 3 || link != 127 || r.Seen() != 5 {
		t.Errorf("left out %d of %d, first %d; want 3 of 5, first 127", n, r.Seen(), link)
	}

	p := newPcap(binary.LittleEndian, magicMicro, 127).record(0, 0, 4, 4, payload(4, 0))
	got, r, err = readAll(bytes.NewReader(p.b), ethernet)
	if n, _ := r.Unhandled(); err != io.EOF || len(got) != 0 || n != 1 {
		t.Errorf("pcap: got %d frames, %d left out, %v", len(got), n, err)
	}
}

func TestAnUnalignedBlockLengthIsRoundedUp(t *testing.T) {
	le := binary.LittleEndian
	g := (&ngBuilder{}).section(le).iface(1, 0)
	at := len(g.b)
	g.enhanced(0, 1, 5, payload(5, 0))
	for _, place := range []int{at + 4, len(g.b) - 4} {
		le.PutUint32(g.b[place:], le.Uint32(g.b[place:])-3)
	}
	got, _, err := readAll(bytes.NewReader(g.b), nil)
	if err != io.EOF {
		t.Fatal(err)
	}
	wantFrames(t, got, []decoders.Frame{{Data: payload(5, 0), Timestamp: 1000, Number: 1, WireLen: 5, Link: 1}})
}

func TestABlockThatIsPassedOverMayBeLongerThanMemory(t *testing.T) {
	g := (&ngBuilder{}).section(binary.LittleEndian).iface(1, 0)
	at := len(g.b)
	g.block(0x0a, make([]byte, 3*slabSize+8)).enhanced(0, 1, 5, payload(5, 0))
	got, _, err := readAll(bytes.NewReader(g.b), nil)
	if err != io.EOF || len(got) != 1 {
		t.Errorf("got %d frames and %v", len(got), err)
	}
	_, _, err = readAll(bytes.NewReader(g.b[:at+2*slabSize]), nil)
	var corrupt *CorruptError
	if !errors.As(err, &corrupt) || corrupt.Kind != ErrTruncated || corrupt.Offset != int64(at) {
		t.Errorf("cut: got %v, want ErrTruncated at %d", err, at)
	}
}

func TestReadStopsBeforeLaterFrames(t *testing.T) {
	p := newPcap(binary.LittleEndian, magicNano, 1)
	for i := range uint32(10) {
		p.record(0, i, 1, 1, payload(1, byte(i)))
	}
	var pool Pool
	var lease Lease
	r, err := openBytes(bytes.NewReader(p.b), Config{Pool: &pool, Interfaces: new(Interfaces)})
	if err != nil {
		t.Fatal(err)
	}
	frames := make([]decoders.Frame, 4)
	for _, step := range []struct {
		until int64
		want  int
		next  int64
	}{{-1, 0, 0}, {2, 3, 3}, {2, 0, 3}, {all, 4, 7}, {7, 1, 8}, {all, 2, -1}} {
		n, err := r.Read(frames, step.until, &lease)
		if err != nil || n != step.want {
			t.Fatalf("until %d: got %d frames and %v, want %d", step.until, n, err, step.want)
		}
		next, err := r.Peek()
		if step.next < 0 {
			if err != io.EOF {
				t.Fatalf("peek at the end: %v", err)
			}
		} else if err != nil || next != step.next {
			t.Fatalf("peek: got %d and %v, want %d", next, err, step.next)
		}
	}
}

func TestMessagesTellFilePlaceAndReason(t *testing.T) {
	e := &CorruptError{Path: "a.pcap.gz", Offset: 99, Decompressed: true, What: "record header", Kind: ErrRead, Cause: io.ErrNoProgress}
	want := "a.pcap.gz: decompressed byte 99: read failed: record header: multiple Read calls return no data or error"
	if e.Error() != want || !errors.Is(e, io.ErrNoProgress) || !errors.Is(e, ErrRead) {
		t.Errorf("got %q, want %q", e, want)
	}
	e = &CorruptError{Path: "b", Offset: 1, What: "block header", Kind: ErrTruncated}
	if want := "b: byte 1: file is cut short: block header"; e.Error() != want || !errors.Is(e, ErrTruncated) {
		t.Errorf("got %q, want %q", e, want)
	}
}
