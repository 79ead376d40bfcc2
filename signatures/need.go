package signatures

import (
	"spanwatch/decoders"
	"spanwatch/signatures/keyword"
)

// need is what a signature asks of a packet before anything else is looked
// at, and what a packet has: one mask compare keeps most signatures away.
type need uint16

const (
	needPayload need = 1 << iota
	needFlow
	needEstablished
	needNotEstablished
	needToServer
	needToClient
	needEvents
)

func needOf(s *Signature) (n need) {
	p := s.plan
	if s.payload != nil {
		n |= needPayload
	}
	if p.NeedsFlow {
		n |= needFlow
	}
	switch p.Established {
	case keyword.Yes:
		n |= needEstablished
	case keyword.No:
		n |= needNotEstablished
	}
	switch p.Dirs {
	case keyword.DirToServer:
		n |= needToServer
	case keyword.DirToClient:
		n |= needToClient
	}
	if p.EventTest {
		n |= needEvents
	}
	return n
}

// needsMet is what the packet has. Without a flow it has no direction.
func needsMet(in *Input) (n need) {
	if in.Packet.PayloadLen > 0 {
		n |= needPayload
	}
	if !in.Packet.Events.Empty() {
		n |= needEvents
	}
	if in.Flow == nil {
		return n
	}
	n |= needFlow
	if in.Established {
		n |= needEstablished
	} else {
		n |= needNotEstablished
	}
	if in.Dir == decoders.ToServer {
		return n | needToServer
	}
	return n | needToClient
}
