package app

// Buffer names something of a transaction that rules can look at.
type Buffer uint16

// Event is an oddity that a protocol parser saw, as app-layer-event names it.
type Event uint16

// Buffers of all protocols, one block each. Instances of a multi buffer are
// numbered from 0.
const (
	BufferNone Buffer = iota

	DNSQuery             // dns.query: names asked, requests only
	DNSQueriesRRName     // dns.queries.rrname: names asked, both directions
	DNSAnswersRRName     // dns.answers.rrname
	DNSAuthoritiesRRName // dns.authorities.rrname
	DNSAdditionalsRRName // dns.additionals.rrname
	DNSResponseRRName    // dns.response.rrname: owner names and names in rdata
	DNSOpcode            // integer
	DNSRcode             // integer
	DNSRRType            // integer, one instance per record

	BufferCount // number of buffers, BufferNone included
)

// Events of all protocols, named like Suricata's app-layer-event.
const (
	EventNone Event = iota
	EventDNSUnsolicitedResponse
	EventDNSMalformedData
	EventDNSNotARequest
	EventDNSNotAResponse
	EventDNSZFlagSet
	EventDNSInvalidOpcode
	EventDNSNameTooLong
	EventDNSInfiniteLoop
	EventDNSTooManyLabels
	EventDNSInvalidAdditionals
	EventDNSInvalidAuthorities

	EventCount // number of events, EventNone included
)

var eventNames = [EventCount]string{
	EventDNSUnsolicitedResponse: "dns.unsolicited_response",
	EventDNSMalformedData:       "dns.malformed_data",
	EventDNSNotARequest:         "dns.not_a_request",
	EventDNSNotAResponse:        "dns.not_a_response",
	EventDNSZFlagSet:            "dns.z_flag_set",
	EventDNSInvalidOpcode:       "dns.invalid_opcode",
	EventDNSNameTooLong:         "dns.name_too_long",
	EventDNSInfiniteLoop:        "dns.infinite_loop",
	EventDNSTooManyLabels:       "dns.too_many_labels",
	EventDNSInvalidAdditionals:  "dns.invalid_additionals",
	EventDNSInvalidAuthorities:  "dns.invalid_authorities",
}

// String returns the event as app-layer-event names it, "protocol.event".
func (e Event) String() string {
	if e < EventCount {
		return eventNames[e]
	}
	return ""
}

// EventByName is the inverse of String.
func EventByName(name string) (Event, bool) {
	for e := EventNone + 1; e < EventCount; e++ {
		if eventNames[e] == name {
			return e, true
		}
	}
	return EventNone, false
}
