package capture

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"spanwatch/sensor/capture/pcapfile"
)

// expand turns the paths of Options into the list of files to open. What a path
// names literally wins over what it would match as a pattern. A file that is met
// twice is read once.
func expand(paths []string) ([]*input, error) {
	var e expansion
	for _, path := range paths {
		e.add(path)
	}
	return e.inputs, errors.Join(e.faults...)
}

type expansion struct {
	inputs []*input
	seen   map[string]bool
	faults []error
}

func (e *expansion) add(path string) {
	if path == pcapfile.Stdin {
		e.file(path, true)
		return
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		e.directory(path)
	case err == nil:
		e.file(path, true)
	case strings.ContainsAny(path, `*?[`) && errors.Is(err, os.ErrNotExist):
		e.pattern(path)
	default:
		e.faults = append(e.faults, err)
	}
}

// directory adds the regular files directly inside, in the order of their names.
func (e *expansion) directory(path string) {
	entries, err := os.ReadDir(path)
	if err != nil {
		e.faults = append(e.faults, err)
		return
	}
	found := false
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		name := filepath.Join(path, entry.Name())
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			e.file(name, false)
			found = true
		}
	}
	if !found {
		e.faults = append(e.faults, fmt.Errorf("%s: no files in directory", path))
	}
}

// pattern adds the files that match, in the order of their names.
func (e *expansion) pattern(path string) {
	matches, err := filepath.Glob(path)
	if err != nil {
		e.faults = append(e.faults, fmt.Errorf("%s: %w", path, err))
		return
	}
	found := false
	for _, name := range matches {
		if info, err := os.Stat(name); err == nil && !info.IsDir() {
			e.file(name, false)
			found = true
		}
	}
	if !found {
		e.faults = append(e.faults, fmt.Errorf("%s: no file matches", path))
	}
}

func (e *expansion) file(path string, named bool) {
	key := filepath.Clean(path)
	if e.seen[key] {
		return
	}
	if e.seen == nil {
		e.seen = make(map[string]bool)
	}
	e.seen[key] = true
	e.inputs = append(e.inputs, &input{path: path, named: named, order: len(e.inputs), next: math.MinInt64})
}
