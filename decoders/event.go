package decoders

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
