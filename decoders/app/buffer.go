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
	EventDNSUnsolicitedResponse: "unsolicited_response",
	EventDNSMalformedData:       "malformed_data",
	EventDNSNotARequest:         "not_a_request",
	EventDNSNotAResponse:        "not_a_response",
	EventDNSZFlagSet:            "z_flag_set",
	EventDNSInvalidOpcode:       "invalid_opcode",
	EventDNSNameTooLong:         "name_too_long",
	EventDNSInfiniteLoop:        "infinite_loop",
	EventDNSTooManyLabels:       "too_many_labels",
	EventDNSInvalidAdditionals:  "invalid_additionals",
	EventDNSInvalidAuthorities:  "invalid_authorities",
}

// String returns the event's name within its protocol, as in anomaly events
// and behind the dot of app-layer-event.
func (e Event) String() string {
	if e < EventCount {
		return eventNames[e]
	}
	return ""
}
