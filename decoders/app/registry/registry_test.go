package registry

import (
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

func TestEveryProtocolIsListedOnce(t *testing.T) {
	set := New()
	if len(set) == 0 {
		t.Fatal("no parsers")
	}
	seen := map[app.Proto]bool{}
	for _, c := range set {
		p := c.Parser.Proto()
		if p <= app.ProtoFailed || seen[p] {
			t.Errorf("%v is listed twice or is no protocol", p)
		}
		seen[p] = true
		if got, ok := set.Parser(p); !ok || got != c.Parser || !set.Has(p) {
			t.Errorf("%v is not found", p)
		}
		if name, ok := app.ProtoByName(p.String()); !ok || name != p {
			t.Errorf("rules can not name %v", p)
		}
	}
	if _, ok := set.Parser(app.ProtoLLMNR); ok || set.Has(app.ProtoLLMNR) {
		t.Error("there is a parser for llmnr")
	}
}

func TestTheListMakesADetector(t *testing.T) {
	d, err := app.NewDetector(New())
	if err != nil {
		t.Fatal(err)
	}
	response := []byte{0, 1, 0x81, 0x83, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1}
	got := d.Detect(app.Input{Data: response, Dir: decoders.ToServer, Datagram: true}, app.UDP, app.Ports{Src: 53, Dst: 4000})
	if got.Answer != app.Yes || got.Proto != app.ProtoDNS || !got.Reversed {
		t.Errorf("got %+v", got)
	}
	got = d.Detect(app.Input{Data: response, Datagram: true}, app.UDP, app.Ports{Src: 5353, Dst: 5353})
	if got.Answer != app.Yes || got.Proto != app.ProtoMDNS || got.Reversed {
		t.Errorf("mDNS: %+v", got)
	}
}

func TestWorkersDoNotShareParsers(t *testing.T) {
	a, b := New(), New()
	for i := range a {
		if a[i].Parser == b[i].Parser {
			t.Errorf("%v is shared", a[i].Parser.Proto())
		}
	}
}
