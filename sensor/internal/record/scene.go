package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// scene is one capture: what it shows, and how to make it.
type scene struct {
	file   string // in testdata/pcap
	shows  string // purpose, for the README
	made   string // programs that made the frames, for the README
	record func(l *lab, out string) error
}

// scenes in the order of the README.
var scenes = []scene{
	{"office.pcapng", "a small office for a minute, with an intruder in it: DHCP, ARP, NDP, DNS, HTTP, TLS, SMTP, SMB, FTP, SSH, NTP, SNMP, printing, a backup, pings, fragments; scans, password guessing, a beacon, DNS tunnelling, theft by FTP",
		"nginx, BIND, dnsmasq, Exim, Samba, vsftpd, OpenSSH, net-snmp, chrony, nmap, curl, dig, swaks on eleven hosts", recordOffice},
	{"vlan.pcap", "802.1Q: two customers with the same addresses and ports in VLAN 20 and 30", "Open vSwitch between plain hosts", carrierScene("vlan")},
	{"qinq.pcap", "802.1ad: the same two customers in service VLAN 100 and 200, both with customer VLAN 20", "Open vSwitch", carrierScene("qinq")},
	{"mpls.pcap", "MPLS: IPv4 behind one label, IPv6 behind two", "Open vSwitch", carrierScene("mpls")},
	{"vxlan.pcap", "VXLAN: two customers with the same addresses and ports in VNI 100 and 200", "Open vSwitch", carrierScene("vxlan")},
	{"geneve.pcap", "Geneve: the same with VNI 100 and 200", "Open vSwitch", carrierScene("geneve")},
	{"gre.pcap", "GRE with keys 100 and 200, transparent Ethernet inside", "Open vSwitch", carrierScene("gre")},
	{"erspan.pcap", "ERSPAN type II, sessions 100 and 200", "Open vSwitch", carrierScene("erspan")},
	{"vxlan6.pcap", "VXLAN over IPv6, VNI 100 and 200", "Open vSwitch", carrierScene("vxlan6")},
	{"ipip.pcap", "IPv4 in IPv4 (protocol 4)", "Linux hosts, outer header by this recorder's tunnel", tunnelScene("ipip", "4")},
	{"6in4.pcap", "IPv6 in IPv4 (protocol 41)", "Linux hosts, outer header by this recorder's tunnel", tunnelScene("6in4", "6")},
	{"gre-ip.pcap", "GRE version 0 without key, IPv4 and IPv6 inside", "Linux hosts, outer header by this recorder's tunnel", tunnelScene("gre", "46")},
	{"gtpu.pcap", "GTP-U, tunnel endpoint 0x5357", "Linux hosts, outer header by this recorder's tunnel", tunnelScene("gtpu", "46")},
	{"pppoe.pcap", "PPPoE session stage, IPv4 and IPv6 inside", "Linux hosts, outer header by this recorder's tunnel", tunnelScene("pppoe", "46")},
	{"raw.pcap", "raw IP link type, as captured on a tun device", "Linux hosts", recordRaw},
	{"sll.pcap", "Linux cooked capture version 1, several interfaces", "tcpdump -i any", recordCooked("LINUX_SLL")},
	{"sll2.pcap", "Linux cooked capture version 2, several interfaces", "tcpdump -i any", recordCooked("LINUX_SLL2")},
	{"fragments.pcap", "IPv4 and IPv6 fragments: large pings and UDP, in order, reordered, doubled, and with pieces lost", "ping, socat, over this recorder's wire", recordFragments},
	{"icmp.pcap", "ICMP and ICMPv6: echo, port and host and net unreachable, time exceeded, packet too big, neighbour discovery", "ping, traceroute, tracepath, socat through a router", recordICMP},
	{"link.pcap", "what is not IP: spanning tree (802.3 with LLC), ARP requests, replies and announcements", "Linux bridges, arping", recordLink},
	{"sctp.pcap", "SCTP associations with data", "usrsctp", recordSCTP},
	{"tcp-loss.pcap", "TCP with 3 % loss, reordering, duplicates and 10 ms delay: retransmissions, SACK", "nginx, curl, over this recorder's wire", recordTCPLoss},
	{"tcp-oddities.pcap", "refused and reset connections, half-open ones, simultaneous open, zero window, half close, keep-alive, odd flags", "socat, ncat, nmap, over this recorder's wire", recordTCPOddities},
	{"midstream.pcap", "a capture that starts in the middle of a TCP connection", "socat", recordMidstream},
	{"offload.pcap", "segmentation and checksum offload on: frames beyond the MTU, checksums left to hardware that is not there", "nginx, curl", recordOffload},
}

// name is the file's name without extension.
func (s scene) name() string { return strings.TrimSuffix(s.file, filepath.Ext(s.file)) }

// play records the scene in a lab of its own.
func (s scene) play(out string, stop <-chan os.Signal) error {
	// Not TMPDIR, which may be below a home directory: hosts have their own.
	l, err := newLab("/tmp", stop)
	if err != nil {
		return err
	}
	return errors.Join(s.record(l, out), l.close())
}
