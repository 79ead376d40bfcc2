package keyword

import (
	"strings"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/signatures/rule"
)

// decodeEvent asks for an oddity that decoding found in this packet.
type decodeEvent decoders.Event

func (t decodeEvent) Match(f *Facts) bool { return f.Packet.Events.Has(decoders.Event(t)) }

// setDecodeEvent is the keyword decode-event: `decode-event:ipv4.pkt_too_small`.
func setDecodeEvent(b *Builder, o *rule.Option) *rule.Diagnostic {
	name := strings.TrimPrefix(strings.ToLower(o.Value), "decoder.")
	e, ok := decoders.EventByName(name)
	if !ok {
		return b.fail(o, "unknown-event", "unknown decoder event "+quoted(o.Value), "", "")
	}
	b.plan.Tests = append(b.plan.Tests, decodeEvent(e))
	b.plan.EventTest = true
	return nil
}

// streamEvent asks for an oddity that TCP reassembly found with this packet.
type streamEvent decoders.StreamEvent

func (t streamEvent) Match(f *Facts) bool { return f.Stream.Has(decoders.StreamEvent(t)) }

// setStreamEvent is the keyword stream-event: `stream-event:est_packet_out_of_window`.
func setStreamEvent(b *Builder, o *rule.Option) *rule.Diagnostic {
	name := strings.TrimPrefix(strings.ToLower(o.Value), "stream.")
	e, ok := decoders.StreamEventByName(name)
	if !ok {
		return b.fail(o, "unknown-event", "unknown stream event "+quoted(o.Value), "", "")
	}
	b.plan.Tests = append(b.plan.Tests, streamEvent(e))
	b.plan.EventTest = true
	return nil
}

// setEngineEvent is the keyword engine-event, the name that decode-event and
// stream-event once had together.
func setEngineEvent(b *Builder, o *rule.Option) *rule.Diagnostic {
	if strings.HasPrefix(strings.ToLower(o.Value), "stream.") {
		return setStreamEvent(b, o)
	}
	return setDecodeEvent(b, o)
}

// AppEvent is an oddity that protocol detection, not a parser, found.
type AppEvent uint8

// Oddities of protocol detection, with their names behind app-layer-event.
const (
	AppMismatchBothDirections  AppEvent = iota // applayer_mismatch_protocol_both_directions
	AppWrongDirectionFirstData                 // applayer_wrong_direction_first_data
	AppDetectedOneDirection                    // applayer_detect_protocol_only_one_direction
	AppDetectionSkipped                        // applayer_proto_detection_skipped
	AppNoTLSAfterStartTLS                      // applayer_no_tls_after_starttls
	AppUnexpectedProtocol                      // applayer_unexpected_protocol
	AppEventCount                              // number of them
)

var appEventNames = [AppEventCount]string{
	AppMismatchBothDirections:  "applayer_mismatch_protocol_both_directions",
	AppWrongDirectionFirstData: "applayer_wrong_direction_first_data",
	AppDetectedOneDirection:    "applayer_detect_protocol_only_one_direction",
	AppDetectionSkipped:        "applayer_proto_detection_skipped",
	AppNoTLSAfterStartTLS:      "applayer_no_tls_after_starttls",
	AppUnexpectedProtocol:      "applayer_unexpected_protocol",
}

// String returns the event's name in rules and anomaly events.
func (e AppEvent) String() string {
	if e < AppEventCount {
		return appEventNames[e]
	}
	return "invalid_event"
}

// Anomaly returns the event's name in anomaly events.
func (e AppEvent) Anomaly() string { return strings.ToUpper(e.String()) }

// AppEventSet is a set of AppEvents.
type AppEventSet uint8

// Add puts e into the set.
func (s *AppEventSet) Add(e AppEvent) { *s |= 1 << e }

// Has reports whether e is in the set.
func (s AppEventSet) Has(e AppEvent) bool { return s&(1<<e) != 0 }

// detectionEvent asks for an oddity of protocol detection.
type detectionEvent AppEvent

func (t detectionEvent) Match(f *Facts) bool { return f.AppEvents.Has(AppEvent(t)) }

// txEvent asks for an oddity that the protocol's parser found in this
// transaction.
type txEvent app.Event

func (t txEvent) MatchTx(f *TxFacts) bool { return f.Tx.HasEvent(app.Event(t)) }

// appEvents is the table of the events of each protocol that does not name its
// own (app.NameEvents): a block of app.Event, first and last.
func appEvents() map[app.Proto][2]app.Event {
	return map[app.Proto][2]app.Event{
		app.ProtoDNS:  {app.EventDNSUnsolicitedResponse, app.EventDNSInvalidAuthorities},
		app.ProtoMDNS: {app.EventDNSUnsolicitedResponse, app.EventDNSInvalidAuthorities},
		app.ProtoHTTP: {app.EventHTTPUnknownError, app.EventHTTPFailedProtocolChange},
		app.ProtoTLS:  {app.EventTLSInvalidSSLv2Header, app.EventTLSTooManySubjectAlternativeNames},
		app.ProtoSSH:  {app.EventSSHInvalidBanner, app.EventSSHLongKexRecord},
		app.ProtoFTP:  {app.EventFTPRequestCommandTooLong, app.EventFTPFileWithoutName},
		app.ProtoSMTP: {app.EventSMTPInvalidReply, app.EventSMTPInvalidBDAT},
	}
}

// eventAliases are second names of events that rules use.
var eventAliases = map[string]string{
	"not_request":  "not_a_request",
	"not_response": "not_a_response",

	"100_continue_already_seen":      "continue_already_seen",
	"response_invalid_protocol":      "response_line_invalid_protocol",
	"response_invalid_status":        "response_line_invalid_response_status",
	"compression_bomb_limit_reached": "compression_bomb",
	"invalid_alert_message":          "invalid_alert",
}

// appEvent finds an event of a protocol by its name in rules.
func appEvent(p app.Proto, name string) (app.Event, bool) {
	if full, ok := eventAliases[name]; ok {
		name = full
	}
	block, ok := appEvents()[p]
	if !ok {
		return app.EventByName(p, name)
	}
	for e := block[0]; e <= block[1]; e++ {
		if e.String() == name {
			return e, true
		}
	}
	return app.EventNone, false
}

// setAppLayerEvent is the keyword app-layer-event: `app-layer-event:dns.malformed_data`,
// or without a protocol for what protocol detection found.
func setAppLayerEvent(b *Builder, o *rule.Option) *rule.Diagnostic {
	proto, name, found := strings.Cut(strings.ToLower(strings.TrimSpace(o.Value)), ".")
	if !found {
		for e := range AppEventCount {
			if e.String() == proto {
				b.plan.Tests = append(b.plan.Tests, detectionEvent(e))
				b.plan.EventTest = true
				return nil
			}
		}
		return b.fail(o, "unknown-event", "unknown event "+quoted(o.Value), "", rule.Nearest(proto, appEventNames[:]))
	}
	p, ok := Protocol(proto)
	if !ok {
		return b.noParser(o, proto)
	}
	event, ok := appEvent(p, name)
	if !ok {
		return b.fail(o, "unknown-event", "protocol "+proto+" has no event "+quoted(name), "", "")
	}
	if d := b.needApps(o, Protos(p)); d != nil {
		return d
	}
	b.plan.TxTests = append(b.plan.TxTests, txEvent(event))
	return nil
}
