package main

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Numbers of the encapsulations.
const (
	protoIPIP   = 4      // IANA protocol numbers
	proto6in4   = 41     //
	protoGRE    = 47     //
	portGTPU    = 2152   // 3GPP TS 29.281
	gtpuTEID    = 0x5357 // of every session
	etherPPPoE  = 0x8864 // RFC 2516, session stage
	pppoeID     = 7      // of the one session
	pppIPv4     = 0x0021 // RFC 1332
	pppIPv6     = 0x0057 // RFC 5072
	etherIPv4   = 0x0800
	etherIPv6   = 0x86dd
	maxDatagram = 65535
)

// encap puts a header before an IP packet and takes it off again. wrap appends
// to dst, or returns nil for a packet that the tunnel does not carry; unwrap
// returns a part of its argument, or nil for a packet that is
// not ours.
type encap struct {
	wrap   func(dst, packet []byte) []byte
	unwrap func(datagram []byte) []byte
}

// runTunnel joins a tun device and a socket until it is killed: what goes into
// the device leaves through the socket in another header.
func runTunnel(args []string) error {
	flags := flag.NewFlagSet("record tunnel", flag.ExitOnError)
	kind := flags.String("kind", "", "ipip, 6in4, gre, gtpu or pppoe")
	device := flags.String("device", "tun0", "`name` of the tun device to make")
	link := flags.String("link", "eth0", "`interface` that carries the tunnel")
	local := flags.String("local", "", "own `address`")
	remote := flags.String("remote", "", "the other end's `address`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	from, err := netip.ParseAddr(*local)
	if err != nil {
		return err
	}
	to, err := netip.ParseAddr(*remote)
	if err != nil {
		return err
	}
	enc, ok := encapOf(*kind)
	if !ok {
		return fmt.Errorf("tunnel %q: no such kind", *kind)
	}
	sock, peer, err := openCarrier(*kind, *link, from, to)
	if err != nil {
		return fmt.Errorf("tunnel %s: %w", *kind, err)
	}
	tun, err := openTun(*device)
	if err != nil {
		return fmt.Errorf("device %s: %w", *device, err)
	}
	return join(tun, sock, peer, enc)
}

// encapOf returns the headers of a kind of tunnel.
func encapOf(kind string) (enc encap, ok bool) {
	switch kind {
	case "ipip":
		return bare(etherIPv4), true
	case "6in4":
		return bare(etherIPv6), true
	case "gre":
		return encap{wrap: wrapGRE, unwrap: func(d []byte) []byte { return skip(stripIPv4(d), 4) }}, true
	case "gtpu":
		return encap{wrap: wrapGTPU, unwrap: func(d []byte) []byte { return skip(d, 8) }}, true
	case "pppoe":
		return encap{wrap: wrapPPPoE, unwrap: unwrapPPPoE}, true
	}
	return encap{}, false
}

// bare puts nothing between the outer IPv4 header and the packet. The protocol
// numbers 4 and 41 each stand for one version of IP.
func bare(etherType uint16) encap {
	return encap{
		wrap: func(dst, p []byte) []byte {
			if etherTypeOf(p) != etherType {
				return nil
			}
			return append(dst, p...)
		},
		unwrap: stripIPv4,
	}
}

func wrapGRE(dst, p []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(etherTypeOf(p))), p...)
}

func wrapGTPU(dst, p []byte) []byte {
	dst = append(dst, 0x30, 0xff) // version 1, GTP, no options; G-PDU
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(p)))
	return append(binary.BigEndian.AppendUint32(dst, gtpuTEID), p...)
}

func wrapPPPoE(dst, p []byte) []byte {
	dst = append(dst, 0x11, 0) // version 1, type 1; session data
	dst = binary.BigEndian.AppendUint16(dst, pppoeID)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(p)+2))
	proto := uint16(pppIPv4)
	if etherTypeOf(p) == etherIPv6 {
		proto = pppIPv6
	}
	return append(binary.BigEndian.AppendUint16(dst, proto), p...)
}

// unwrapPPPoE goes by the header's length: short frames are padded.
func unwrapPPPoE(d []byte) []byte {
	if len(d) < 8 {
		return nil
	}
	n := int(binary.BigEndian.Uint16(d[4:]))
	if n < 2 || 6+n > len(d) {
		return nil
	}
	return d[8 : 6+n]
}

