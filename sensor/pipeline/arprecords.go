package pipeline

import (
	"encoding/binary"

	"spanwatch/decoders"
	"spanwatch/exporter/event"
)

// arpRecord reports one ARP message. It is in no flow.
func (w *worker) arpRecord(p *decoders.Packet) {
	m := &w.events
	if !m.wanted[event.TypeARP] {
		return
	}
	// RFC 826: hardware, protocol, two lengths, operation, then sender and target.
	h := p.Data[p.IPOffset:]
	a := &m.arp
	*a = event.ARP{
		Operation: binary.BigEndian.Uint16(h[6:]),
		SrcMAC:    event.MAC(h[8:14]), SrcAddr: [4]byte(h[14:18]),
		DstMAC: event.MAC(h[18:24]), DstAddr: [4]byte(h[24:28]),
	}
	m.begin(&a.Envelope)
	m.ofPacket(&a.Envelope, p)
	start := len(w.out.text)
	w.out.text = m.enc.AppendARP(w.out.text, a)
	w.done(event.TypeARP, &a.Envelope, start, 0, 0)
}
