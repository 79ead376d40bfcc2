package jsonl_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"spanwatch/exporter"
)

// TestAFullDiskDropsAndCountsAndRecovers fills a file system of 256 KiB.
func TestAFullDiskDropsAndCountsAndRecovers(t *testing.T) {
	dir := mountSmallDisk(t)
	path := filepath.Join(dir, "eve.json")
	r := openFile(t, path, false)
	got := r.write(1000, 1000)
	if got.Delivered == 0 || got.Dropped[exporter.DropDiskFull] == 0 {
		t.Fatalf("want some delivered and some dropped, got %+v", got)
	}
	if !errors.Is(r.err, syscall.ENOSPC) {
		t.Errorf("got error %v, want ENOSPC", r.err)
	}
	if n := checkLines(t, path); uint64(n) != r.sum.Delivered {
		t.Errorf("the file has %d lines, %d were counted as delivered", n, r.sum.Delivered)
	}
	if got := r.write(1, 5000); got.Dropped[exporter.DropDiskFull] != 1 {
		t.Errorf("on a full disk: %+v", got)
	}

	if err := os.Truncate(path, 0); err != nil { // as logrotate's copytruncate
		t.Fatal(err)
	}
	if got := r.write(10, 1000); got.Delivered != 10 || r.err != nil {
		t.Errorf("after room was made: %+v, error %v", got, r.err)
	}
	if n := checkLines(t, path); n != 10 {
		t.Errorf("got %d lines, want 10", n)
	}
}

// mountSmallDisk gives a file system that is soon full, or skips the test
// where mounting is not allowed.
func mountSmallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("mounting a tmpfs needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestADeviceWithoutSpaceDropsEverythingAndCountsIt(t *testing.T) {
	r := openFile(t, "/dev/full", false)
	if got := r.write(50, 5000); got.Dropped[exporter.DropDiskFull] != 50 {
		t.Errorf("got %+v, want 50 dropped by a full disk", got)
	}
	if !errors.Is(r.err, syscall.ENOSPC) {
		t.Errorf("got error %v, want ENOSPC", r.err)
	}
}