// openCarrier opens the socket that the kind of tunnel travels through.
func openCarrier(kind, link string, local, remote netip.Addr) (fd int, peer unix.Sockaddr, err error) {
	switch kind {
	case "ipip":
		return ipSocket(unix.SOCK_RAW, protoIPIP, 0, local, remote)
	case "6in4":
		return ipSocket(unix.SOCK_RAW, proto6in4, 0, local, remote)
	case "gre":
		return ipSocket(unix.SOCK_RAW, protoGRE, 0, local, remote)
	case "gtpu":
		return ipSocket(unix.SOCK_DGRAM, 0, portGTPU, local, remote)
	case "pppoe":
		return linkSocket(link, etherPPPoE)
	}
	return 0, nil, errors.New("no such kind")
}

// ipSocket carries datagrams behind the headers that the kernel writes.
func ipSocket(kind, proto, port int, local, remote netip.Addr) (int, unix.Sockaddr, error) {
	fd, err := unix.Socket(unix.AF_INET, kind, proto)
	if err != nil {
		return 0, nil, err
	}
	return fd, &unix.SockaddrInet4{Port: port, Addr: remote.As4()}, unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: local.As4()})
}

// linkSocket carries datagrams behind Ethernet. There are only two stations on
// the cable, so it sends to all.
func linkSocket(link string, etherType uint16) (int, unix.Sockaddr, error) {
	ifc, err := net.InterfaceByName(link)
	if err != nil {
		return 0, nil, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM, int(htons(etherType)))
	if err != nil {
		return 0, nil, err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
		return 0, nil, err
	}
	to := &unix.SockaddrLinklayer{Protocol: htons(etherType), Ifindex: ifc.Index, Halen: 6, Addr: [8]byte{255, 255, 255, 255, 255, 255}}
	return fd, to, unix.Bind(fd, to)
}

// openTun makes a tun device that carries bare IP packets.
func openTun(name string) (int, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	req, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	return fd, unix.IoctlIfreq(fd, unix.TUNSETIFF, req)
}

// join copies between the device and the socket until one of them fails.
func join(tun, sock int, peer unix.Sockaddr, enc encap) error {
	in, out := make([]byte, maxDatagram), make([]byte, 0, maxDatagram)
	fds := []unix.PollFd{{Fd: int32(tun), Events: unix.POLLIN}, {Fd: int32(sock), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(fds, -1); err != nil {
			if errors.Is(err, unix.EINTR) {
				continue
			}
			return err
		}
		if fds[0].Revents&unix.POLLIN != 0 {
			n, err := unix.Read(tun, in)
			if err != nil {
				return err
			}
			if d := enc.wrap(out[:0], in[:n]); len(d) > 0 {
				if err := unix.Sendto(sock, d, 0, peer); err != nil && !passing(err) {
					return err
				}
			}
		}
		if fds[1].Revents&unix.POLLIN != 0 {
			n, _, err := unix.Recvfrom(sock, in, 0)
			if err != nil && !passing(err) {
				return err
			}
			if p := enc.unwrap(in[:max(n, 0)]); len(p) > 0 {
				if _, err := unix.Write(tun, p); err != nil && !passing(err) {
					return err
				}
			}
		}
	}
}

// passing tells errors of a moment, in which a packet is lost as on any link:
// the device is not up yet, or the other end does not listen yet.
func passing(err error) bool {
	return errors.Is(err, unix.EIO) || errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOBUFS)
}

// stripIPv4 returns what follows the IPv4 header that raw sockets deliver.
func stripIPv4(d []byte) []byte {
	if len(d) < 20 {
		return nil
	}
	return skip(d, int(d[0]&0x0f)*4)
}

func skip(d []byte, n int) []byte {
	if len(d) < n {
		return nil
	}
	return d[n:]
}

// etherTypeOf tells IPv4 from IPv6 by the version in the first byte.
func etherTypeOf(p []byte) uint16 {
	if len(p) > 0 && p[0]>>4 == 6 {
		return etherIPv6
	}
	return etherIPv4
}

// htons converts to network byte order as struct sockaddr_ll wants it.
func htons(v uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], v)
	return binary.NativeEndian.Uint16(b[:])
}
