package ssh

import (
	"fmt"
	"testing"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

// TestRecordsAreThoseOfSuricata compares every ssh event that Suricata 8 made
// in the conformance set with the Record of the same flow.
func TestRecordsAreThoseOfSuricata(t *testing.T) {
	total, same, connections := 0, 0, 0
	for _, c := range apptest.Cases(t, "ssh") {
		t.Run(c.Name, func(t *testing.T) {
			got := map[string]*Tx{}
			apptest.Replay(t, c.Frames, []app.Candidate{{Parser: NewParser(), TCPPorts: []uint16{22}}}, func(s apptest.Step) {
				for _, tx := range s.Flow.State.Txs() {
					got[fmt.Sprintf("%d-%d", s.Flow.Client.Port(), s.Flow.Server.Port())] = tx.(*Tx)
				}
			})
			for _, want := range c.Events {
				key := fmt.Sprintf("%v-%v", want["src_port"], want["dest_port"])
				tx := got[key]
				if tx == nil || tx.Record() == nil {
					t.Errorf("no connection %s", key)
					continue
				}
				object := want["ssh"].(map[string]any)
				for _, side := range []string{"client", "server"} {
					w, _ := object[side].(map[string]any)
					r := tx.Record().Client
					if side == "server" {
						r = tx.Record().Server
					}
					_, fingerprint := w["hassh"]
					n, k := apptest.Fields(t, key+" "+side, eventOf(r, fingerprint), w)
					total, same = total+n, same+k
				}
				connections++
				delete(got, key)
			}
			for key, tx := range got {
				if tx.Record() != nil {
					t.Errorf("connection %s was not expected", key)
				}
			}
		})
	}
	if connections < 13 || total < 45 {
		t.Errorf("%d connections with %d fields were compared, too few", connections, total)
	}
	t.Logf("%d of %d fields of %d connections are the same", same, total, connections)
}

// eventOf renders one side as the ssh object of EVE has it.
func eventOf(s Side, fingerprint bool) map[string]any {
	e := map[string]any{}
	if s.Proto != nil {
		e["proto_version"] = string(s.Proto)
	}
	if len(s.Software) > 0 {
		e["software_version"] = string(s.Software)
	}
	if fingerprint && len(s.Hassh) > 0 {
		e["hassh"] = map[string]any{"hash": string(s.Hassh), "string": string(s.HasshText)}
	}
	return e
}
