//go:build !cgo

package privilege

import "syscall"

// onAllThreads makes a system call on every thread of the process. Pointers must
// be pinned.
func onAllThreads(number uintptr, a, b, c, d uintptr) error {
	if _, _, errno := syscall.AllThreadsSyscall6(number, a, b, c, d, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
