package tls

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

// TestRecordsAreThoseOfSuricata compares every tls event that Suricata 8 made
// in the conformance set with the Record of the same flow, and the events
// (anomalies) of these flows.
func TestRecordsAreThoseOfSuricata(t *testing.T) {
	total, same, sessions := 0, 0, 0
	for _, c := range apptest.Cases(t, "tls") {
		t.Run(c.Name, func(t *testing.T) {
			got := map[string]*logged{}
			apptest.Replay(t, c.Frames, []app.Candidate{{Parser: NewParser(), TCPPorts: []uint16{443}}}, func(s apptest.Step) {
				log(got, s)
			})
			for _, want := range c.Events {
				if _, ok := want["tls"].(map[string]any)["from_proto"]; ok {
					t.Logf("behind another protocol: %v", want["src_port"])
					continue
				}
				key := fmt.Sprintf("%v-%v", want["src_port"], want["dest_port"])
				l := got[key]
				if l == nil {
					t.Errorf("no session %s", key)
					continue
				}
				_, ja3 := want["tls"].(map[string]any)["ja3"]
				n, k := apptest.Fields(t, key, eventOf(l.tx, ja3), want["tls"].(map[string]any))
				total, same, sessions = total+n, same+k, sessions+1
				if at, ok := want["pcap_cnt"].(float64); ok && (l.packet == 0 || l.packet > uint64(at)) {
					t.Errorf("%s is ready with packet %d, Suricata logged at %v", key, l.packet, at)
				}
				compareEvents(t, c.EventsOf("tls", want), l.tx)
				delete(got, key)
			}
			for key, l := range got {
				if l.tx.Record() != nil {
					t.Errorf("session %s was not expected: %v", key, eventOf(l.tx, false))
				}
			}
		})
	}
	if sessions < 35 || total < 250 {
		t.Errorf("%d sessions with %d fields were compared, too few", sessions, total)
	}
	t.Logf("%d of %d fields of %d sessions are the same", same, total, sessions)
}

type logged struct {
	tx     *Tx
	packet uint64
	ready  bool
}

// log remembers with which packet a session could be logged.
func log(got map[string]*logged, s apptest.Step) {
	txs := s.Flow.State.Txs()
	if len(txs) == 0 {
		return
	}
	key := fmt.Sprintf("%d-%d", s.Flow.Client.Port(), s.Flow.Server.Port())
	l := got[key]
	if l == nil {
		l = &logged{}
		got[key] = l
	}
	l.tx = txs[0].(*Tx)
	if !l.ready && l.tx.Loggable() {
		l.ready, l.packet = true, s.Packet
	}
}

func compareEvents(t *testing.T, want []string, tx *Tx) {
	t.Helper()
	var got []string
	for _, e := range tx.AppendEvents(nil) {
		got = append(got, e.String())
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

// eventOf renders a record as the tls object of EVE.
func eventOf(tx *Tx, ja3 bool) map[string]any {
	r := tx.Record()
	if r == nil {
		return nil
	}
	e := map[string]any{"version": string(r.Version.AppendText(nil)), "ja4": string(tx.JA4())}
	if r.Resumed {
		e["session_resumed"] = true
	}
	if len(r.SNI) > 0 {
		e["sni"] = string(r.SNI)
	}
	setList(e, "client_alpns", r.ClientProtocols)
	setList(e, "server_alpns", r.ServerProtocols)
	setCertificate(e, &r.Server)
	if r.Client.Subject != nil {
		client := map[string]any{}
		setCertificate(client, &r.Client)
		e["client"] = client
	}
	if ja3 {
		setFingerprint(e, "ja3", tx.JA3)
		setFingerprint(e, "ja3s", tx.JA3S)
	}
	return e
}

func setFingerprint(e map[string]any, key string, of func() (hash, text []byte, ok bool)) {
	if hash, text, ok := of(); ok {
		e[key] = map[string]any{"hash": string(hash), "string": string(text)}
	}
}

func setCertificate(e map[string]any, c *Certificate) {
	if c.Subject == nil {
		return
	}
	const layout = "2006-01-02T15:04:05"
	e["subject"], e["issuerdn"] = string(c.Subject), string(c.Issuer)
	e["serial"], e["fingerprint"] = string(c.Serial), string(c.Fingerprint)
	e["notbefore"] = time.Unix(c.NotBefore, 0).UTC().Format(layout)
	e["notafter"] = time.Unix(c.NotAfter, 0).UTC().Format(layout)
	setList(e, "subjectaltname", c.AltNames)
}

func setList(e map[string]any, key string, list [][]byte) {
	var out []any
	for _, b := range list {
		out = append(out, string(b))
	}
	if out != nil {
		e[key] = out
	}
}
