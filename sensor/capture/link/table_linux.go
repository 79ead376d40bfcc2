package link

import (
	"encoding/binary"
	"fmt"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Info is what rtnetlink(7) says of an interface.
type Info struct {
	Index  int
	Flags  uint32 // IFF_
	Kind   uint16 // ARPHRD_
	MTU    uint32
	Queues int // receive queues that the device has room for
	Master int // index of the bridge or bond it belongs to; 0 for none
	Loss   Loss
}

// Up reports whether the interface is set up.
func (l *Info) Up() bool { return l.Flags&unix.IFF_UP != 0 }

// Loss are frames that an interface itself lost on reception since it was made.
type Loss struct{ Missed, Overruns, Dropped uint64 }

// Add returns a + b.
func (a Loss) Add(b Loss) Loss {
	return Loss{a.Missed + b.Missed, a.Overruns + b.Overruns, a.Dropped + b.Dropped}
}

// Since is a - b. Drivers reset their counters now and then; then it is a.
func (a Loss) Since(b Loss) Loss {
	since := func(a, b uint64) uint64 {
		if a < b {
			return a
		}
		return a - b
	}
	return Loss{since(a.Missed, b.Missed), since(a.Overruns, b.Overruns), since(a.Dropped, b.Dropped)}
}

// Table asks the kernel for interfaces. Not sysfs, whose mount shows the
// namespace of who mounted it; the socket shows the one it was opened in.
type Table struct {
	mu     sync.Mutex
	fd     int
	serial uint32
	answer [64 << 10]byte
}

// linkWait bounds the wait for the kernel's answer, which is there at once unless
// something is very wrong.
const linkWait = 2

// Open opens the Table of the network namespace that the thread is in.
func Open() (*Table, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open rtnetlink: %w", err)
	}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: linkWait}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("open rtnetlink: %w", err)
	}
	return &Table{fd: fd}, nil
}

// Close ends the Table. A second call does nothing.
func (l *Table) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fd >= 0 {
		unix.Close(l.fd)
		l.fd = -1
	}
}

// ByName returns the interface of that name, or ErrNoSuchInterface.
func (l *Table) ByName(name string) (Info, error) {
	if len(name) == 0 || len(name) >= unix.IFNAMSIZ {
		return Info{}, ErrNoSuchInterface
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

// ByIndex returns the interface of that index, or ErrNoSuchInterface.
func (l *Table) ByIndex(index int) (Info, error) { return l.ask(int32(index), nil) }

func (l *Table) ask(index int32, attr []byte) (Info, error) {
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
		return Info{}, fmt.Errorf("ask rtnetlink: %w", err)
	}
	for {
		n, _, err := unix.Recvfrom(l.fd, l.answer[:], 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return Info{}, fmt.Errorf("ask rtnetlink: %w", err)
		}
		messages, err := syscall.ParseNetlinkMessage(l.answer[:n])
		if err != nil {
			return Info{}, fmt.Errorf("answer of rtnetlink: %w", err)
		}
		for i := range messages {
			if messages[i].Header.Seq == l.serial {
				return parseLink(&messages[i])
			}
		}
	}
}

func parseLink(m *syscall.NetlinkMessage) (Info, error) {
	if m.Header.Type == unix.NLMSG_ERROR && len(m.Data) >= 4 {
		errno := unix.Errno(-int32(binary.NativeEndian.Uint32(m.Data)))
		if errno == unix.ENODEV {
			return Info{}, ErrNoSuchInterface
		}
		return Info{}, fmt.Errorf("rtnetlink: %w", errno)
	}
	if m.Header.Type != unix.RTM_NEWLINK || len(m.Data) < unix.SizeofIfInfomsg {
		return Info{}, fmt.Errorf("rtnetlink: message of type %d: %w", m.Header.Type, unix.EBADMSG)
	}
	info := (*unix.IfInfomsg)(unsafe.Pointer(&m.Data[0]))
	l := Info{Index: int(info.Index), Flags: info.Flags, Kind: info.Type}
	attrs, err := syscall.ParseNetlinkRouteAttr(m)
	if err != nil {
		return Info{}, fmt.Errorf("answer of rtnetlink: %w", err)
	}
	for _, a := range attrs {
		switch a.Attr.Type {
		case unix.IFLA_MTU:
			if len(a.Value) >= 4 {
				l.MTU = binary.NativeEndian.Uint32(a.Value)
			}
		case unix.IFLA_NUM_RX_QUEUES:
			if len(a.Value) >= 4 {
				l.Queues = int(binary.NativeEndian.Uint32(a.Value))
			}
		case unix.IFLA_MASTER:
			if len(a.Value) >= 4 {
				l.Master = int(binary.NativeEndian.Uint32(a.Value))
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
			l.Loss = Loss{Dropped: word(6), Overruns: max(word(11), word(14)), Missed: word(15)}
		}
	}
	return l, nil
}

// Watch tells when any interface of a network namespace changes.
type Watch struct{ fd int }

// OpenWatch opens the Watch of the network namespace that the thread is in.
func OpenWatch() (*Watch, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open rtnetlink: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_LINK}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("watch rtnetlink: %w", err)
	}
	return &Watch{fd: fd}, nil
}

// FD is readable, for poll(2), when there was a change since Changed was called.
func (w *Watch) FD() int { return w.fd }

// Changed reports whether there was a change since it was called last. What has
// changed, a Table says.
func (w *Watch) Changed() (changed bool) {
	var message [8 << 10]byte
	for {
		_, _, err := unix.Recvfrom(w.fd, message[:], 0)
		if err == unix.EINTR {
			continue
		}
		// More changes than the socket holds are changes too.
		if err != nil && err != unix.ENOBUFS {
			return changed
		}
		changed = true
	}
}

// Close ends the Watch.
func (w *Watch) Close() { unix.Close(w.fd) }
