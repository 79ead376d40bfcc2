package main

import "golang.org/x/sys/unix"

// loaderNice is the niceness of threads that load rules: low, not idle, so that
// a reload ends on a busy sensor too.
const loaderNice = 10

// yieldThread lowers the priority of the calling thread. On Linux priorities
// are those of threads (setpriority(2), notes).
func yieldThread() { _ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), loaderNice) }
