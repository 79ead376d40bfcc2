//go:build !unix

package spool

import (
	"fmt"
	"os"
)

// lock opens the lock file only: there is no lock that ends with the process.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return f, nil
}

// full says whether err is for want of room.
func full(error) bool { return false }
