//go:build linux && (amd64 || arm64)

package bpf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// What frames of a device start with: TYPE_ETHERNET and TYPE_RAW_IP of parse_link.h.
const (
	linkEthernet uint32 = 0x10000 + iota
	linkRawIP
)

// device is an interface of the calling thread's network namespace.
type device struct {
	name       string
	index      int
	kind       uint16 // ARPHRD_
	mtu        int
	xdpProgram uint32
	master     int    // index of the bridge or bond it belongs to, or 0
	under      int    // index of the device that carries it, or 0
	driver     string // "vlan", "veth"; empty for hardware
}

// linkType is 0 if frames start with a header that the programs do not know.
func (d *device) linkType() uint32 {
	switch d.kind {
	case unix.ARPHRD_ETHER, unix.ARPHRD_LOOPBACK:
		return linkEthernet
	case unix.ARPHRD_NONE, unix.ARPHRD_RAWIP, unix.ARPHRD_TUNNEL, unix.ARPHRD_TUNNEL6, unix.ARPHRD_SIT, unix.ARPHRD_PPP:
		return linkRawIP
	}
	return 0
}

// Attributes of linux/if_link.h that x/sys does not have.
const (
	iflaXDPProgID = 4
	iflaInfoKind  = 1
	attrType      = 0x3fff // without the flags for nesting and byte order
)

// findDevice asks the kernel about one interface.
func findDevice(name string) (*device, error) {
	devices, err := listDevices()
	if err != nil {
		return nil, err
	}
	for _, d := range devices {
		if d.name != name {
			continue
		}
		if d.linkType() == 0 {
			return nil, &NotSupportedError{Feature: fmt.Sprintf("device type %d of %s", d.kind, name)}
		}
		return d, nil
	}
	return nil, fmt.Errorf("%s: %w", name, ErrNoDevice)
}

func listDevices() (devices []*device, err error) {
	dump, err := syscall.NetlinkRIB(syscall.RTM_GETLINK, syscall.AF_UNSPEC)
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	messages, err := syscall.ParseNetlinkMessage(dump)
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	for i := range messages {
		if messages[i].Header.Type != syscall.RTM_NEWLINK {
			continue
		}
		if d := parseLink(&messages[i]); d != nil {
			devices = append(devices, d)
		}
	}
	return devices, nil
}

// parseLink reads one answer to RTM_GETLINK; nil if it is malformed.
func parseLink(m *syscall.NetlinkMessage) *device {
	attrs, err := syscall.ParseNetlinkRouteAttr(m)
	if err != nil || len(m.Data) < syscall.SizeofIfInfomsg {
		return nil
	}
	d := &device{
		kind:  binary.NativeEndian.Uint16(m.Data[2:]),
		index: int(int32(binary.NativeEndian.Uint32(m.Data[4:]))),
	}
	for _, a := range attrs {
		switch a.Attr.Type & attrType {
		case unix.IFLA_IFNAME:
			d.name = unix.ByteSliceToString(a.Value)
		case unix.IFLA_MTU:
			if len(a.Value) >= 4 {
				d.mtu = int(binary.NativeEndian.Uint32(a.Value))
			}
		case unix.IFLA_MASTER:
			if len(a.Value) >= 4 {
				d.master = int(binary.NativeEndian.Uint32(a.Value))
			}
		case unix.IFLA_LINK:
			if len(a.Value) >= 4 {
				d.under = int(binary.NativeEndian.Uint32(a.Value))
			}
		case unix.IFLA_LINKINFO:
			d.driver = unix.ByteSliceToString(findAttr(a.Value, iflaInfoKind))
		case unix.IFLA_XDP:
			if id := findAttr(a.Value, iflaXDPProgID); len(id) >= 4 {
				d.xdpProgram = binary.NativeEndian.Uint32(id)
			}
		}
	}
	return d
}

// findAttr returns the value of a netlink attribute in b, or nil.
func findAttr(b []byte, typ uint16) []byte {
	const header = 4
	for len(b) >= header {
		size := int(binary.NativeEndian.Uint16(b))
		if size < header || size > len(b) {
			return nil
		}
		if binary.NativeEndian.Uint16(b[2:])&attrType == typ {
			return b[header:size]
		}
		b = b[min((size+3)&^3, len(b)):]
	}
	return nil
}

// lockInstance keeps a second instance from counting the same device again. The
// lock is a name in the abstract namespace of Unix sockets, which belongs to the
// network namespace as the device does, needs no file, and is gone when the
// process is.
func lockInstance(d *device) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("lock %s: %w", d.name, err)
	}
	err = unix.Bind(fd, &unix.SockaddrUnix{Name: fmt.Sprintf("@spanwatch/account/%d", d.index)})
	if err == nil {
		return fd, nil
	}
	unix.Close(fd)
	if errors.Is(err, unix.EADDRINUSE) {
		return -1, &BusyError{Device: d.name, Instance: true}
	}
	return -1, fmt.Errorf("lock %s: %w", d.name, err)
}
