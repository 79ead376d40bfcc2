package signatures

import (
	"spanwatch/decoders"
	"spanwatch/signatures/keyword"
)

// need is what a signature asks of a packet before anything else is looked
// at, and what a packet has: one mask compare keeps most signatures away.
type need uint32

const (
	needPayload need = 1 << iota // of the packet
	needStream                   // bytes of the stream: a chunk, or a payload that is in no chunk
	needBytes                    // either
	needReal                     // a packet that was on the wire
	needMore                     // the same, or the end of a flow that was not finished
	needFlow
	needEstablished
	needNotEstablished
	needToServer
	needToClient
	needEvents
)

func needOf(s *Signature) (n need) {
	p := s.plan
	switch s.kind {
	case TypePacket, TypeLikeIPOnly, TypeEventOnly, TypeProtoOnly:
		n |= needReal
	case TypeApp:
		n |= needMore
	}
	if s.payload != nil {
		switch s.kind {
		case TypeStream:
			n |= needStream
		case TypePacketStream:
			n |= needBytes
		case TypeTx:
		default:
			n |= needPayload
		}
	}
	if p.NeedsPayload {
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

// needsMet is what the packet has. Without a flow it goes to the server.
func (i *Inspector) needsMet() (n need) {
	in := i.in
	if len(i.payload) > 0 {
		n |= needPayload | needBytes
	}
	if len(i.chunks) > 0 || len(i.payload) > 0 && !i.inStream {
		n |= needStream | needBytes
	}
	if !in.Pseudo {
		n |= needReal | needMore
	} else if in.Unfinished {
		n |= needMore
	}
	if !in.Packet.Events.Empty() || !in.StreamEvents.Empty() || in.AppEvents != 0 {
		n |= needEvents
	}
	if in.Flow == nil {
		return n | needToServer
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
