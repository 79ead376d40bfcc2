// Package privilege says which capabilities the process holds, names what is
// missing and how to give it, and gives up what is no longer needed.
//
//	start ─► Require(needs) ─► open sockets, attach programs ─► Confine(paths) ─► Drop(keep)
//	           │ *MissingError: what, for what, and the commands to run
//
// Drop and Confine change every thread of the process, for good: a capability
// given up does not come back, and a path shut stays shut, in this process and in
// all that it starts. Linux keeps both by thread, and Go programs have many, of
// which they tell nobody; so the call is made on each of them by a signal, which
// Go's own syscall.AllThreadsSyscall does only in programs without cgo.
//
// All functions may be called from any goroutine, but not Drop and Confine at the
// same time.
package privilege
