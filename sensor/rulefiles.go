package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"spanwatch/signatures/keyword"
	"spanwatch/signatures/rule"
)

// Files that rules name: lists of digests, values of datasets. Rules commonly
// come from somebody else, so what they may reach is bounded: names are
// relative, stay below their folder, and only rules.data-dir is written to.

// errOutside refuses a name that leads out of the folders rules may use.
var errOutside = errors.New("rules may name files below their own folder and rules.data-dir only")

// maxNamedFile bounds a file that a rule names.
const maxNamedFile = 1 << 30

// readFile finds a file that a rule names: in rules.data-dir, where saved
// values are, then beside the rule's file.
func (l *ruleLoader) readFile(ruleFile, name string) ([]byte, error) {
	if !filepath.IsLocal(name) {
		return nil, fmt.Errorf("%s: %w", name, errOutside)
	}
	if l.cfg.DataDir != "" {
		text, err := readBounded(filepath.Join(l.cfg.DataDir, name))
		if !errors.Is(err, os.ErrNotExist) {
			return text, err
		}
	}
	return readBounded(filepath.Join(filepath.Dir(ruleFile), name))
}

func readBounded(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxNamedFile {
		return nil, fmt.Errorf("%s: no plain file of at most %d bytes", path, maxNamedFile)
	}
	return os.ReadFile(path)
}

// unsaved warns of datasets whose values are to be kept and will not be.
func unsaved(sets *keyword.Datasets) (warnings []*rule.Diagnostic) {
	for _, name := range sets.Names {
		if set, _ := sets.Lookup(name); set.SaveTo != "" {
			warnings = append(warnings, &rule.Diagnostic{
				Pos: rule.Position{File: set.SaveTo}, Code: "not-saved", Warning: true,
				What: "the values of dataset " + name + " are not kept", Why: "rules.data-dir is not set",
			})
		}
	}
	return warnings
}

// saveDatasets writes the values of datasets that rules want kept below dir,
// each file in one step.
func saveDatasets(sets *keyword.Datasets, dir string) error {
	if dir == "" || sets == nil {
		return nil
	}
	var faults []error
	for _, name := range sets.Names {
		set, _ := sets.Lookup(name)
		if set.SaveTo == "" {
			continue
		}
		if !filepath.IsLocal(set.SaveTo) {
			faults = append(faults, fmt.Errorf("dataset %s: %s: %w", name, set.SaveTo, errOutside))
			continue
		}
		if err := replaceFile(filepath.Join(dir, set.SaveTo), set.AppendFile(nil)); err != nil {
			faults = append(faults, fmt.Errorf("dataset %s: %w", name, err))
		}
	}
	return errors.Join(faults...)
}

// replaceFile writes a file so that a reader finds the old text or the new one.
func replaceFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
