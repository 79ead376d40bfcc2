package flow

import (
	"bytes"
	"crypto/sha1" // named by the specification; not for security
	"encoding/base64"
	"encoding/binary"

	"spanwatch/decoders"
)

// AppendCommunityID appends the flow's Community ID version 1
// (https://github.com/corelight/community-id-spec), by which records of
// different tools about one flow are joined. All tools of a site must use the
// same seed, usually 0. It allocates nothing if dst has room for 30 bytes.
//
// Protocols without ports hash addresses and protocol. ICMP has the type and
// its counterpart in place of ports, or type and code for messages that nobody
// answers, whose flow then has one way only.
func AppendCommunityID(dst []byte, f *Flow, seed uint16) []byte {
	src, sport := f.Client()
	dest, dport := f.Server()
	ports, oneWay := true, false
	switch f.Key.Proto {
	case protoTCP, protoUDP, protoSCTP:
	case protoICMP, protoICMPv6:
		sport, dport, oneWay = communityPorts(f)
	default:
		ports = false
	}
	if !oneWay {
		if order := bytes.Compare(src[:], dest[:]); order > 0 || order == 0 && sport > dport {
			src, dest, sport, dport = dest, src, dport, sport
		}
	}
	size := 16
	if f.Key.IPVersion == 4 {
		size = 4
	}
	var room [2 + 16 + 16 + 2 + 4]byte
	b := binary.BigEndian.AppendUint16(room[:0], seed)
	b = append(b, src[:size]...)
	b = append(b, dest[:size]...)
	b = append(b, f.Key.Proto, 0)
	if ports {
		b = binary.BigEndian.AppendUint16(b, sport)
		b = binary.BigEndian.AppendUint16(b, dport)
	}
	sum := sha1.Sum(b)
	dst = append(dst, "1:"...)
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}

// communityPorts gives what stands for the ports of an ICMP flow.
func communityPorts(f *Flow) (sport, dport uint16, oneWay bool) {
	dir := decoders.ToServer
	if f.Packets[dir] == 0 {
		dir = decoders.ToClient
	}
	typ := f.ICMPType[dir]
	answer, ok := communityCounterpart(f.Key.Proto, typ)
	if !ok {
		return uint16(typ), uint16(f.ICMPCode[dir]), true
	}
	if dir == decoders.ToClient {
		return uint16(answer), uint16(typ), false
	}
	return uint16(typ), uint16(answer), false
}

// communityPairs are the ICMP messages that the specification pairs.
var communityPairs = [...]struct{ proto, request, reply uint8 }{
	{protoICMP, 8, 0},       // echo
	{protoICMP, 10, 9},      // router solicitation, advertisement
	{protoICMP, 13, 14},     // timestamp
	{protoICMP, 15, 16},     // information
	{protoICMP, 17, 18},     // address mask
	{protoICMPv6, 128, 129}, // echo
	{protoICMPv6, 130, 131}, // multicast listener query, report
	{protoICMPv6, 133, 134}, // router solicitation, advertisement
	{protoICMPv6, 135, 136}, // neighbor solicitation, advertisement
	{protoICMPv6, 139, 140}, // node information
	{protoICMPv6, 144, 145}, // home agent address discovery
}

func communityCounterpart(proto, typ uint8) (answer uint8, ok bool) {
	for _, p := range communityPairs {
		switch {
		case p.proto != proto:
		case p.request == typ:
			return p.reply, true
		case p.reply == typ:
			return p.request, true
		}
	}
	return 0, false
}
