//go:build cgo

package privilege

/*
#include "threads_linux.h"
*/
import "C"

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// threadsMu is for the one signal and the one call in C that there are.
var threadsMu sync.Mutex

// onAllThreads makes a system call on every thread of the process. Pointers must
// be pinned. It goes over the list of threads until that has no new ones: a thread
// that is started meanwhile inherits from the thread that starts it, which has
// made the call, or will, so that it is on the list next time.
func onAllThreads(number uintptr, a, b, c, d uintptr) error {
	threadsMu.Lock()
	defer threadsMu.Unlock()
	// The thread on which os/signal waits blocks all signals but those that somebody
	// asked it for.
	unblocked := make(chan os.Signal, 1)
	signal.Notify(unblocked, unix.Signal(C.threads_signal()))
	defer signal.Stop(unblocked)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if errno := C.threads_begin(C.long(number), C.long(a), C.long(b), C.long(c), C.long(d)); errno != 0 {
		return unix.Errno(errno)
	}
	defer C.threads_end()
	// Opened once: the call may be one that forbids to open it.
	list, err := os.Open("/proc/self/task")
	if err != nil {
		return fmt.Errorf("list the threads: %w", err)
	}
	defer list.Close()
	done := map[int]bool{}
	for again := true; again; {
		again = false
		_, err := list.Seek(0, io.SeekStart)
		var names []string
		if err == nil {
			names, err = list.Readdirnames(-1)
		}
		if err != nil {
			return fmt.Errorf("list the threads: %w", err)
		}
		for _, name := range names {
			id, err := strconv.Atoi(name)
			if err != nil || done[id] {
				continue
			}
			done[id], again = true, true
			if errno := C.threads_call(C.int(id)); errno != 0 {
				return fmt.Errorf("thread %d: %w", id, unix.Errno(errno))
			}
		}
	}
	return nil
}
