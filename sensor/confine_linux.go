package main

import "golang.org/x/sys/unix"

// canWrite asks with the rights that are in effect.
func canWrite(dir string) error {
	err := unix.Faccessat(unix.AT_FDCWD, dir, unix.W_OK|unix.X_OK, unix.AT_EACCESS)
	if err == unix.ENOENT {
		return nil // it is made when it is needed, or never
	}
	return err
}
