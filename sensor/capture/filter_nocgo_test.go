//go:build !cgo

package capture

import (
	"errors"
	"testing"
)

func TestWithoutLibpcapAFilterIsRefused(t *testing.T) {
	path := write(t, t.TempDir(), "a", at('a', 1))
	_, err := OpenFiles(Options{Paths: []string{path}, Filter: "udp"})
	var bad *FilterError
	if !errors.Is(err, ErrNoLibpcap) || !errors.As(err, &bad) || bad.Expression != "udp" {
		t.Errorf("got %v", err)
	}
}
