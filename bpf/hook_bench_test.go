//go:build linux && (amd64 || arm64)

package bpf_test

import (
	"fmt"
	"math"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"spanwatch/bpf"
	"spanwatch/decoders/decoderstest"
)

// BenchmarkHook is what counting a frame costs by hook where frames come through a
// veth pair: the processor time of the sender, in whose time the other end receives,
// less that without programs. The driver's own work for native XDP is part of it,
// which BPF_PROG_TEST_RUN does not see.
func BenchmarkHook(b *testing.B) {
	needRoot(b)
	hooks := []bpf.Hook{bpf.HookNone, bpf.HookXDPNative, bpf.HookTCX, bpf.HookXDPGeneric}
	for _, size := range []int{0, 1400} {
		frame := decoderstest.Build(decoderstest.Ether{}, ip4(false), tcp(1, false), decoderstest.Zeros(size))
		b.Run(fmt.Sprintf("%d_bytes", len(frame)), func(b *testing.B) {
			least := make([]float64, len(hooks))
			for i := range least {
				least[i] = math.MaxFloat64
			}
			for b.Loop() {
				for range 5 {
					for i, hook := range hooks {
						least[i] = min(least[i], sendingCosts(b, hook, frame))
					}
				}
			}
			for i, hook := range hooks[1:] {
				b.ReportMetric(least[1+i]-least[0], hook.String()+"-ns/frame")
			}
			b.ReportMetric(least[0], "sending-ns/frame")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// sendingCosts returns the nanoseconds of processor time that a frame takes from
// one end of a veth pair to the other, where hook counts it.
func sendingCosts(b *testing.B, hook bpf.Hook, frame []byte) (perFrame float64) {
	const frames = 50_000
	b.Helper()
	done := make(chan struct{})
	go func() { // a thread of its own, in a network namespace that goes with it
		defer close(done)
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			b.Error(err)
			return
		}
		near, far := wire(b)
		if hook != bpf.HookNone {
			cfg := small(far)
			cfg.Hook = hook
			p, err := bpf.Load(cfg)
			if err != nil {
				b.Error(err)
				return
			}
			defer p.Close()
		}
		s := newSender(b, near)
		var before, after unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_THREAD, &before); err != nil {
			b.Error(err)
			return
		}
		for range frames {
			s.send(frame)
		}
		if err := unix.Getrusage(unix.RUSAGE_THREAD, &after); err != nil {
			b.Error(err)
			return
		}
		took := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
		perFrame = float64(took) / frames
	}()
	<-done
	return perFrame
}
