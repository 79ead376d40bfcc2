package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"spanwatch/sensor/capture"
)

// bundledCapture is measured where there is nothing larger.
const bundledCapture = "testdata/pcap/office.pcapng"

// input is a capture, counted.
type input struct {
	path   string
	frames uint64
	bytes  uint64 // on the wire
}

// captureFor returns the capture to measure on: the one asked for, the mix, or
// the bundled one.
func captureFor(s settings) (string, error) {
	if s.capture != "" {
		return s.capture, nil
	}
	shared := os.Getenv("SPANWATCH_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "shared")
	}
	corpus, err := filepath.Abs(filepath.Join(shared, "corpus"))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(corpus, "trafficgen")); err != nil {
		fmt.Printf("no traffic generator in %s (SPANWATCH_SHARED names another place): measuring on the bundled capture\n", corpus)
		return bundledCapture, nil
	}
	return mix(s, corpus)
}

// mix makes the capture that the generator calls mix, once for each seed and
// size.
func mix(s settings, corpus string) (string, error) {
	out := filepath.Join(s.cache, fmt.Sprintf("mix-%d-%d.pcap", s.seed, s.bytes))
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	fmt.Printf("making %s from %s\n", out, corpus)
	sources, generator := filepath.Join(s.cache, "captures"), filepath.Join(s.cache, "trafficgen")
	generatorAbs, err := filepath.Abs(generator)
	if err != nil {
		return "", err
	}
	if err := errors.Join(os.RemoveAll(sources), os.MkdirAll(sources, 0o755)); err != nil {
		return "", err
	}
	for _, argv := range [][]string{
		{"tar", "--use-compress-program=zstd", "-xf", filepath.Join(corpus, "captures.tar.zst"), "-C", sources},
		{"go", "build", "-C", filepath.Join(corpus, "trafficgen"), "-o", generatorAbs, "."},
		{generator, "mix", "-seed", fmt.Sprint(s.seed), "-bytes", fmt.Sprint(s.bytes), "-o", out + ".part", filepath.Join(sources, "pcaps")},
		{"mv", out + ".part", out},
	} {
		if msg, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", argv[0], err, msg)
		}
	}
	return out, os.RemoveAll(sources)
}

// describe counts a capture's frames and bytes.
func describe(path string) (input, error) {
	in := input{path: path}
	src, err := capture.OpenFiles(capture.Options{Paths: []string{path}})
	if err != nil {
		return in, err
	}
	defer src.Close()
	var batch capture.Batch
	for {
		err := src.Next(&batch)
		for i := range batch.Frames {
			in.frames++
			in.bytes += uint64(batch.Frames[i].WireLen)
		}
		if errors.Is(err, io.EOF) {
			return in, nil
		}
		if err != nil {
			return in, fmt.Errorf("%s: %w", path, err)
		}
	}
}

// oneFrame is a capture of one ARP request: Suricata refuses an empty one.
func oneFrame() []byte {
	frame := make([]byte, 60)
	copy(frame, "\xff\xff\xff\xff\xff\xff\x02\x53\x57\x00\x00\x01\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01\x02\x53\x57\x00\x00\x01\xc0\x00\x02\x01\x00\x00\x00\x00\x00\x00\xc0\x00\x02\x02")
	le := binary.LittleEndian
	out := le.AppendUint32(nil, 0xa1b2c3d4)
	out = le.AppendUint16(out, 2) // version 2.4
	out = le.AppendUint16(out, 4)
	out = append(out, make([]byte, 8)...)
	out = le.AppendUint32(out, 65535)      // snap length
	out = le.AppendUint32(out, 1)          // Ethernet
	out = le.AppendUint32(out, 1700000000) // seconds, microseconds
	out = le.AppendUint32(out, 0)
	out = le.AppendUint32(out, uint32(len(frame)))
	out = le.AppendUint32(out, uint32(len(frame)))
	return append(out, frame...)
}
