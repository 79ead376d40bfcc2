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

// appEvents is the table of the events of each protocol: a block of app.Event,
// first and last. A protocol adds its line here.
func appEvents() map[app.Proto][2]app.Event {
	return map[app.Proto][2]app.Event{
		app.ProtoDNS: {app.EventDNSUnsolicitedResponse, app.EventDNSInvalidAuthorities},
	}
}

// eventAliases are second names of events that rules use.
var eventAliases = map[string]string{
	"not_request":  "not_a_request",
	"not_response": "not_a_response",
}

// appEvent finds an event of a protocol by its name in rules.
func appEvent(p app.Proto, name string) (app.Event, bool) {
	if full, ok := eventAliases[name]; ok {
		name = full
	}
	block, ok := appEvents()[p]
	if !ok {
		return app.EventNone, false
	}
	for e := block[0]; e <= block[1]; e++ {
		if e.String() == name {
			return e, true
		}
	}
	return app.EventNone, false
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
	event, ok := appEvent(p, name)
	if !ok {
		return b.fail(o, "unknown-event", "protocol "+proto+" has no event "+quoted(name), "", "")
	}
	if d := b.needApp(o, p); d != nil {
		return d
	}
	b.plan.TxTests = append(b.plan.TxTests, txEvent(event))
	return nil
}
