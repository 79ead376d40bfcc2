package afpacket

import (
	"encoding/binary"
	"fmt"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// link is what rtnetlink(7) says of an interface.
type link struct {
	index int
	flags uint32 // IFF_
	kind  uint16 // ARPHRD_
	mtu   uint32
	loss  loss
}

func (l *link) up() bool { return l.flags&unix.IFF_UP != 0 }

// loss are frames that an interface itself lost on reception since it was made.
type loss struct{ missed, overruns, dropped uint64 }

func (a loss) add(b loss) loss {
	return loss{a.missed + b.missed, a.overruns + b.overruns, a.dropped + b.dropped}
}

// since is a - b. Drivers reset their counters now and then; then it is a.
func (a loss) since(b loss) loss {
	since := func(a, b uint64) uint64 {
		if a < b {
			return a
		}
		return a - b
	}
	return loss{since(a.missed, b.missed), since(a.overruns, b.overruns), since(a.dropped, b.dropped)}
}

// links asks the kernel for interfaces. Not sysfs, whose mount shows the
// namespace of who mounted it; the socket shows the one it was opened in.
type links struct {
	mu     sync.Mutex
	fd     int
	serial uint32
	answer [64 << 10]byte
}

// linkWait bounds the wait for the kernel's answer, which is there at once unless
// something is very wrong.
const linkWait = 2

func openLinks() (*links, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open rtnetlink: %w", err)
	}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: linkWait}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("open rtnetlink: %w", err)
	}
	return &links{fd: fd}, nil
}

func (l *links) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fd >= 0 {
		unix.Close(l.fd)
		l.fd = -1
	}
}

// byName returns the interface of that name, or ErrNoSuchInterface.
func (l *links) byName(name string) (link, error) {
	if len(name) == 0 || len(name) >= unix.IFNAMSIZ {
		return link{}, ErrNoSuchInterface
	}
	attr := binary.NativeEndian.AppendUint16(nil, uint16(unix.SizeofRtAttr+len(name)+1))
	attr = binary.NativeEndian.AppendUint16(attr, unix.IFLA_IFNAME)
	attr = append(attr, name...)
	attr = append(attr, 0)
	for len(attr)%unix.RTA_ALIGNTO != 0 {
		attr = append(attr, 0)
	}
	return l.ask(0, attr)
}

// byIndex returns the interface of that index, or ErrNoSuchInterface.
func (l *links) byIndex(index int) (link, error) { return l.ask(int32(index), nil) }

func (l *links) ask(index int32, attr []byte) (link, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serial++
	request := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+unix.SizeofIfInfomsg+len(attr)))
	request = binary.NativeEndian.AppendUint16(request, unix.RTM_GETLINK)
	request = binary.NativeEndian.AppendUint16(request, unix.NLM_F_REQUEST)
	request = binary.NativeEndian.AppendUint32(request, l.serial)
	request = binary.NativeEndian.AppendUint32(request, 0)
	request = append(request, unix.AF_UNSPEC, 0, 0, 0)
	request = binary.NativeEndian.AppendUint32(request, uint32(index))
	request = append(request, 0, 0, 0, 0, 0, 0, 0, 0)
	request = append(request, attr...)
	if err := unix.Sendto(l.fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return link{}, fmt.Errorf("ask rtnetlink: %w", err)
	}
	for {
		n, _, err := unix.Recvfrom(l.fd, l.answer[:], 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return link{}, fmt.Errorf("ask rtnetlink: %w", err)
		}
		messages, err := syscall.ParseNetlinkMessage(l.answer[:n])
		if err != nil {
			return link{}, fmt.Errorf("answer of rtnetlink: %w", err)
		}
		for i := range messages {
			if messages[i].Header.Seq == l.serial {
				return parseLink(&messages[i])
			}
		}
	}
}

func parseLink(m *syscall.NetlinkMessage) (link, error) {
	if m.Header.Type == unix.NLMSG_ERROR && len(m.Data) >= 4 {
		errno := unix.Errno(-int32(binary.NativeEndian.Uint32(m.Data)))
		if errno == unix.ENODEV {
			return link{}, ErrNoSuchInterface
		}
		return link{}, fmt.Errorf("rtnetlink: %w", errno)
	}
	if m.Header.Type != unix.RTM_NEWLINK || len(m.Data) < unix.SizeofIfInfomsg {
		return link{}, fmt.Errorf("rtnetlink: message of type %d: %w", m.Header.Type, unix.EBADMSG)
	}
	info := (*unix.IfInfomsg)(unsafe.Pointer(&m.Data[0]))
	l := link{index: int(info.Index), flags: info.Flags, kind: info.Type}
	attrs, err := syscall.ParseNetlinkRouteAttr(m)
	if err != nil {
		return link{}, fmt.Errorf("answer of rtnetlink: %w", err)
	}
	for _, a := range attrs {
		switch a.Attr.Type {
		case unix.IFLA_MTU:
			if len(a.Value) >= 4 {
				l.mtu = binary.NativeEndian.Uint32(a.Value)
			}
		case unix.IFLA_STATS64:
			// struct rtnl_link_stats64 of linux/if_link.h, in words of 8 bytes.
			word := func(i int) uint64 {
				if len(a.Value) < 8*(i+1) {
					return 0
				}
				return binary.NativeEndian.Uint64(a.Value[8*i:])
			}
			// Drivers give overruns as rx_over_errors, as rx_fifo_errors, or as both.
			l.loss = loss{dropped: word(6), overruns: max(word(11), word(14)), missed: word(15)}
		}
	}
	return l, nil
}
