package afpacket

import (
	"bytes"
	"io"
	"os/exec"
	"path/filepath"
	"testing"

	"spanwatch/decoders"
	"spanwatch/sensor/capture"
)

// readFile returns the frames of a capture file.
func readFile(t *testing.T, path string) (frames [][]byte, ethernet bool) {
	t.Helper()
	s, err := capture.OpenFiles(capture.Options{Paths: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var b capture.Batch
	for {
		err := s.Next(&b)
		for _, f := range b.Frames {
			if f.Link != decoders.LinkEthernet {
				return nil, false
			}
			frames = append(frames, bytes.Clone(f.Data))
		}
		if err == io.EOF {
			return frames, true
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTrafficOfTCPReplayIsDeliveredAsItWasRecorded(t *testing.T) {
	if _, err := exec.LookPath("tcpreplay"); err != nil {
		t.Skip(err)
	}
	paths, err := filepath.Glob("../../../testdata/pcap/*.pcap*")
	if err != nil {
		t.Fatal(err)
	}
	replayed := 0
	for _, path := range paths {
		frames, ethernet := readFile(t, path)
		if !ethernet || len(frames) == 0 || len(frames) > 20000 {
			continue
		}
		replayed++
		t.Run(filepath.Base(path), func(t *testing.T) {
			ns, _ := enter(t, 65535) // a file has frames that were merged
			c := open(t, Options{Workers: 2, Fanout: FanoutHosts, RingBytes: 32 << 20})
			ns.Command(t, "tcpreplay", "--topspeed", "--intf1", "tx", path)
			var got []decoders.Frame
			for _, frames := range spread(t, c, len(frames)) {
				got = append(got, frames...)
			}
			if !sameBytes(got, frames) {
				t.Error("other frames were delivered")
			}
			if n := ns.Counters(t, "rx").RX.Packets; int(n) != len(frames) {
				t.Errorf("ip -s link says %d frames, the file has %d", n, len(frames))
			}
		})
	}
	if replayed == 0 {
		t.Fatal("no capture file was replayed")
	}
}
