package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"spanwatch/sensor/capture"
)

// bundledCapture is measured where there is nothing larger.
const bundledCapture = "testdata/pcap/office.pcapng"

// kinds are the captures that the corpus' traffic generator makes.
var kinds = []string{"mix", "http", "elephants", "flows", "hostile"}

// input is a capture, counted.
type input struct {
	name   string
	path   string
	frames uint64
	bytes  uint64 // on the wire
}

// errNoCorpus says that there is no shared corpus.
var errNoCorpus = errors.New("no shared corpus")

// corpus returns its folder.
func corpus() (string, error) {
	shared := os.Getenv("SPANWATCH_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "shared")
	}
	dir, err := filepath.Abs(filepath.Join(shared, "corpus"))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dir, "trafficgen")); err != nil {
		return "", fmt.Errorf("%w in %s (SPANWATCH_SHARED names another place)", errNoCorpus, dir)
	}
	return dir, nil
}

// provideCaptures returns the captures to measure on: files, and those of the
// corpus, which are made once for each seed and size. Without a corpus the
// bundled capture stands for all of them.
func (s *settings) provideCaptures() (out []input, err error) {
	for _, name := range list(s.captures) {
		path := name
		if slices.Contains(kinds, name) {
			dir, err := corpus()
			switch {
			case errors.Is(err, errNoCorpus):
				fmt.Printf("%v: measuring on the bundled capture\n", err)
				name, path = "office", bundledCapture
			case err != nil:
				return nil, err
			default:
				if path, err = s.make(name, dir); err != nil {
					return nil, err
				}
			}
		}
		if slices.ContainsFunc(out, func(c input) bool { return c.path == path }) {
			continue
		}
		c, err := describe(path)
		if err != nil {
			return nil, err
		}
		c.name = name
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errors.New("-captures: none is named")
	}
	return out, nil
}

// make makes a capture of the corpus.
func (s *settings) make(kind, corpus string) (string, error) {
	out := filepath.Join(s.cache, fmt.Sprintf("%s-%d.pcap", kind, s.seed))
	argv := []string{kind, "-seed", fmt.Sprint(s.seed)}
	if kind == "mix" {
		out = filepath.Join(s.cache, fmt.Sprintf("%s-%d-%d.pcap", kind, s.seed, s.bytes))
		argv = append(argv, "-bytes", fmt.Sprint(s.bytes))
	}
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	fmt.Printf("making %s from %s\n", out, corpus)
	sources := filepath.Join(s.cache, "captures")
	generator, err := filepath.Abs(filepath.Join(s.cache, "trafficgen"))
	if err != nil {
		return "", err
	}
	argv = append(argv, "-o", out+".part")
	if kind == "mix" || kind == "hostile" {
		argv = append(argv, filepath.Join(sources, "pcaps"))
	}
	if err := os.MkdirAll(sources, 0o755); err != nil {
		return "", err
	}
	steps := [][]string{
		{"go", "build", "-C", filepath.Join(corpus, "trafficgen"), "-o", generator, "."},
		append([]string{generator}, argv...),
		{"mv", out + ".part", out},
	}
	if _, err := os.Stat(filepath.Join(sources, "pcaps")); err != nil {
		steps = append([][]string{{"tar", "--use-compress-program=zstd", "-xf", filepath.Join(corpus, "captures.tar.zst"), "-C", sources}}, steps...)
	}
	return out, runAll(steps)
}

func runAll(steps [][]string) error {
	for _, argv := range steps {
		if msg, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", argv[0], err, msg)
		}
	}
	return nil
}

// bundledRules are measured where there are none larger.
const bundledRules = "testdata/rules/demo.rules"

// provideRules returns the rules to load: those asked for, those of the corpus,
// or the bundled ones.
func (s *settings) provideRules() (string, error) {
	if s.rules != "" {
		return s.rules, nil
	}
	dir, err := corpus()
	if errors.Is(err, errNoCorpus) {
		fmt.Printf("%v: measuring with the bundled rules\n", err)
		return bundledRules, nil
	}
	if err != nil {
		return "", err
	}
	out := filepath.Join(s.cache, "etopen.rules")
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	return out, runAll([][]string{
		{"zstd", "-dqf", filepath.Join(dir, "etopen.rules.zst"), "-o", out + ".part"},
		{"mv", out + ".part", out},
	})
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
