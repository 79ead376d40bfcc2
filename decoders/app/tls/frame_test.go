package tls

import (
	"slices"
	"testing"

	"spanwatch/decoders/app/apptest"
)

func TestFramesAreMarked(t *testing.T) {
	got := apptest.Frames(NewParser(), "\x15\x03\x03\x00\x02\x01\x00")
	if want := []string{"pdu 0+7", "hdr 0+5", "data 5+2", "alert 5+2"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
