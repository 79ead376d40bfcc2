package ftp

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

// TestRecordsAreThoseOfSuricata compares every ftp event that Suricata 8 made
// in the conformance set with the records of the same flow.
func TestRecordsAreThoseOfSuricata(t *testing.T) {
	total, same, commands := 0, 0, 0
	for _, c := range apptest.Cases(t, "ftp") {
		if len(c.Options) > 0 {
			continue // other limits
		}
		t.Run(c.Name, func(t *testing.T) {
			got := map[string]*State{}
			apptest.Replay(t, c.Frames, []app.Candidate{{Parser: NewParser(), TCPPorts: []uint16{21}}}, func(s apptest.Step) {
				got[fmt.Sprintf("%d-%d", s.Flow.Client.Port(), s.Flow.Server.Port())] = s.Flow.State.(*State)
			})
			next := map[string]int{}
			for _, want := range wholeReplies(c.Events) {
				key := fmt.Sprintf("%v-%v", want["src_port"], want["dest_port"])
				s := got[key]
				if s == nil {
					t.Errorf("no connection %s", key)
					continue
				}
				i := next[key]
				next[key]++
				if i >= len(s.Txs()) {
					t.Errorf("%s has %d transactions", key, len(s.Txs()))
					continue
				}
				n, k := apptest.Fields(t, fmt.Sprintf("%s %d", key, i), eventOf(s.Txs()[i].(*Tx)), want["ftp"].(map[string]any))
				total, same, commands = total+n, same+k, commands+1
			}
			for _, want := range c.Events[:1] {
				if s := got[fmt.Sprintf("%v-%v", want["src_port"], want["dest_port"])]; s != nil {
					compareEvents(t, c.EventsOf("ftp", want), s)
				}
			}
			for key, s := range got {
				if len(s.Txs()) != next[key] {
					t.Errorf("%s has %d transactions, want %d", key, len(s.Txs()), next[key])
				}
			}
		})
	}
	if commands < 100 || total < 600 {
		t.Errorf("%d commands with %d fields were compared, too few", commands, total)
	}
	t.Logf("%d of %d fields of %d commands are the same", same, total, commands)
}

func compareEvents(t *testing.T, want []string, s *State) {
	t.Helper()
	var got []string
	for _, tx := range s.Txs() {
		for _, e := range tx.AppendEvents(nil) {
			got = append(got, e.String())
		}
	}
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

// wholeReplies puts the events of a multi-line reply together. Suricata takes
// each of its lines for a reply and makes as many events of it as there were
// segments; a transaction here is the reply as RFC 959 defines it.
func wholeReplies(events []map[string]any) []map[string]any {
	var out []map[string]any
	var open map[string]any // the object of an event whose reply goes on
	for _, e := range events {
		object := e["ftp"].(map[string]any)
		_, coded := object["completion_code"]
		replies, _ := object["reply"].([]any)
		if open != nil && object["command"] == nil {
			open["reply"] = append(open["reply"].([]any), replies...)
			if coded {
				open["completion_code"] = object["completion_code"]
				open = nil
			}
			continue
		}
		out = append(out, e)
		if len(replies) > 0 && !coded && strings.HasPrefix(replies[0].(string)[3:], "-") {
			open = object
		}
	}
	return out
}

// eventOf renders a record as the ftp object of EVE.
func eventOf(t *Tx) map[string]any {
	r := t.Record()
	e := map[string]any{"reply_received": "no", "reply_truncated": r.ReplyCut}
	if r.WasAnswered {
		e["reply_received"] = "yes"
	}
	if r.Command != CommandNone {
		e["command"] = r.Command.String()
	}
	if len(r.Data) > 0 {
		e["command_data"], e["command_truncated"] = string(r.Data), r.DataCut
	}
	for key, list := range map[string][][]byte{"completion_code": r.Codes, "reply": r.Replies} {
		var out []any
		for _, b := range list {
			out = append(out, string(b))
		}
		if out != nil {
			e[key] = out
		}
	}
	if r.Port != 0 {
		e["dynamic_port"] = r.Port
	}
	if r.Negotiates {
		e["mode"] = "passive"
		if r.Active {
			e["mode"] = "active"
		}
	}
	return e
}
