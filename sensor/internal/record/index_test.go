package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// testdata is the folder that the index describes, from this one.
const testdata = "../../../testdata"

// maxTestdataBytes keeps the repository light: 12 MB.
const maxTestdataBytes = 12 << 20

func TestReadmeDescribesTheFiles(t *testing.T) {
	got, err := os.ReadFile(filepath.Join(testdata, readmeName))
	if err != nil {
		t.Fatal(err)
	}
	want, err := renderReadme(testdata, got)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("testdata/%s does not describe the files that are there; run go run ./sensor/internal/record -index", readmeName)
	}
}

func TestSumsAreThoseOfTheFiles(t *testing.T) {
	got, err := os.ReadFile(filepath.Join(testdata, sumsName))
	if err != nil {
		t.Fatal(err)
	}
	want, err := renderSums(testdata)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("testdata/%s does not list the files that are there; run go run ./sensor/internal/record -index", sumsName)
	}
}

func TestTestdataStaysSmall(t *testing.T) {
	files, err := dataFiles(testdata)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < len(scenes) {
		t.Fatalf("%d files for %d scenes", len(files), len(scenes))
	}
	var total int64
	for _, name := range files {
		info, err := os.Stat(filepath.Join(testdata, name))
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > maxTestdataBytes {
		t.Errorf("testdata has %d bytes, more than %d", total, maxTestdataBytes)
	}
}

func TestEveryCaptureHasFrames(t *testing.T) {
	for _, s := range scenes {
		data, err := os.ReadFile(filepath.Join(testdata, "pcap", s.file))
		if err != nil {
			t.Error(err)
			continue
		}
		if frames, err := countFrames(data); err != nil || frames < 20 {
			t.Errorf("%s: %d frames, error %v; want 20 frames and more", s.file, frames, err)
		}
	}
}

func TestCountFrames(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(testdata, "pcap", "vlan.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	ng, err := os.ReadFile(filepath.Join(testdata, "pcap", "office.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"whole pcap", whole, nil},
		{"whole pcapng", ng, nil},
		{"pcap without frames", whole[:24], nil},
		{"pcap that ends in a frame", whole[:len(whole)-1], errNotCapture},
		{"pcap that ends in a record header", whole[:24+15], errNotCapture},
		{"pcapng that ends in a block", ng[:len(ng)-1], errNotCapture},
		{"text", []byte("this is no capture at all, is it?"), errNotCapture},
		{"nothing", nil, errNotCapture},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := countFrames(c.data); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestRenderReadmeRefusesAFileThatNobodyExplains(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(testdata)); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(dir, readmeName))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := renderReadme(dir, readme); err != nil {
		t.Fatalf("before: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pcap", "found.pcap"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := renderReadme(dir, readme); err == nil {
		t.Error("a capture of unknown origin was accepted")
	}
}

func TestSceneNamesAreUnique(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range scenes {
		if seen[s.name()] {
			t.Errorf("two scenes are called %s", s.name())
		}
		seen[s.name()] = true
		if s.shows == "" || s.made == "" {
			t.Errorf("%s does not say what it shows and how it was made", s.file)
		}
	}
}
