package ssh

import (
	"slices"
	"testing"

	"spanwatch/decoders/app/apptest"
)

func TestFramesAreMarked(t *testing.T) {
	got := apptest.Frames(NewParser(), "SSH-2.0-x\r\n\x00\x00\x00\x0c\x0a\x01abcdefghij")
	if want := []string{"record.hdr 11+6", "record.data 17+10", "record.pdu 11+16"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
