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

// eventAliases are second names of events that rules use.
var eventAliases = map[string]string{
	"dns.not_request":  "dns.not_a_request",
	"dns.not_response": "dns.not_a_response",
}

// setAppLayerEvent is the keyword app-layer-event: `app-layer-event:dns.malformed_data`.
func setAppLayerEvent(b *Builder, o *rule.Option) *rule.Diagnostic {
	name := strings.ToLower(strings.TrimSpace(o.Value))
	if full, ok := eventAliases[name]; ok {
		name = full
	}
	proto, _, found := strings.Cut(name, ".")
	if !found {
		return b.fail(o, "unsupported-event", "event "+quoted(o.Value)+" is not supported yet",
			"events of protocol detection come with TCP streams", "")
	}
	p, ok := Protocol(proto)
	if !ok {
		return b.noParser(o, proto)
	}
	event, ok := eventByName(name)
	if !ok {
		return b.fail(o, "unknown-event", "unknown event "+quoted(name), "", "")
	}
	if d := b.needApp(o, p); d != nil {
		return d
	}
	b.plan.TxTests = append(b.plan.TxTests, txEvent(event))
	return nil
}

func eventByName(name string) (app.Event, bool) {
	for e := app.EventNone + 1; e < app.EventCount; e++ {
		if e.String() == name {
			return e, true
		}
	}
	return app.EventNone, false
}
