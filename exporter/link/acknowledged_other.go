//go:build !linux

package link

import (
	"errors"
	"net"
	"syscall"
)

// acknowledged is known on Linux only.
func acknowledged(net.Conn) (done, known bool, err error) { return false, false, nil }

// tooLarge says whether a datagram was refused for its size.
func tooLarge(err error) bool { return errors.Is(err, syscall.EMSGSIZE) }
