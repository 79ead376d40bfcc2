package pipeline

import (
	"net/netip"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app/ftp"
	"spanwatch/sensor/flow"
)

// flowBetween is a flow from the lower address to the higher one.
func flowBetween(t *testing.T, client, server string, clientPort, serverPort uint16) *flow.Flow {
	t.Helper()
	a, version := decoders.AddrFrom(netip.MustParseAddr(client))
	b, _ := decoders.AddrFrom(netip.MustParseAddr(server))
	return &flow.Flow{ID: 7, Key: decoders.FlowKey{AddrA: a, AddrB: b, PortA: clientPort, PortB: serverPort, IPVersion: version, Proto: protoTCP}}
}

func TestDataConnectionsMeetWhatWasAgreedOn(t *testing.T) {
	const second = int64(1e9)
	control := flowBetween(t, "192.0.2.1", "192.0.2.9", 50000, 21)
	passive := ftp.Expectation{Port: 2000, Command: ftp.CommandRETR, Name: []byte("a.txt")}
	active := ftp.Expectation{Port: 2000, Active: true, Command: ftp.CommandSTOR}
	cases := []struct {
		name   string
		agreed ftp.Expectation
		data   *flow.Flow
		after  int64
		want   bool
	}{
		{"passive: the client opens it", passive, flowBetween(t, "192.0.2.1", "192.0.2.9", 50001, 2000), second, true},
		{"passive: another port", passive, flowBetween(t, "192.0.2.1", "192.0.2.9", 50001, 2001), second, false},
		{"passive: the server opens it", passive, flowBetween(t, "192.0.2.9", "192.0.2.1", 50001, 2000), second, false},
		{"passive: another client", passive, flowBetween(t, "192.0.2.2", "192.0.2.9", 50001, 2000), second, false},
		{"active: the server opens it", active, flowBetween(t, "192.0.2.9", "192.0.2.1", 20, 2000), second, true},
		{"active: the client opens it", active, flowBetween(t, "192.0.2.1", "192.0.2.9", 20, 2000), second, false},
		{"too late", passive, flowBetween(t, "192.0.2.1", "192.0.2.9", 50001, 2000), 31 * second, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var x expectations
			x.add(control, 0, []ftp.Expectation{c.agreed})
			e, ok := x.take(c.data, c.after)
			if ok != c.want {
				t.Fatalf("met: %v, want %v", ok, c.want)
			}
			if ok && (e.parent != control.ID || e.ftp.Command != c.agreed.Command || string(e.ftp.Name) != string(c.agreed.Name)) {
				t.Errorf("met %+v", e)
			}
			if _, again := x.take(c.data, c.after); again {
				t.Error("met twice")
			}
		})
	}
}

func TestExpectationsAreBounded(t *testing.T) {
	var x expectations
	control := flowBetween(t, "192.0.2.1", "192.0.2.9", 50000, 21)
	for port := range uint16(maxExpectations + 10) {
		x.add(control, 0, []ftp.Expectation{{Port: 1000 + port}})
	}
	if len(x.list) != maxExpectations {
		t.Errorf("%d are kept, want %d", len(x.list), maxExpectations)
	}
	if _, ok := x.take(flowBetween(t, "192.0.2.1", "192.0.2.9", 1, 1000), 0); ok {
		t.Error("the oldest is kept, and the newest is not")
	}
	if _, ok := x.take(flowBetween(t, "192.0.2.1", "192.0.2.9", 1, 1000+maxExpectations+9), 0); !ok {
		t.Error("the newest is not kept")
	}
}
