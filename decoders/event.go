package decoders

import "math/bits"

// Event is a decoder oddity, named as the rule keyword decode-event names it.
type Event uint8

// EventSet is a set of Events.
type EventSet [4]uint64

// Add puts e into the set.
func (s *EventSet) Add(e Event) { s[e>>6] |= 1 << (e & 63) }

// Has reports whether e is in the set.
func (s *EventSet) Has(e Event) bool { return s[e>>6]&(1<<(e&63)) != 0 }

// Empty reports whether nothing odd was seen.
func (s *EventSet) Empty() bool { return s[0]|s[1]|s[2]|s[3] == 0 }

// Append appends the events of the set to dst in ascending order.
func (s *EventSet) Append(dst []Event) []Event {
	for w, v := range s {
		for ; v != 0; v &= v - 1 {
			dst = append(dst, Event(w<<6+bits.TrailingZeros64(v)))
		}
	}
	return dst
}

// String returns the name as rules write it behind decode-event.
func (e Event) String() string {
	if e >= EventCount {
		return "invalid_event"
	}
	return eventNames[e]
}

// EventByName finds the event that a rule names, as in
// decode-event:ipv4.pkt_too_small. It walks the list: for loading rules, not
// for packets.
func EventByName(name string) (Event, bool) {
	for e, n := range eventNames {
		if n == name {
			return Event(e), true
		}
	}
	return 0, false
}
