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

// appendProto writes the value of proto: the name, or the number in three
// digits.
func appendProto(dst []byte, proto uint8) []byte {
	dst = append(dst, '"')
	if name := protoNames[proto]; name != "" {
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
