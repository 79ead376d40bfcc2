package capture

import (
	"encoding/binary"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// BenchmarkMap is what reading would cost if files were mapped: a loop over the
// records of a mapping, without any check, that looks at the headers.
func BenchmarkMap(b *testing.B) {
	for _, size := range []int{76, 858, 1514} {
		path, frames := benchCapture(b, size)
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			for b.Loop() {
				f, err := os.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				info, err := f.Stat()
				if err != nil {
					b.Fatal(err)
				}
				m, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
				if err != nil {
					b.Fatal(err)
				}
				for at := 24; at < len(m); {
					n := int(binary.LittleEndian.Uint32(m[at+8:]))
					touched += headers(m[at+16 : at+16+n])
					at += 16 + n
				}
				unix.Munmap(m)
				f.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(frames), "ns/frame")
		})
	}
}
