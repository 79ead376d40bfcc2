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

// txEvent asks for an oddity that the protocol's parser found in this
// transaction.
type txEvent app.Event

func (t txEvent) MatchTx(tx app.Tx) bool { return tx.HasEvent(app.Event(t)) }

// appEvents is the table of app-layer-event names, one block per protocol.
func appEvents() map[app.Proto]map[string]app.Event {
	return map[app.Proto]map[string]app.Event{
		app.ProtoDNS: {
			"unsolicited_response": app.EventDNSUnsolicitedResponse,
			"malformed_data":       app.EventDNSMalformedData,
			"not_a_request":        app.EventDNSNotARequest,
			"not_request":          app.EventDNSNotARequest,
			"not_a_response":       app.EventDNSNotAResponse,
			"not_response":         app.EventDNSNotAResponse,
			"z_flag_set":           app.EventDNSZFlagSet,
			"invalid_opcode":       app.EventDNSInvalidOpcode,
			"name_too_long":        app.EventDNSNameTooLong,
			"infinite_loop":        app.EventDNSInfiniteLoop,
			"too_many_labels":      app.EventDNSTooManyLabels,
			"invalid_additionals":  app.EventDNSInvalidAdditionals,
			"invalid_authorities":  app.EventDNSInvalidAuthorities,
		},
	}
}

// setAppLayerEvent is the keyword app-layer-event: `app-layer-event:dns.malformed_data`.
func setAppLayerEvent(b *Builder, o *rule.Option) *rule.Diagnostic {
	proto, name, found := strings.Cut(strings.ToLower(strings.TrimSpace(o.Value)), ".")
	if !found {
		return b.fail(o, "unsupported-event", "event "+quoted(o.Value)+" is not supported yet",
			"events of protocol detection come with TCP streams", "")
	}
	p, ok := Protocol(proto)
	if !ok {
		return b.noParser(o, proto)
	}
	event, ok := appEvents()[p][name]
	if !ok {
		return b.fail(o, "unknown-event", "protocol "+proto+" has no event "+quoted(name), "", "")
	}
	if d := b.needApp(o, p); d != nil {
		return d
	}
	b.plan.TxTests = append(b.plan.TxTests, txEvent(event))
	return nil
}
