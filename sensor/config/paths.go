package config

import (
	"reflect"
	"slices"
	"strings"
)

// PathKind says what is done with a path of the configuration; the tag path of
// its field names it.
type PathKind string

// Kinds of paths.
const (
	PathRead   PathKind = "read"   // a file that is read, or a pattern of such
	PathFolder PathKind = "folder" // a folder in which files are made and removed
	PathOutput PathKind = "output" // a file that is written, relative to the output folder
)

// Path is a path that the configuration names.
type Path struct {
	Kind PathKind
	Path string
}

// Paths returns all paths that the configuration names, in order and each once:
// what the process has to reach in the file system.
func (c *Config) Paths() []Path {
	paths := appendPaths(nil, reflect.ValueOf(c).Elem(), "")
	slices.SortFunc(paths, func(a, b Path) int {
		return strings.Compare(string(a.Kind)+a.Path, string(b.Kind)+b.Path)
	})
	return slices.Compact(paths)
}

func appendPaths(dst []Path, v reflect.Value, kind PathKind) []Path {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			dst = appendPaths(dst, v.Field(i), PathKind(v.Type().Field(i).Tag.Get("path")))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			dst = appendPaths(dst, v.MapIndex(key), kind)
		}
	case reflect.Slice:
		for i := range v.Len() {
			dst = appendPaths(dst, v.Index(i), kind)
		}
	case reflect.String:
		if text := v.String(); kind != "" && kind != "-" && text != "" {
			dst = append(dst, Path{kind, text})
		}
	}
	return dst
}
