//go:build cgo

package afpacket

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	gopacket "github.com/google/gopacket/afpacket"
	"golang.org/x/sys/unix"

	"spanwatch/sensor/capture"
	"spanwatch/sensor/capture/pcaplive"
	"spanwatch/sensor/internal/netnstest"
)

// A reader is one way to capture. What it opens reads some frames, waiting for
// the first, touches the headers of each, and returns how many they were and how
// long the last.
type reader struct {
	name string
	open func(testing.TB) func() (frames, last int)
}

// Rings alike: of 64 MiB.
const (
	benchBlock   = 1 << 20
	benchBlocks  = 64
	benchTimeout = 10 * time.Millisecond
)

var touched uint64

// headers reads what a decoder would.
func headers(data []byte) (sum uint64) {
	for i := 0; i+8 <= len(data) && i < 64; i += 8 {
		sum += binary.LittleEndian.Uint64(data[i:])
	}
	return sum
}

func readSource(tb testing.TB, s capture.Source) func() (frames, last int) {
	tb.Cleanup(func() { s.Close() })
	var b capture.Batch
	return func() (int, int) {
		if err := s.Next(&b); err != nil {
			return 0, 0
		}
		for i := range b.Frames {
			touched += headers(b.Frames[i].Data)
		}
		n := len(b.Frames)
		return n, len(b.Frames[n-1].Data)
	}
}

var readers = []reader{
	{"own", func(tb testing.TB) func() (int, int) {
		return readSource(tb, open(tb, Options{RingBytes: benchBlocks * benchBlock, BlockTimeout: benchTimeout}).Sources()[0])
	}},
	{"gopacket_afpacket", func(tb testing.TB) func() (int, int) {
		h, err := gopacket.NewTPacket(gopacket.OptInterface("rx"), gopacket.OptBlockSize(benchBlock), gopacket.OptNumBlocks(benchBlocks),
			gopacket.OptBlockTimeout(benchTimeout), gopacket.TPacketVersion3)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(h.Close)
		return func() (int, int) {
			data, _, err := h.ZeroCopyReadPacketData()
			if err != nil {
				return 0, 0
			}
			touched += headers(data)
			return 1, len(data)
		}
	}},
	{"pcaplive", func(tb testing.TB) func() (int, int) {
		s, err := pcaplive.Open(pcaplive.Options{Interface: "rx", BufferBytes: benchBlocks * benchBlock})
		if err != nil {
			tb.Fatal(err)
		}
		return readSource(tb, s)
	}},
}

// BenchmarkRead reads frames that are in the ring already: what capture costs the
// worker.
func BenchmarkRead(b *testing.B) {
	const n = 20000
	for _, size := range []int{64, 800} {
		for _, r := range readers {
			b.Run(fmt.Sprintf("%d/%s", size, r.name), func(b *testing.B) {
				_, sender := enter(b, 0)
				next := r.open(b)
				frames := netnstest.UDPFlows(1000, size, true)
				var spent time.Duration
				for range b.N {
					if _, err := sender.SendN(frames, n); err != nil {
						b.Fatal(err)
					}
					time.Sleep(5 * benchTimeout) // the last block comes by time
					before := threadTime()
					for got := 0; got < n; {
						k, _ := next()
						if k == 0 {
							b.Fatalf("after %d frames: none", got)
						}
						got += k
					}
					spent += threadTime() - before
				}
				b.ReportMetric(float64(spent)/float64(n*b.N), "cpu-ns/frame")
				b.ReportMetric(0, "ns/op") // it is of the sender, mostly
			})
		}
	}
}

// BenchmarkReceive reads while another thread sends as fast as it can: what
// arrives in a second, what is lost, and what the worker spends.
func BenchmarkReceive(b *testing.B) {
	const n = 500_000
	for _, size := range []int{64, 800} {
		for _, r := range readers {
			b.Run(fmt.Sprintf("%d/%s", size, r.name), func(b *testing.B) {
				ns, sender := enter(b, 0)
				next := r.open(b)
				frames := netnstest.UDPFlows(1000, size, true)
				end := netnstest.UDPFlows(1, size+1, true)
				received := 0
				var spent, took time.Duration
				for range b.N {
					start, before := time.Now(), threadTime()
					sent := ns.Go(func() error {
						_, err := sender.SendN(frames, n)
						took += time.Since(start)
						time.Sleep(50 * time.Millisecond) // there is room for the last frame then
						if err == nil {
							_, err = sender.SendN(end, 1)
						}
						return err
					})
					for last := 0; last != size+1; {
						var k int
						k, last = next()
						received += k
					}
					received--
					spent += threadTime() - before
					if err := sent(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(received)/took.Seconds()/1000, "kpps")
				b.ReportMetric(100-float64(received)/float64(b.N)/n*100, "%lost")
				b.ReportMetric(float64(spent)/float64(received), "cpu-ns/frame")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// threadTime is what the calling thread, to which its goroutine is locked, has
// used of a CPU.
func threadTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic(err)
	}
	return time.Duration(ts.Nano())
}
