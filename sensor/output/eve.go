package output

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"spanwatch/exporter/jsonl"
	"spanwatch/sensor/config"
)

// reserved are the names of sinks that files can not have.
var reserved = []string{"file", "stdout", "socket", "syslog", "kafka", "spool"}

var sinkName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

func checkEve(c *config.Config) (faults []config.Fault) {
	const section = "output.eve"
	o := &c.Output.Eve
	_, faults = shapeOf(section, o.Schema, &o.Filter, &o.Redact)
	if o.Path == "-" {
		if o.Rotate != (config.Rotate{}) {
			faults = append(faults, config.Fault{Path: section + ".rotate", What: "is for files, and path is standard output"})
		}
		if c.Output.Stdout.Enabled {
			faults = append(faults, config.Fault{Path: section + ".path", What: "is standard output, as output.stdout is"})
		}
	}
	return faults
}

func checkFiles(c *config.Config) (faults []config.Fault) {
	paths := map[string]string{filepath.Clean(c.Output.Eve.Path): "eve"}
	for _, name := range slices.Sorted(maps.Keys(c.Output.Files)) {
		section := "output.files." + name
		f := c.Output.Files[name]
		_, more := shapeOf(section, f.Schema, &f.Filter, &f.Redact)
		faults = append(faults, more...)
		if !sinkName.MatchString(name) || slices.Contains(reserved, name) {
			faults = append(faults, config.Fault{Path: section, What: fmt.Sprintf("a name has small letters, digits, - and _, and is none of %v", reserved)})
		}
		if f.Path == "" || f.Path == "-" {
			faults = append(faults, config.Fault{Path: section + ".path", What: "must name a file"})
			continue
		}
		if other, ok := paths[filepath.Clean(f.Path)]; ok {
			faults = append(faults, config.Fault{Path: section + ".path", What: "is the file of " + other})
		}
		paths[filepath.Clean(f.Path)] = name
	}
	return faults
}

// openEve opens the file of JSON lines, or standard output.
func openEve(c *config.Config, r *Run) ([]opened, error) {
	o := &c.Output.Eve
	switch o.Path {
	case "":
		return nil, nil
	case "-":
		s, _ := shapeOf("output.eve", o.Schema, &o.Filter, &o.Redact)
		return []opened{{sink: jsonl.NewStream("stdout", os.Stdout), shape: s, where: "standard output"}}, nil
	}
	one, err := openFile("file", config.EveFile{Path: o.Path, Append: o.Append, Rotate: o.Rotate, Schema: o.Schema, Filter: o.Filter, Redact: o.Redact}, r)
	if err != nil {
		return nil, err
	}
	return []opened{one}, nil
}

func openFiles(c *config.Config, r *Run) (list []opened, err error) {
	for _, name := range slices.Sorted(maps.Keys(c.Output.Files)) {
		one, err := openFile(name, c.Output.Files[name], r)
		if err != nil {
			for _, o := range list {
				err = errors.Join(err, o.sink.Close())
			}
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

func openFile(name string, f config.EveFile, r *Run) (opened, error) {
	path := f.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.Folder, path)
	}
	sink, err := jsonl.OpenRotated(name, path, !f.Append, jsonl.Rotation{
		MaxBytes: int64(f.Rotate.Size), Every: f.Rotate.Interval, Compress: f.Rotate.Compress,
		KeepFiles: f.Rotate.KeepFiles, KeepAge: f.Rotate.KeepAge, KeepBytes: int64(f.Rotate.KeepSize),
	})
	if err != nil {
		return opened{}, err
	}
	s, _ := shapeOf("output.files."+name, f.Schema, &f.Filter, &f.Redact) // its faults are those of the check
	return opened{sink: sink, shape: s, where: path}, nil
}

func checkStdout(c *config.Config) []config.Fault {
	o := &c.Output.Stdout
	_, faults := shapeOf("output.stdout", o.Schema, &o.Filter, &o.Redact)
	return faults
}

func openStdout(c *config.Config, _ *Run) ([]opened, error) {
	o := &c.Output.Stdout
	if !o.Enabled {
		return nil, nil
	}
	s, _ := shapeOf("output.stdout", o.Schema, &o.Filter, &o.Redact)
	return []opened{{sink: jsonl.NewStream("stdout", os.Stdout), shape: s, where: "standard output"}}, nil
}
