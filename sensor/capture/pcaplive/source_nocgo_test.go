//go:build !cgo

package pcaplive

import (
	"testing"

	"spanwatch/sensor/capture"
)

func TestWithoutLibpcapThereIsNoCapture(t *testing.T) {
	if s, err := Open(Options{Interface: "lo"}); s != nil || err != capture.ErrNoLibpcap {
		t.Errorf("got %v and %v", s, err)
	}
}
