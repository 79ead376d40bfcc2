package schema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Version is the last part of a schema's $id: "urn:spanwatch:event:1.4".
type Version struct{ Major, Minor int }

// ParseVersion reads the version out of an $id.
func ParseVersion(id string) (Version, error) {
	text := id[strings.LastIndexByte(id, ':')+1:]
	major, minor, ok := strings.Cut(text, ".")
	a, err := strconv.Atoi(major)
	b, err2 := strconv.Atoi(minor)
	if !ok || err != nil || err2 != nil {
		return Version{}, fmt.Errorf("%w: $id %q ends in no version such as 1.0", ErrSchema, id)
	}
	return Version{a, b}, nil
}

// Baseline is what a released schema promised: its version, and a field and
// its type per line.
func Baseline(v Version, fields []Field) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version %d.%d\n", v.Major, v.Minor)
	for _, f := range fields {
		fmt.Fprintf(&b, "%s %s\n", f.Path, f.Type())
	}
	return b.String()
}

// Breaks lists what a schema does not keep of a baseline: fields that are gone
// or no longer have a type that they had, and additions without a new minor
// version. A new major version may do anything.
func Breaks(baseline string, now Version, fields []Field) ([]string, error) {
	lines := strings.Split(strings.TrimSpace(baseline), "\n")
	text, ok := strings.CutPrefix(lines[0], "version ")
	if !ok {
		return nil, fmt.Errorf("%w: the baseline begins with no version", ErrSchema)
	}
	then, err := ParseVersion(text)
	if err != nil {
		return nil, err
	}
	if now.Major != then.Major {
		return nil, nil
	}
	var out []string
	known := map[string]bool{}
	for _, line := range lines[1:] {
		path, types, ok := strings.Cut(line, " ")
		if !ok {
			return nil, fmt.Errorf("%w: baseline line %q has no type", ErrSchema, line)
		}
		known[path] = true
		f, ok := Find(fields, path)
		if !ok {
			out = append(out, fmt.Sprintf("%s was removed", path))
			continue
		}
		for t := range strings.SplitSeq(types, "|") {
			if t != "" && !slices.Contains(f.Types, t) {
				out = append(out, fmt.Sprintf("%s was %s and is %s", path, types, f.Type()))
				break
			}
		}
	}
	if now.Minor <= then.Minor {
		for _, f := range fields {
			if !known[f.Path] {
				out = append(out, fmt.Sprintf("%s was added without a new minor version", f.Path))
			}
		}
	}
	return out, nil
}
