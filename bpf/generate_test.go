//go:build linux

package bpf_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"spanwatch/decoders/decoderstest"
)

// clangMajor is the compiler that made the objects in the repository. Another
// makes others, which may be as good.
const clangMajor = "14"

// TestGeneratedFilesDidNotDrift makes them again from the sources, in a copy.
func TestGeneratedFilesDidNotDrift(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles for a while")
	}
	giveUp := t.Skipf
	if decoderstest.Required("clang") {
		giveUp = t.Fatalf
	}
	version, err := exec.CommandContext(t.Context(), "clang", "--version").Output()
	if err != nil {
		giveUp("no clang: %v", err)
	}
	if m := regexp.MustCompile(`version (\d+)\.`).FindSubmatch(version); m == nil || string(m[1]) != clangMajor {
		giveUp("generated with clang %s, here is %s", clangMajor, bytes.SplitN(version, []byte("\n"), 2)[0])
	}
	root := decoderstest.RepositoryRoot(t)
	work := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		copyFile(t, filepath.Join(root, name), filepath.Join(work, name))
	}
	var generated []string
	for _, pattern := range []string{"src/*", "*.go", "*.o", "bench/*.go", "bench/*.o"} {
		files, err := filepath.Glob(filepath.Join(root, "bpf", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, from := range files {
			name, err := filepath.Rel(root, from)
			if err != nil {
				t.Fatal(err)
			}
			if ok, _ := filepath.Match("*_bpfel.*", filepath.Base(name)); ok {
				generated = append(generated, name)
				continue // has to be made
			}
			copyFile(t, from, filepath.Join(work, name))
		}
	}
	if len(generated) == 0 {
		t.Fatal("no generated files found")
	}
	cmd := exec.CommandContext(t.Context(), "go", "generate", "./bpf/...")
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go generate: %v\n%s", err, out)
	}
	slices.Sort(generated)
	for _, name := range generated {
		have, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		made, err := os.ReadFile(filepath.Join(work, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, made) {
			t.Errorf("%s is not what go generate makes of the sources", name)
		}
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
