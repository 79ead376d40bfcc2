package pcapfile

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"

	"spanwatch/decoders"
)

// oracle is gopacket's reader of either format.
type oracle interface {
	ReadPacketData() ([]byte, gopacket.CaptureInfo, error)
}

// newOracle opens b with pcapgo; the function returns a frame's link type,
// of which gopacket has eight bits.
func newOracle(b []byte) (oracle, func(gopacket.CaptureInfo) uint8, error) {
	if bytes.HasPrefix(b, []byte{0x0a, 0x0d, 0x0d, 0x0a}) {
		r, err := pcapgo.NewNgReader(bytes.NewReader(b), pcapgo.NgReaderOptions{WantMixedLinkType: true})
		if err != nil {
			return nil, nil, err
		}
		return r, func(ci gopacket.CaptureInfo) uint8 {
			it, _ := r.Interface(ci.InterfaceIndex)
			return uint8(it.LinkType)
		}, nil
	}
	r, err := pcapgo.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, nil, err
	}
	r.SetSnaplen(maxFrame)
	return r, func(gopacket.CaptureInfo) uint8 { return uint8(r.LinkType()) }, nil
}

// disagreement reads b with pcapgo and compares with the frames got from the same
// bytes, as far as pcapgo comes; times may differ by less than slack. It returns
// how many were compared.
func disagreement(b []byte, got []decoders.Frame, slack time.Duration) (compared int, err error) {
	defer func() {
		if recover() != nil { // pcapgo divides by the resolution it is given
			err = nil
		}
	}()
	o, link, err := newOracle(b)
	if err != nil {
		return 0, nil
	}
	for i := range got {
		data, ci, err := o.ReadPacketData()
		if err != nil {
			return i, nil // pcapgo refuses more than we do
		}
		f := &got[i]
		switch {
		case !bytes.Equal(data, f.Data):
			return i, fmt.Errorf("frame %d: got bytes %x, pcapgo has %x", i+1, f.Data, data)
		case !sameTime(f.Timestamp, ci.Timestamp, slack):
			return i, fmt.Errorf("frame %d: got time %d, pcapgo has %d", i+1, f.Timestamp, ci.Timestamp.UnixNano())
		case int(f.WireLen) != max(ci.Length, len(data)): // no frame was shorter than what is there of it
			return i, fmt.Errorf("frame %d: got wire length %d, pcapgo has %d", i+1, f.WireLen, ci.Length)
		case uint8(f.Link) != link(ci):
			return i, fmt.Errorf("frame %d: got link type %d, pcapgo has %d", i+1, f.Link, link(ci))
		}
		compared++
	}
	return compared, nil
}

// sameTime compares with pcapgo's time, which it lacks for simple packet blocks,
// counts on where 64 bits of nanoseconds end, and computes in 32 bits where a
// record states more than four seconds of microseconds.
func sameTime(got int64, pcapgo time.Time, slack time.Duration) bool {
	if pcapgo.IsZero() || pcapgo.Year() >= 2262 {
		return true
	}
	off := got - pcapgo.UnixNano()
	return off%(1<<32) == 0 || time.Duration(off).Abs() < slack
}

// sharedCaptures returns the captures of the material beside the checkout.
func sharedCaptures(t *testing.T) []string {
	t.Helper()
	root := os.Getenv("SPANWATCH_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "..", "shared")
	}
	root = filepath.Join(root, "corpus", "permissive")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("no shared captures; SPANWATCH_SHARED names the folder they are in: %v", err)
	}
	var paths []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func TestReadAgreesWithPcapgoOnTheSharedCaptures(t *testing.T) {
	files, frames, faults := 0, 0, 0
	for _, path := range sharedCaptures(t) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := readAll(bytes.NewReader(b), nil)
		if _, ok := err.(*NotCaptureError); ok {
			continue
		}
		files++
		if err != io.EOF {
			faults++
			t.Logf("%s: after %d frames: %v", filepath.Base(path), len(got), err)
		}
		n, err := disagreement(b, got, 1)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if n < len(got) {
			t.Logf("%s: pcapgo reads %d of %d frames", filepath.Base(path), n, len(got))
		}
		frames += n
	}
	if files == 0 || frames == 0 {
		t.Fatal("nothing was compared")
	}
	t.Logf("%d files, %d frames compared, %d files with a fault", files, frames, faults)
}
