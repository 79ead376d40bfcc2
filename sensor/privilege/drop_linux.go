package privilege

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Held returns the capabilities in effect.
func Held() (Set, error) {
	c, err := capget()
	if err != nil {
		return 0, fmt.Errorf("read the capabilities: %w", err)
	}
	return Set(c[0].Effective) | Set(c[1].Effective)<<32, nil
}

// capData is the two halves of struct __user_cap_data_struct, version 3.
type capData [2]unix.CapUserData

func capget() (c capData, err error) {
	h := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	return c, unix.Capget(&h, &c[0])
}

func executable() string {
	path, err := os.Executable()
	if err != nil {
		return "spanwatch"
	}
	return path
}

// Dropped says what Drop has done.
type Dropped struct {
	Gone, Kept Set // of the capabilities held before
	Threads    int // that were looked at afterwards, all as they should be
}

// ErrIncomplete is returned if a thread has more afterwards than it should.
var ErrIncomplete = errors.New("a thread has kept privileges")

// Drop gives up all capabilities but those in keep, on all threads, and promises
// that no program started from now on has more (no_new_privs). It then reads from
// /proc what the threads have, so that it must come before Confine shuts /proc, or
// Confine must let it be read. After an error, what was given up is unknown.
func Drop(keep Set) (Dropped, error) {
	before, err := Held()
	if err != nil {
		return Dropped{}, err
	}
	d := Dropped{Gone: before &^ keep, Kept: before & keep}
	if err := noNewPrivileges(); err != nil {
		return d, err
	}
	// The ambient set goes by itself: it is always part of the permitted and the
	// inheritable set.
	header := &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	data := &capData{}
	for i := range data {
		half := uint32(d.Kept >> (32 * i))
		data[i] = unix.CapUserData{Effective: half, Permitted: half}
	}
	var pin runtime.Pinner
	pin.Pin(header)
	pin.Pin(data)
	defer pin.Unpin()
	err = onAllThreads(unix.SYS_CAPSET, uintptr(unsafe.Pointer(header)), uintptr(unsafe.Pointer(data)), 0, 0)
	if err != nil {
		return d, fmt.Errorf("give up capabilities: %w", err)
	}
	d.Threads, err = verify(d.Kept)
	return d, err
}

// noNewPrivileges makes exec(2) give nothing that the process has not.
func noNewPrivileges() error {
	if err := onAllThreads(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	return nil
}

// verify reads what every thread may have and returns how many threads there are.
func verify(kept Set) (threads int, err error) {
	tasks, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil {
		return 0, err
	}
	for _, path := range tasks {
		status, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // it has ended
		}
		if err != nil {
			return threads, fmt.Errorf("verify what was given up: %w", err)
		}
		for _, field := range []string{"CapInh", "CapPrm", "CapEff", "CapAmb"} {
			have, err := statusSet(string(status), field)
			if err != nil {
				return threads, fmt.Errorf("verify what was given up: %s: %w", path, err)
			}
			if extra := have &^ kept; extra != 0 {
				return threads, fmt.Errorf("%w: %s %s has %s", ErrIncomplete, path, field, extra)
			}
		}
		threads++
	}
	if threads == 0 {
		return 0, fmt.Errorf("verify what was given up: %w", os.ErrNotExist)
	}
	return threads, nil
}

// statusSet reads a field of /proc/PID/status, as in proc_pid_status(5).
func statusSet(status, field string) (Set, error) {
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		if name == field {
			n, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
			return Set(n), err
		}
	}
	return 0, fmt.Errorf("no field %s", field)
}
