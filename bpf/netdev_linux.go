//go:build linux && (amd64 || arm64)

package bpf

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// The generic netlink family "netdev" (linux/netdev.h) tells since Linux 6.3
// what XDP a driver has.
const (
	netdevCmdDevGet       = 1
	netdevAttrIfindex     = 1
	netdevAttrXDPFeatures = 3

	netdevXDPBasic = 1 << 0 // pass, drop, transmit
	netdevXDPFrags = 1 << 5 // buffers of several pieces on the way in
)

// nativeXDPOf asks the driver of a device for its XDP features.
func nativeXDPOf(ifindex int) (nativeXDP, error) {
	c, err := dialGeneric()
	if err != nil {
		return nativeUnknown, err
	}
	defer c.close()
	family, err := c.family("netdev")
	if errors.Is(err, unix.ENOENT) {
		return nativeUnknown, nil
	}
	if err != nil {
		return nativeUnknown, err
	}
	answer, err := c.ask(family, netdevCmdDevGet, attr(netdevAttrIfindex, binary.NativeEndian.AppendUint32(nil, uint32(ifindex))))
	if err != nil {
		return nativeUnknown, err
	}
	value := findAttr(answer, netdevAttrXDPFeatures)
	if len(value) < 8 {
		return nativeUnknown, nil
	}
	features := binary.NativeEndian.Uint64(value)
	switch {
	case features&netdevXDPBasic == 0:
		return nativeNo, nil
	case features&netdevXDPFrags == 0:
		return nativeSinglePiece, nil
	}
	return nativeFrags, nil
}

// generic is a generic netlink socket that asks one question at a time.
type generic struct {
	fd  int
	seq uint32
	buf []byte
}

const (
	netlinkHeader   = unix.SizeofNlMsghdr
	genericHeader   = 4 // command, version, reserved
	genericFamilies = unix.GENL_ID_CTRL
)

func dialGeneric() (*generic, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_GENERIC)
	if err != nil {
		return nil, fmt.Errorf("open generic netlink: %w", err)
	}
	c := &generic{fd: fd, buf: make([]byte, 1<<15)}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		c.close()
		return nil, fmt.Errorf("bind generic netlink: %w", err)
	}
	return c, nil
}

func (c *generic) close() { unix.Close(c.fd) }

// family returns the id of a family, or ENOENT.
func (c *generic) family(name string) (uint16, error) {
	answer, err := c.ask(genericFamilies, unix.CTRL_CMD_GETFAMILY, attr(unix.CTRL_ATTR_FAMILY_NAME, append([]byte(name), 0)))
	if err != nil {
		return 0, err
	}
	id := findAttr(answer, unix.CTRL_ATTR_FAMILY_ID)
	if len(id) < 2 {
		return 0, unix.ENOENT
	}
	return binary.NativeEndian.Uint16(id), nil
}

// ask sends one request and returns the attributes of the answer, which live
// until the next call.
func (c *generic) ask(family uint16, command uint8, attrs []byte) ([]byte, error) {
	c.seq++
	m := make([]byte, netlinkHeader+genericHeader, netlinkHeader+genericHeader+len(attrs))
	m = append(m, attrs...)
	binary.NativeEndian.PutUint32(m, uint32(len(m)))
	binary.NativeEndian.PutUint16(m[4:], family)
	binary.NativeEndian.PutUint16(m[6:], unix.NLM_F_REQUEST)
	binary.NativeEndian.PutUint32(m[8:], c.seq)
	m[netlinkHeader], m[netlinkHeader+1] = command, 1
	if err := unix.Sendto(c.fd, m, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, fmt.Errorf("generic netlink: %w", err)
	}
	for {
		n, _, err := unix.Recvfrom(c.fd, c.buf, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("generic netlink: %w", err)
		}
		answer := c.buf[:n]
		if n < netlinkHeader+genericHeader || binary.NativeEndian.Uint32(answer[8:]) != c.seq {
			continue
		}
		if binary.NativeEndian.Uint16(answer[4:]) == unix.NLMSG_ERROR {
			return nil, unix.Errno(-int32(binary.NativeEndian.Uint32(answer[netlinkHeader:])))
		}
		return answer[netlinkHeader+genericHeader:], nil
	}
}

// attr is one netlink attribute, padded.
func attr(typ uint16, value []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	b = binary.NativeEndian.AppendUint16(b, typ)
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
