package afpacket

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"spanwatch/decoders"
	"spanwatch/sensor/capture"
	"spanwatch/sensor/capture/link"
	"spanwatch/sensor/internal/netnstest"
)

// enter makes a namespace with a pair of interfaces, tx and rx.
func enter(t testing.TB, mtu int) (*netnstest.Namespace, *netnstest.Sender) {
	t.Helper()
	ns := netnstest.Enter(t)
	ns.Veth(t, netnstest.Pair{A: "tx", B: "rx", MTU: mtu})
	return ns, netnstest.OpenSender(t, "tx")
}

// open starts a capture with small rings; by default from rx.
func open(t testing.TB, o Options) *Capture {
	t.Helper()
	if o.Interfaces == nil {
		o.Interfaces = []string{"rx"}
	}
	if o.RingBytes == 0 {
		o.RingBytes = 8 << 20
	}
	if o.BlockTimeout == 0 {
		o.BlockTimeout = 10 * time.Millisecond
	}
	c, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// closeAfter closes the source if the test takes too long, so that Next returns.
func closeAfter(s *Source, d time.Duration) (stop func() bool) {
	return time.AfterFunc(d, func() { s.Close() }).Stop
}

// giveBack ends the lease of a batch that will not be used again.
func giveBack(s *Source, b *capture.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(s.release(b))
}

// collect reads until so many frames have come, and returns copies of them.
func collect(t testing.TB, s *Source, n int) []decoders.Frame {
	t.Helper()
	defer closeAfter(s, patience)()
	var all []decoders.Frame
	var b capture.Batch
	defer giveBack(s, &b)
	for len(all) < n {
		if err := s.Next(&b); err != nil {
			t.Fatalf("after %d of %d frames: %v", len(all), n, err)
		}
		for _, f := range b.Frames {
			f.Data = bytes.Clone(f.Data)
			all = append(all, f)
		}
	}
	return all
}

// silent fails the test if anything comes within some block timeouts.
func silent(t testing.TB, s *Source) {
	t.Helper()
	stop := closeAfter(s, 100*time.Millisecond)
	defer stop()
	var b capture.Batch
	var err error
	for err == nil && len(b.Frames) == 0 {
		err = s.Next(&b)
	}
	if err != capture.ErrClosed {
		t.Errorf("got %d frames and %v, want silence", len(b.Frames), err)
	}
}

// nextFault reads until a fault and returns it, with the frames before it.
func nextFault(t testing.TB, s *Source) (*link.Change, int) {
	t.Helper()
	defer closeAfter(s, patience)()
	var b capture.Batch
	defer giveBack(s, &b)
	frames := 0
	for {
		err := s.Next(&b)
		var fault *link.Change
		if errors.As(err, &fault) {
			return fault, frames
		}
		if err != nil {
			t.Fatalf("got %v, want a Change", err)
		}
		frames += len(b.Frames)
	}
}

func wireBytes(frames []decoders.Frame) (n uint64) {
	for i := range frames {
		n += uint64(frames[i].WireLen)
	}
	return n
}

// sameBytes reports whether the frames are those that were sent, in any order.
func sameBytes(got []decoders.Frame, sent [][]byte) bool {
	a, b := make([][]byte, 0, len(got)), make([][]byte, 0, len(sent))
	for i := range got {
		a = append(a, got[i].Data)
	}
	for _, frame := range sent {
		b = append(b, untagged(frame))
	}
	slices.SortFunc(a, bytes.Compare)
	slices.SortFunc(b, bytes.Compare)
	return slices.EqualFunc(a, b, bytes.Equal)
}

// untagged returns the frame without its outermost VLAN tag, if it has one.
func untagged(frame []byte) []byte {
	switch binary.BigEndian.Uint16(frame[12:]) {
	case tagTPID, typeService:
		return slices.Delete(slices.Clone(frame), 12, 12+tagBytes)
	}
	return frame
}
