package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Where the index of testdata stands: in the README between the marks, and in
// the form that sha256sum -c reads.
const (
	indexBegin = "<!-- index: written by `make captures`, checked by its test -->\n"
	indexEnd   = "<!-- end of index -->\n"
	sumsName   = "SHA256SUMS"
	readmeName = "README.md"
)

// errNotCapture tells of a file whose frames cannot be counted.
var errNotCapture = errors.New("not a whole pcap or pcapng file")

// other files of testdata than captures, with what they are for.
var otherFiles = []struct{ path, shows, made string }{
	{"geoip/test.mmdb", "GeoIP for the documentation addresses of the captures: country, city, ASN", "`go test ./sensor/internal/geotest -update`"},
	{"rules/demo.rules", "rules that find the office's intruder", "written by hand"},
	{"rules/not-yet.rules", "rules with protocols and keywords that this version refuses, to show how it says so", "written by hand"},
}

// writeIndex brings README.md and SHA256SUMS of dir up to date with its files.
func writeIndex(dir string) error {
	sums, err := renderSums(dir)
	if err != nil {
		return err
	}
	readme, err := os.ReadFile(filepath.Join(dir, readmeName))
	if err != nil {
		return err
	}
	readme, err = renderReadme(dir, readme)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, sumsName), sums, 0o644),
		os.WriteFile(filepath.Join(dir, readmeName), readme, 0o644))
}

// dataFiles lists the files under dir that the index covers, sorted, with
// slashes.
func dataFiles(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if rel = filepath.ToSlash(rel); rel != sumsName && rel != readmeName {
			for _, folder := range []string{"pcap/", "rules/", "geoip/"} {
				if strings.HasPrefix(rel, folder) {
					files = append(files, rel)
				}
			}
		}
		return err
	})
	slices.Sort(files)
	return files, err
}

// renderSums returns what SHA256SUMS must say.
func renderSums(dir string) ([]byte, error) {
	files, err := dataFiles(dir)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(data), name)
	}
	return out.Bytes(), nil
}

// renderReadme returns readme with its index made anew.
func renderReadme(dir string, readme []byte) ([]byte, error) {
	before, rest, ok := bytes.Cut(readme, []byte(indexBegin))
	_, after, ok2 := bytes.Cut(rest, []byte(indexEnd))
	if !ok || !ok2 {
		return nil, fmt.Errorf("%s has no marks of the index", readmeName)
	}
	var out bytes.Buffer
	out.Write(before)
	out.WriteString(indexBegin)
	out.WriteString("\n| file | frames | bytes | shows | made with | sha256 |\n|---|---:|---:|---|---|---|\n")
	listed := make(map[string]bool)
	row := func(name, shows, made string) error {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		frames := ""
		if strings.HasPrefix(name, "pcap/") {
			n, err := countFrames(data)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			frames = fmt.Sprint(n)
		}
		listed[name] = true
		fmt.Fprintf(&out, "| [%s](%s) | %s | %d | %s | %s | `%.12x…` |\n", name, name, frames, len(data), shows, made, sha256.Sum256(data))
		return nil
	}
	for _, s := range scenes {
		if err := row("pcap/"+s.file, s.shows, s.made); err != nil {
			return nil, err
		}
	}
	for _, f := range otherFiles {
		if err := row(f.path, f.shows, f.made); err != nil {
			return nil, err
		}
	}
	files, err := dataFiles(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		if !listed[name] {
			return nil, fmt.Errorf("nobody says what %s is for: no scene, not in otherFiles", name)
		}
	}
	out.WriteString("\n")
	out.WriteString(indexEnd)
	out.Write(after)
	return out.Bytes(), nil
}

// countFrames counts the frames of a capture as this recorder's tools write
// it: pcap or pcapng, little-endian.
func countFrames(data []byte) (int, error) {
	if len(data) < 24 {
		return 0, errNotCapture
	}
	switch binary.LittleEndian.Uint32(data) {
	case 0xa1b2c3d4, 0xa1b23c4d: // microseconds, nanoseconds
		return countRecords(data[24:])
	case 0x0a0d0d0a:
		return countBlocks(data)
	}
	return 0, errNotCapture
}

// countRecords walks the records of a pcap file.
func countRecords(data []byte) (frames int, err error) {
	for ; len(data) > 0; frames++ {
		if len(data) < 16 {
			return frames, errNotCapture
		}
		size := 16 + int(binary.LittleEndian.Uint32(data[8:]))
		if size > len(data) {
			return frames, errNotCapture
		}
		data = data[size:]
	}
	return frames, nil
}

// countBlocks walks the blocks of a pcapng file.
func countBlocks(data []byte) (frames int, err error) {
	const enhancedPacket = 6
	for len(data) > 0 {
		if len(data) < 12 {
			return frames, errNotCapture
		}
		size := int(binary.LittleEndian.Uint32(data[4:]))
		if size < 12 || size > len(data) {
			return frames, errNotCapture
		}
		if binary.LittleEndian.Uint32(data) == enhancedPacket {
			frames++
		}
		data = data[size:]
	}
	return frames, nil
}
