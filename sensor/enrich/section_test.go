package enrich

import (
	"bytes"
	"testing"
)

func TestSound(t *testing.T) {
	for _, c := range []struct {
		name string
		data string
		want bool
	}{
		{"empty map", "\xe0", true},
		{"map with a string", "\xe1\x41a\x41b", true},
		{"bool, whose size is its value", "\x01\x07", true},
		{"unsigned number of two bytes", "\xa2\x01\x02", true},
		{"array of two bools", "\x02\x04\x01\x07\x00\x07", true},
		{"pointer to the string behind it", "\x20\x02\x41a", true},
		{"string of 29 and more bytes", "\x5d\x01" + string(bytes.Repeat([]byte{'x'}, 30)), true},
		{"string of 285 and more bytes", "\x5e\x00\x01" + string(bytes.Repeat([]byte{'x'}, 286)), true},
		{"nothing", "", false},
		{"string longer than the section", "\x45ab", false},
		{"map that promises more than there is", "\xe2\x41a\x41b", false},
		{"map of sixteen million entries", "\xff\xff\xff\xff\x41a", false},
		{"pointer out of the section", "\x20\x30", false},
		{"pointer to itself", "\x20\x00", false},
		{"map that holds itself twice", "\xe2\x20\x00\x20\x00\x20\x00\x20\x00", false},
		{"size cut off", "\x5e\x00", false},
		{"type that does not exist", "\x00\x20", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := section(c.data).sound(0); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
