package event

import (
	"net/netip"
	"strconv"
)

// appendAddr writes an address without quotes, IPv6 with all its digits: so
// Suricata does, and what reads EVE compares texts.
func appendAddr(dst []byte, a Addr, version uint8) []byte {
	if version == 4 {
		return netip.AddrFrom4([4]byte(a[:4])).AppendTo(dst)
	}
	for i := 0; i < len(a); i += 2 {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, hexDigits[a[i]>>4], hexDigits[a[i]&15], hexDigits[a[i+1]>>4], hexDigits[a[i+1]&15])
	}
	return dst
}

func appendMAC(dst []byte, m MAC) []byte {
	for i, b := range m {
		if i > 0 {
			dst = append(dst, ':')
		}
		dst = append(dst, hexDigits[b>>4], hexDigits[b&15])
	}
	return dst
}

// IANA protocol numbers with ports.
const (
	protoTCP  = 6
	protoUDP  = 17
	protoSCTP = 132
)

func hasPorts(proto uint8) bool {
	return proto == protoTCP || proto == protoUDP || proto == protoSCTP
}

// protoName is the protocol's name in the IANA registry, as /etc/protocols
// spells it; "" for the ones a sensor hardly meets, which appendProto writes
// as a number.
func protoName(proto uint8) string {
	switch proto {
	case 0:
		return "HOPOPT"
	case 1:
		return "ICMP"
	case 2:
		return "IGMP"
	case 4:
		return "IP-ENCAP"
	case protoTCP:
		return "TCP"
	case 8:
		return "EGP"
	case 9:
		return "IGP"
	case protoUDP:
		return "UDP"
	case 41:
		return "IPv6"
	case 43:
		return "IPv6-Route"
	case 44:
		return "IPv6-Frag"
	case 46:
		return "RSVP"
	case 47:
		return "GRE"
	case 50:
		return "ESP"
	case 51:
		return "AH"
	case 58:
		return "IPv6-ICMP"
	case 59:
		return "IPv6-NoNxt"
	case 60:
		return "IPv6-Opts"
	case 88:
		return "EIGRP"
	case 89:
		return "OSPFIGP"
	case 103:
		return "PIM"
	case 108:
		return "IPCOMP"
	case 112:
		return "VRRP"
	case 115:
		return "L2TP"
	case protoSCTP:
		return "SCTP"
	case 135:
		return "Mobility-Header"
	case 136:
		return "UDPLite"
	case 137:
		return "MPLS-in-IP"
	}
	return ""
}

// appendProto writes the value of proto: the name, or the number in three
// digits.
func appendProto(dst []byte, proto uint8) []byte {
	dst = append(dst, '"')
	if name := protoName(proto); name != "" {
		dst = append(dst, name...)
	} else {
		dst = append(dst, '0'+proto/100)
		dst = appendTwoDigits(dst, uint32(proto%100))
	}
	return append(dst, '"')
}

// appendEndpoints writes addresses, ports and protocol as members.
func appendEndpoints(out []byte, version uint8, src, dst Addr, srcPort, dstPort uint16, proto uint8) []byte {
	ports := hasPorts(proto)
	out = append(out, `"src_ip":"`...)
	out = appendAddr(out, src, version)
	out = append(out, '"')
	if ports {
		out = append(out, `,"src_port":`...)
		out = strconv.AppendUint(out, uint64(srcPort), 10)
	}
	out = append(out, `,"dest_ip":"`...)
	out = appendAddr(out, dst, version)
	out = append(out, '"')
	if ports {
		out = append(out, `,"dest_port":`...)
		out = strconv.AppendUint(out, uint64(dstPort), 10)
	}
	out = append(out, `,"proto":`...)
	return appendProto(out, proto)
}

// ProtoName returns the name of an IP protocol as the member proto has it; for
// metrics and summaries.
func ProtoName(proto uint8) string {
	quoted := appendProto(nil, proto)
	return string(quoted[1 : len(quoted)-1])
}
