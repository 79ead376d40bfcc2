package capture

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/gzip"

	"spanwatch/decoders"
	"spanwatch/sensor/capture/capturetest"
)

// at makes Ethernet frames with these time stamps whose first eight bytes tell
// mark and place.
func at(mark byte, times ...int64) []decoders.Frame {
	var frames []decoders.Frame
	for i, ts := range times {
		data := make([]byte, 60)
		data[0] = mark
		binary.BigEndian.PutUint32(data[4:], uint32(i))
		frames = append(frames, decoders.Frame{Data: data, Timestamp: ts, WireLen: 100})
	}
	return frames
}

// write makes a capture file in dir.
func write(t testing.TB, dir, name string, frames []decoders.Frame) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := capturetest.WritePcap(path, decoders.LinkEthernet, frames); err != nil {
		t.Fatal(err)
	}
	return path
}

// writeBytes makes a file of any content.
func writeBytes(t testing.TB, dir, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func compress(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// mustOpen opens and closes with the test.
func mustOpen(t testing.TB, o Options) *Files {
	t.Helper()
	s, err := OpenFiles(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// drain reads to the end, through two batches in turn of which the older is
// checked not to have changed, and returns frames with bytes of their own.
func drain(t testing.TB, s Source) (frames []decoders.Frame, faults []error) {
	t.Helper()
	var batches [2]Batch
	var kept [2][][]byte
	for turn := 0; ; turn = 1 - turn {
		err := s.Next(&batches[turn])
		other := 1 - turn
		for i, f := range batches[other].Frames {
			if !bytes.Equal(f.Data, kept[other][i]) {
				t.Fatalf("frame %d changed while its batch was in use", f.Number)
			}
		}
		kept[turn] = kept[turn][:0]
		for _, f := range batches[turn].Frames {
			f.Data = bytes.Clone(f.Data)
			kept[turn] = append(kept[turn], f.Data)
			frames = append(frames, f)
		}
		if err == io.EOF {
			if n := len(batches[turn].Frames); n > 0 {
				t.Fatalf("io.EOF with %d frames", n)
			}
			if again := s.Next(&batches[turn]); again != io.EOF {
				t.Fatalf("after io.EOF: %v", again)
			}
			return frames, faults
		}
		if err != nil {
			faults = append(faults, err)
			if len(faults) > 100 {
				t.Fatalf("faults do not end: %v", err)
			}
		} else if len(batches[turn].Frames) == 0 {
			t.Fatal("no frames and no error")
		}
	}
}

// marks tells frames by the mark of their file.
func marks(frames []decoders.Frame) string {
	var b []byte
	for _, f := range frames {
		b = append(b, f.Data[0])
	}
	return string(b)
}
