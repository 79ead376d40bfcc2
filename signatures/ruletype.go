package signatures

import (
	"spanwatch/signatures/keyword"
	"spanwatch/signatures/rule"
)

// RuleType says on what, and so how often, a rule is evaluated. The types and
// the order in which they are decided are those of Suricata, so that its
// --engine-analysis and ours can be compared.
type RuleType uint8

// Rule types.
const (
	TypeIPOnly       RuleType = iota + 1 // addresses and ports alone: once per direction of a flow
	TypeLikeIPOnly                       // the same with negated addresses: every packet
	TypeEventOnly                        // decoder events: packets with events
	TypeProtoOnly                        // the detected application protocol
	TypePacket                           // every packet
	TypeStream                           // bytes of a TCP stream
	TypePacketStream                     // bytes of a TCP stream, and of each packet
	TypeApp                              // every packet of flows of an application protocol
	TypeTx                               // every update of a transaction
	TypeFrame                            // frames: what parsers mark in the bytes
)

var ruleTypeNames = [...]string{
	TypeIPOnly: "ip_only", TypeLikeIPOnly: "like_ip_only", TypeEventOnly: "de_only", TypeProtoOnly: "pd_only",
	TypePacket: "pkt", TypeStream: "stream", TypePacketStream: "pkt_stream", TypeApp: "app_layer", TypeTx: "app_tx", TypeFrame: "frame",
}

// String returns the type's name in Suricata's rule analysis.
func (t RuleType) String() string {
	if int(t) < len(ruleTypeNames) && ruleTypeNames[t] != "" {
		return ruleTypeNames[t]
	}
	return "none"
}

// ruleType decides the type of a rule.
func ruleType(r *rule.Rule, p *keyword.Plan, h *header) RuleType {
	if r.Proto == "ether" || r.Proto == "arp" {
		return TypePacket
	}
	var payload, packetBuffer bool
	addressOnly := true // of the buffers of packets
	txBuffer := len(p.TxTests) > 0
	frame := false
	var contents []*keyword.Content
	for _, l := range p.Lists {
		switch {
		case l.Payload():
			payload = true
			contents = l.Contents(contents)
		case l.Source.Packet != nil:
			packetBuffer = true
			addressOnly = addressOnly && l.Source.Address
		case l.Source.Frame:
			frame = true
		default:
			txBuffer = true
		}
	}
	plain := !payload && !packetBuffer && !txBuffer && p.Apps == 0
	switch {
	case frame:
		return TypeFrame
	case (r.Hook != "" || p.Hook != nil) && p.Apps != 0:
		return TypeTx
	case plain && p.AppTest && p.AppOnly:
		return TypeProtoOnly
	case plain && p.IPOnly:
		if negated(r.Src) || negated(r.Dst) {
			return TypeLikeIPOnly
		}
		return TypeIPOnly
	case plain && p.EventTest && p.EventOnly:
		return TypeEventOnly
	case packetBuffer && (!addressOnly || !txBuffer):
		return TypePacket
	case txBuffer:
		return TypeTx
	case payload:
		return payloadType(r, p, h, contents)
	case len(p.Tests) > 0 || p.FlowState || p.NeedsFlow && p.Apps == 0:
		return TypePacket
	case p.Apps != 0:
		return TypeApp
	}
	return TypePacket
}

// payloadType tells packets from streams, a question for TCP only: what asks
// about one packet needs the packet; anything else is about the stream, and
// about each packet too when it asks for a position.
func payloadType(r *rule.Rule, p *keyword.Plan, h *header, contents []*keyword.Content) RuleType {
	if h.transports&transportTCP == 0 || r.Proto == "tcp-pkt" || p.PacketOnly {
		return TypePacket
	}
	if r.Proto == "tcp-stream" || p.StreamOnly {
		return TypeStream
	}
	if p.StreamSize {
		return TypePacketStream
	}
	for _, c := range contents {
		if c.Absolute() {
			return TypePacketStream
		}
	}
	return TypeStream
}

func negated(s rule.AddressSet) bool {
	for _, r := range s.Ranges {
		if r.Negated {
			return true
		}
	}
	return false
}
