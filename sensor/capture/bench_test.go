package capture

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/gopacket/pcapgo"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/capturetest"
)

// touched keeps the compiler from leaving out the reading of headers.
var touched uint64

// headers reads what a decoder would: the first 64 bytes, a word at a time.
func headers(data []byte) (sum uint64) {
	for i := 0; i+8 <= len(data) && i < 64; i += 8 {
		sum += binary.LittleEndian.Uint64(data[i:])
	}
	return sum
}

// benchCapture writes 64 MiB of frames of one size and returns path and number.
func benchCapture(b *testing.B, size int) (string, int) {
	b.Helper()
	frames := make([]decoders.Frame, (64<<20)/(size+16))
	data := make([]byte, size)
	for i := range frames {
		frames[i] = decoders.Frame{Data: data, Timestamp: int64(i) * 1000}
	}
	path := filepath.Join(b.TempDir(), "bench.pcap")
	if err := capturetest.WritePcap(path, decoders.LinkEthernet, frames); err != nil {
		b.Fatal(err)
	}
	return path, len(frames)
}

// BenchmarkRead reads a capture in the page cache and the headers of each frame,
// beside gopacket's reader at its fastest.
func BenchmarkRead(b *testing.B) {
	for _, size := range []int{76, 858, 1514} {
		path, frames := benchCapture(b, size)
		perFrame := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(frames), "ns/frame")
		}
		b.Run(fmt.Sprintf("files/%d", size), func(b *testing.B) {
			b.ReportAllocs()
			var batch Batch
			for b.Loop() {
				s, err := OpenFiles(Options{Paths: []string{path}})
				if err != nil {
					b.Fatal(err)
				}
				for s.Next(&batch) == nil {
					for i := range batch.Frames {
						touched += headers(batch.Frames[i].Data)
					}
				}
				s.Close()
			}
			perFrame(b)
		})
		b.Run(fmt.Sprintf("pcapgo_zero_copy/%d", size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f, err := os.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				r, err := pcapgo.NewReader(f)
				if err != nil {
					b.Fatal(err)
				}
				for {
					data, _, err := r.ZeroCopyReadPacketData()
					if err == io.EOF {
						break
					}
					touched += headers(data)
				}
				f.Close()
			}
			perFrame(b)
		})
	}
}
