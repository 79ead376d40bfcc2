package spool_test

import (
	"errors"
	"slices"
	"syscall"
	"testing"

	"spanwatch/exporter/event"
	"spanwatch/exporter/spool"
)

// smallDisk gives a file system of 512 KiB, or skips the test where mounting
// is not allowed.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Skipf("mounting a tmpfs needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestOnAFullDiskAlertsTakeTheRoomOfFlows(t *testing.T) {
	s := open(t, spool.Config{Dir: smallDisk(t), SegmentBytes: 32 << 10, MaxBytes: 1 << 30})
	for i := range 300 { // more than fits
		if _, _, err := s.Append(event.TypeFlow, some(i*10, 10, 300)); err != nil {
			t.Fatal(err)
		}
	}
	c := balance(t, s)[event.TypeFlow]
	if c.Lost[spool.LossEvicted].Records == 0 {
		t.Fatalf("the disk was never full: %+v", c)
	}
	stored := 0
	for {
		n, _, err := s.Append(event.TypeAlert, some(stored, 10, 300))
		stored += n
		if err == nil {
			continue
		}
		if !errors.Is(err, spool.ErrFull) && !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		break
	}
	if stored < 1000 {
		t.Errorf("only %d alerts found room", stored)
	}
	if got := drain(t, s, event.TypeAlert, 1<<20); !slices.Equal(got, upTo(0, stored)) {
		t.Errorf("%d alerts came out, %d were stored", len(got), stored)
	}
	if n, _, err := s.Append(event.TypeFlow, some(0, 10, 300)); n != 10 || err != nil {
		t.Errorf("after room was made: %d stored, error %v", n, err)
	}
	balance(t, s)
}
