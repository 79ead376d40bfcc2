package signatures

import (
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
)

func TestConfigKeepsTheRecordOfItsTransactionBack(t *testing.T) {
	for _, tt := range []struct {
		name, rule string
		silent     bool
		alerts     string
	}{
		{"the transaction that matched", `config http any any -> any any (http.uri; content:"index"; config:logging disable, type tx, scope tx; sid:1;)`, true, ""},
		{"another one", `config http any any -> any any (http.uri; content:"other"; config:logging disable, type tx, scope tx; sid:1;)`, false, ""},
		{"of a packet, the one that it goes on with", `config tcp any any -> any any (config:logging disable, type tx, scope tx; sid:1;)`, true, ""},
		{"beside an alert", `alert http any any -> any any (http.uri; content:"index"; config:logging disable, type tx, scope tx; sid:1;)`, true, "1"},
		{"the flow is not silenced, as in Suricata", `config http any any -> any any (http.uri; content:"index"; config:logging disable, type tx, scope flow; sid:1;)`, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := NewInspector(load(t, tt.rule, Options{}), InspectorConfig{})
			f, x := &flow{app: app.ProtoHTTP, established: true}, newMessage()
			set(app.HTTPURI, "/index.php")(x)
			complete(ts)(x)
			input := f.input(tcp(t, decoders.TCPAck, "payload"), ts)
			input.Txs, input.InStream = []app.Tx{x}, true
			if got := sids(in.Inspect(input, nil)); got != tt.alerts {
				t.Errorf("alerts %q, want %q", got, tt.alerts)
			}
			if x.state.Silent != tt.silent {
				t.Errorf("silent %v", x.state.Silent)
			}
		})
	}
}
