package dcerpc

import (
	"slices"
	"testing"

	"spanwatch/decoders/app/apptest"
)

func TestFramesAreMarked(t *testing.T) {
	got := apptest.Frames(NewParser(), "\x05\x00\x0e\x03\x10\x00\x00\x00\x14\x00\x00\x00\x01\x00\x00\x00abcd")
	if want := []string{"hdr 0+16", "pdu 0+20", "data 16+4"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
