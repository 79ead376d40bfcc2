package ntp

import (
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

func newParser() app.Parser { return NewParser() }

// message is one of a version, mode and stratum.
func message(version, mode, stratum byte) []byte {
	m := make([]byte, messageLen)
	m[0], m[1] = version<<3|mode, stratum
	copy(m[12:], "GPS\x00")
	return m
}

func messages() []apptest.Message {
	return []apptest.Message{{Dir: decoders.ToServer, Data: message(4, 3, 0)}, {Dir: decoders.ToClient, Data: message(4, 4, 1)}}
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{{Name: "time", Datagram: true, Messages: messages(), Min: 2}})
}

func FuzzConversation(f *testing.F) {
	for _, m := range messages() {
		f.Add(m.Data, []byte{byte(m.Dir)})
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

func TestMessagesAreToldOfAndLookedAt(t *testing.T) {
	s := newParser().New()
	for _, m := range messages() {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir, Datagram: true})
	}
	tx := s.Txs()[1]
	if got, want := apptest.RecordText(tx.(*Tx)), "{version: 4, mode: 4, stratum: 1, reference_id: 47:50:53:00}"; got != want {
		t.Errorf("record %s, want %s", got, want)
	}
	for name, want := range map[string]string{"ntp.version": "4", "ntp.mode": "4", "ntp.stratum": "1", "ntp.reference_id": "GPS\x00"} {
		if got, ok := apptest.Value(t, NewParser(), tx, decoders.ToClient, name, 0); !ok || got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestWhatIsNoMessage(t *testing.T) {
	for name, data := range map[string][]byte{
		"a short one": message(4, 3, 0)[:messageLen-1], "version 0": message(0, 3, 0), "version 5": message(5, 3, 0),
		"a control message": message(2, 6, 0), "a private message": message(2, 7, 0), "nothing": nil,
	} {
		if NewParser().Probe(app.Input{Data: data, Datagram: true}) != app.No {
			t.Errorf("%s is one", name)
		}
		if r := newParser().New().Parse(app.Input{Data: data, Datagram: true}); r.Status != app.StatusError {
			t.Errorf("%s: status %d", name, r.Status)
		}
	}
}

func TestADatagramThatIsNoMessageIsAnEventWithoutRecord(t *testing.T) {
	s := newParser().New()
	for _, data := range [][]byte{message(4, 3, 0), message(4, 4, 1)[:20], message(4, 4, 1)} {
		s.Parse(app.Input{Data: data, Dir: decoders.ToClient, Datagram: true})
	}
	for i, malformed := range []bool{false, true, false} {
		tx := s.Txs()[i].(*Tx)
		if tx.HasEvent(EventMalformedData) != malformed || len(tx.AppendEvents(nil)) == 1 != malformed {
			t.Errorf("message %d: events %v", i, tx.AppendEvents(nil))
		}
		if got := tx.AppendRecord(new(app.Record)); got == malformed {
			t.Errorf("message %d: record %v", i, got)
		}
		if _, ok := tx.Integer(bufferStratum, 0); ok == malformed {
			t.Errorf("message %d: stratum %v", i, ok)
		}
	}
}
