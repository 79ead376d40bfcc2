package stream

import "spanwatch/decoders"

// offer is what a SYN or SYN+ACK offers. A session keeps those that compete:
// SYNs sent again with another number, or different answers to one SYN. Only
// the rest of the handshake shows which one the other side took, and a sensor
// that chose wrongly would be blind to the session.
type offer struct {
	seq, ack  decoders.Seq
	timestamp uint32 // valid iff offerTimestamp
	window    uint16
	scale     uint8 // valid iff offerScale
	has       uint8
	next      uint32
}

const (
	offerTimestamp = 1 << iota
	offerScale
)

// How many offers a session keeps (as stream.max-syn-queued and
// max-synack-queued).
const (
	maxSyns    = 10
	maxSynAcks = 5
)

// offerOf reads the SYN or SYN+ACK under work.
func (t *turn) offerOf() offer {
	o := offer{seq: t.p.Seq, ack: t.p.Ack, window: t.p.TCPWindow}
	if t.p.TCPOpts&decoders.TCPOptTimestamp != 0 {
		o.has |= offerTimestamp
		o.timestamp = t.p.TSVal
	}
	if t.p.TCPOpts&decoders.TCPOptWScale != 0 {
		o.has |= offerScale
		o.scale = min(t.p.TCPWScale, maxScale)
	}
	return o
}

// repeatSyn takes a SYN that was sent again.
func (t *turn) repeatSyn() bool {
	o := t.offerOf()
	if o.seq == t.mine.isn && o.timestamp == t.mine.tsLast {
		return true
	}
	if t.e.addOffer(t.s, o, maxSyns) {
		return true
	}
	// Of a flood the latest is worth most: it is the one that is answered.
	t.e.dropOldestOffer(t.s)
	t.e.addOffer(t.s, o, maxSyns)
	return t.refuse(decoders.StreamEvent3whsSynFlood)
}

// addOffer keeps an offer unless it is known; false when there are too many.
func (e *Engine) addOffer(s *session, o offer, most uint8) bool {
	for i := s.offers; i != 0; i = e.offers.items[i].next {
		if k := &e.offers.items[i]; k.seq == o.seq && k.ack == o.ack && k.timestamp == o.timestamp {
			return true
		}
	}
	if s.offered >= most {
		return false
	}
	i := e.offers.take()
	o.next = s.offers
	e.offers.items[i] = o
	s.offers = i
	s.offered++
	return true
}

// findOffer returns the newest kept offer that fits.
func (e *Engine) findOffer(s *session, fits func(*offer) bool) (offer, bool) {
	for i := s.offers; i != 0; i = e.offers.items[i].next {
		if o := &e.offers.items[i]; fits(o) {
			return *o, true
		}
	}
	return offer{}, false
}

// dropOldestOffer forgets the last of the list.
func (e *Engine) dropOldestOffer(s *session) {
	link := &s.offers
	for *link != 0 && e.offers.items[*link].next != 0 {
		link = &e.offers.items[*link].next
	}
	if *link != 0 {
		e.offers.give(*link)
		*link = 0
		s.offered--
	}
}

func (e *Engine) dropOffers(s *session) {
	for i := s.offers; i != 0; {
		next := e.offers.items[i].next
		e.offers.give(i)
		i = next
	}
	s.offers, s.offered = 0, 0
}
