package config

import (
	"reflect"
	"regexp"
	"slices"
	"testing"
)

// TestEveryPathSaysWhatItIsFor: what is not in Paths cannot be reached once the
// sensor has shut the file system.
func TestEveryPathSaysWhatItIsFor(t *testing.T) {
	pathName := regexp.MustCompile(`(File|Files|Dir|Path|GeoIP)$`)
	seen := 0
	var look func(typ reflect.Type, at string)
	look = func(typ reflect.Type, at string) {
		switch typ.Kind() {
		case reflect.Map, reflect.Slice:
			look(typ.Elem(), at)
		case reflect.Struct:
			for i := range typ.NumField() {
				f := typ.Field(i)
				text := f.Type.Kind() == reflect.String || f.Type == reflect.TypeFor[[]string]()
				kind, ok := f.Tag.Lookup("path")
				if pathName.MatchString(f.Name) && text && !ok {
					t.Errorf(`%s.%s has no tag path: want path:"read", "folder", "output", or "-" if the sensor need not reach it`, at, f.Name)
				}
				if ok {
					seen++
					if !slices.Contains([]string{"read", "folder", "output", "-"}, kind) {
						t.Errorf("%s.%s has path %q", at, f.Name, kind)
					}
				}
				look(f.Type, at+"."+f.Name)
			}
		}
	}
	look(reflect.TypeFor[Config](), "Config")
	if seen < 10 {
		t.Errorf("only %d paths", seen)
	}
}

func TestPathsAreThoseOfTheConfiguration(t *testing.T) {
	c := Default()
	c.Rules.Files = []string{"/etc/rules/*.rules", "local.rules"}
	c.Enrich.GeoIP = []string{"/var/geo.mmdb", "/var/geo.mmdb"}
	c.Rules.DataDir = "/var/lib/data"
	c.Rules.CacheDir = ""
	want := []Path{
		{PathFolder, "/var/lib/data"}, {PathOutput, "eve.json"},
		{PathRead, "/etc/rules/*.rules"}, {PathRead, "/var/geo.mmdb"}, {PathRead, "local.rules"},
	}
	if got := c.Paths(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
