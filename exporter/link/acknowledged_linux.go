package link

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// acknowledged says whether the peer's kernel has acknowledged everything that
// was written to a TCP connection, also below TLS. known is false for other
// connections. A connection that is no longer established is an error, since
// the kernel forgets what was not acknowledged when it is reset.
func acknowledged(c net.Conn) (done, known bool, err error) {
	if t, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = t.NetConn()
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return false, false, nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return false, true, err
	}
	var fault error
	err = raw.Control(func(fd uintptr) {
		var left int
		var info *unix.TCPInfo
		if left, fault = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ); fault != nil {
			return
		}
		// Asked for after the queue: a reset in between shows here.
		if info, fault = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); fault != nil {
			return
		}
		const established = 1 // TCP_ESTABLISHED, net/tcp_states.h
		if info.State != established {
			fault = errBroken
			return
		}
		done = left == 0
	})
	if err == nil {
		err = fault
	}
	return done, true, err
}

// tooLarge says whether a datagram was refused for its size.
func tooLarge(err error) bool { return errors.Is(err, syscall.EMSGSIZE) }
