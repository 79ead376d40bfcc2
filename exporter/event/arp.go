package event

import "strconv"

// ARP is one message of the address resolution protocol, for IPv4 over
// Ethernet. Its addresses stand in the arp object, so those of the envelope
// stay empty.
type ARP struct {
	Envelope
	Operation        uint16 // as in the header (RFC 826, RFC 903)
	SrcMAC, DstMAC   MAC    // of sender and target
	SrcAddr, DstAddr [4]byte
}

// AppendARP appends the event without its closing brace; see Finish.
func (e *Encoder) AppendARP(dst []byte, a *ARP) []byte {
	dst = e.appendEnvelope(dst, &a.Envelope, TypeARP)
	dst = append(dst, `,"arp":{"hw_type":"ethernet","proto_type":"ipv4","opcode":`...)
	if name := arpOperation(a.Operation); name != "" {
		dst = AppendString(dst, name)
	} else {
		dst = append(dst, '"')
		dst = append(strconv.AppendUint(dst, uint64(a.Operation), 10), '"')
	}
	dst = appendMAC(append(dst, `,"src_mac":"`...), a.SrcMAC)
	dst = appendIPv4(append(dst, `","src_ip":"`...), a.SrcAddr)
	dst = appendMAC(append(dst, `","dest_mac":"`...), a.DstMAC)
	dst = appendIPv4(append(dst, `","dest_ip":"`...), a.DstAddr)
	return append(dst, `"}`...)
}

func appendIPv4(dst []byte, a [4]byte) []byte {
	var addr Addr
	copy(addr[:], a[:])
	return appendAddr(dst, addr, 4)
}

// arpOperation is Suricata's word for an operation (IANA, ARP parameters); ""
// for one that it has none for.
func arpOperation(op uint16) string {
	switch op {
	case 1:
		return "request"
	case 2:
		return "reply"
	case 3:
		return "request_reverse"
	case 4:
		return "reply_reverse"
	case 8:
		return "inverse_request"
	case 9:
		return "inverse_reply"
	case 10:
		return "nak"
	}
	return ""
}
