//go:build linux && (amd64 || arm64)

package afxdp

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"

	"spanwatch/sensor/capture/link"
)

// channels is struct ethtool_channels of linux/ethtool.h.
type channels struct {
	command  uint32
	_        [4]uint32 // most of each kind
	rxCount  uint32
	_        [2]uint32 // of sending, and for other purposes
	combined uint32
}

// queuesOf returns how many receive queues an interface has in use.
func queuesOf(name string, l *link.Info) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	c := channels{command: unix.ETHTOOL_GCHANNELS}
	var request struct {
		name [unix.IFNAMSIZ]byte
		data *channels
		_    [16]byte // struct ifreq is longer
	}
	copy(request.name[:unix.IFNAMSIZ-1], name)
	request.data = &c
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
	switch {
	case errno == 0 && c.rxCount+c.combined > 0:
		return int(c.rxCount + c.combined), nil
	case errno == 0, errors.Is(errno, unix.EOPNOTSUPP):
		return max(l.Queues, 1), nil // all that it has room for
	}
	return 0, errno
}
