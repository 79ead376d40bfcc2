package rfb

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

func u16(v int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(v))) }
func u32(v int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(v))) }

func up(data string) apptest.Message { return apptest.Message{Dir: toServer, Data: []byte(data)} }

func down(data string) apptest.Message { return apptest.Message{Dir: toClient, Data: []byte(data)} }

// text is a text with its length before it.
func text(s string) string { return u32(len(s)) + s }

const (
	v33, v37, v38 = "RFB 003.003\n", "RFB 003.007\n", "RFB 003.008\n"

	random = "0123456789abcdef"
	cipher = "fedcba9876543210"
)

// desktop is a server's last message.
func desktop(name string) string {
	return u16(1280) + u16(800) + "\x20\x18\x00\x01" + u16(255) + u16(127) + u16(63) + "\x10\x08\x00\x00\x00\x00" + text(name)
}

var (
	pictures = []apptest.Message{up("\x03\x01\x00\x00\x00\x00\x05\x00\x03\x20"), down("\x00\x00\x00\x01pixels")}

	// authenticated is a session of version 3.8 with the start of its pictures.
	authenticated = append([]apptest.Message{
		down(v38), up(v38), down("\x02\x01\x02"), up("\x02"), down(random), up(cipher), down(u32(0)), up("\x01"), down(desktop("desk")),
	}, pictures...)
	open33  = append([]apptest.Message{down(v33), up(v33), down(u32(1)), up("\x00"), down(desktop("desk"))}, pictures...)
	refused = []apptest.Message{down(v38), up(v38), down("\x01\x02"), up("\x02"), down(random), up(cipher), down(u32(1) + text("no"))}
)

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "VNC authentication", Messages: authenticated, Grows: true},
		{Name: "version 3.3 without authentication", Messages: open33, Grows: true},
		{Name: "a client that is refused", Messages: refused, Grows: true},
		{Name: "a long name", Messages: []apptest.Message{down(v33), up(v33), down(u32(1)), up("\x00"), down(desktop(strings.Repeat("x", maxText+100)))}, Grows: true},
	})
}

func FuzzConversation(f *testing.F) {
	for _, session := range [][]apptest.Message{authenticated, open33, refused} {
		var all, ops []byte
		for _, m := range session {
			all, ops = append(all, m.Data...), append(ops, byte(min(len(m.Data)-1, 126)<<1)|byte(m.Dir))
		}
		f.Add(all, ops)
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

func parsed(messages ...apptest.Message) *State {
	s := newParser().New()
	for _, m := range messages {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
	}
	return s.(*State)
}

func TestSessionsAreToldOf(t *testing.T) {
	versions := func(server, client string) string {
		return `{server_protocol_version: {major: "003", minor: "` + server + `"}, client_protocol_version: {major: "003", minor: "` + client + `"}, authentication: `
	}
	const (
		vnc    = `security_type: 2, vnc: {challenge: "30313233343536373839616263646566", response: "66656463626139383736353433323130"}`
		screen = `framebuffer: {width: 1280, height: 800, name: "desk", pixel_format: {bits_per_pixel: 32, depth: 24, big_endian: false, true_color: true, ` +
			`red_max: 255, green_max: 127, blue_max: 63, red_shift: 16, green_shift: 8, blue_shift: 0}}}`
	)
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		want     string
		complete bool
	}{
		{"VNC authentication", authenticated, versions("008", "008") + `{` + vnc + `, security_result: "OK"}, screen_shared: true, ` + screen, true},
		{"VNC authentication of 3.3, where the server decides", []apptest.Message{
			down(v38), up(v33), down(u32(2)), down(random), up(cipher), down(u32(0)), up("\x00"), down(desktop("desk")),
		}, versions("008", "003") + `{` + vnc + `, security_result: "OK"}, screen_shared: false, ` + screen, true},
		{"no authentication of 3.3", open33, versions("003", "003") + `{security_type: 1}, screen_shared: false, ` + screen, true},
		{"no authentication of 3.7, which has no result", []apptest.Message{
			down(v37), up(v37), down("\x01\x01"), up("\x01"), up("\x01"), down(desktop("desk")),
		}, versions("007", "007") + `{security_type: 1}, screen_shared: true, ` + screen, true},
		{"no authentication of 3.8, which has one", []apptest.Message{
			down(v38), up(v38), down("\x01\x01"), up("\x01"), down(u32(0)), up("\x01"), down(desktop("desk")),
		}, versions("008", "008") + `{security_type: 1, security_result: "OK"}, screen_shared: true, ` + screen, true},
		{"a server of 3.8 that leaves it out", []apptest.Message{
			down(v38), up(v38), down("\x01\x01"), up("\x01"), up("\x01"), down(desktop("desk")),
		}, versions("008", "008") + `{security_type: 1}, screen_shared: true, ` + screen, true},
		{"a version between, which is 3.3", []apptest.Message{down(v38), up("RFB 003.005\n"), down(u32(1)), up("\x01"), down(desktop("desk"))},
			versions("008", "005") + `{security_type: 1}, screen_shared: true, ` + screen, true},
		{"a server that refuses before the client has spoken", []apptest.Message{down(v33 + u32(0) + text("no")), up(v38)},
			`{server_protocol_version: {major: "003", minor: "003"}, authentication: {security_type: 0}, server_security_failure_reason: "no"}`, true},
		{"a client that claims more than the server", []apptest.Message{down(v33), up(v38), down(u32(0) + text("no"))},
			versions("003", "008") + `{security_type: 0}, server_security_failure_reason: "no"}`, true},
		{"a later version, which is 3.8", []apptest.Message{down("RFB 005.000\n"), up("RFB 005.000\n"), down("\x01\x02"), up("\x02"), down(random)},
			`{server_protocol_version: {major: "005", minor: "000"}, client_protocol_version: {major: "005", minor: "000"}, ` +
				`authentication: {security_type: 2, vnc: {challenge: "30313233343536373839616263646566"}}}`, false},
		{"a client that is refused", refused, versions("008", "008") + `{` + vnc + `, security_result: "FAIL"}, server_security_failure_reason: "no"}`, true},
		{"a client of 3.7 that is refused, to which nobody says why", []apptest.Message{
			down(v38), up(v37), down("\x01\x02"), up("\x02"), down(random), up(cipher), down(u32(1)),
		}, versions("008", "007") + `{` + vnc + `, security_result: "FAIL"}}`, true},
		{"too many attempts", append(slices.Clone(refused[:6]), down(u32(2))), versions("008", "008") + `{` + vnc + `, security_result: "TOOMANY"}}`, true},
		{"a server of 3.3 that refuses at once", []apptest.Message{down(v33), up(v33), down(u32(0) + text("no"))},
			versions("003", "003") + `{security_type: 0}, server_security_failure_reason: "no"}`, true},
		{"a server of 3.8 that refuses at once", []apptest.Message{down(v38), up(v38), down("\x00" + text("no"))},
			versions("008", "008") + `{}, server_security_failure_reason: "no"}`, true},
		{"a security type that is not read", []apptest.Message{down(v38), up(v38), down("\x01\x13"), up("\x13"), down("tls"), up("tls")},
			versions("008", "008") + `{security_type: 19}}`, true},
		{"a server alone", []apptest.Message{down(v38)}, `{server_protocol_version: {major: "003", minor: "008"}, authentication: {}}`, false},
		{"a server that speaks no version", []apptest.Message{down("RFB 003-008\n")}, ``, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			txs := parsed(c.messages...).Txs()
			if len(txs) != 1 {
				t.Fatalf("%d transactions, want one", len(txs))
			}
			if got := apptest.RecordText(txs[0].(*Tx)); got != c.want {
				t.Errorf("record\n%s\nwant\n%s", got, c.want)
			}
			if txs[0].Complete(toServer) != c.complete || txs[0].Complete(toClient) != c.complete {
				t.Errorf("complete %v, want %v", !c.complete, c.complete)
			}
		})
	}
}

func TestRulesSeeWhatWasAgreedOn(t *testing.T) {
	tx := parsed(authenticated...).Txs()[0]
	for name, want := range map[string]string{"rfb.name": "desk", "rfb.sectype": "2", "rfb.secresult": "0"} {
		if got, ok := apptest.Value(t, NewParser(), tx, toClient, name, 0); !ok || got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
		if _, ok := apptest.Value(t, NewParser(), tx, toClient, name, 1); ok {
			t.Errorf("there are two of %s", name)
		}
	}
	tx = parsed(authenticated[:3]...).Txs()[0]
	for _, name := range []string{"rfb.name", "rfb.sectype", "rfb.secresult"} {
		if _, ok := apptest.Value(t, NewParser(), tx, toClient, name, 0); ok {
			t.Errorf("there is %s before it was sent", name)
		}
	}
}

func TestOddMessages(t *testing.T) {
	long := strings.Repeat("x", maxText+1)
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		want     []app.Event
	}{
		{"a server's version that is none", []apptest.Message{down("RFB 003.008x")}, []app.Event{EventMalformedMessage}},
		{"a client's version that is none", []apptest.Message{down(v38), up("RFB 3.8     ")}, []app.Event{EventMalformedMessage}},
		{"a security type that is not read", []apptest.Message{down(v38), up(v38), down("\x01\x10"), up("\x10")}, []app.Event{EventUnimplementedSecurityType}},
		{"one that 3.3 does not have", []apptest.Message{down(v33), up(v33), down(u32(16))}, []app.Event{EventUnimplementedSecurityType}},
		{"a result that there is not", append(slices.Clone(refused[:6]), down(u32(7))), []app.Event{EventUnknownSecurityResult}},
		{"a client out of turn", []apptest.Message{down(v38), up(v38), up("\x02")}, []app.Event{EventConfusedState}},
		{"a server out of turn", []apptest.Message{down(v38), down("\x01\x02")}, []app.Event{EventConfusedState}},
		{"a long reason", []apptest.Message{down(v33), up(v33), down(u32(0) + text(long))}, []app.Event{EventTooLongString}},
		{"a long name", []apptest.Message{down(v33), up(v33), down(u32(1)), up("\x00"), down(desktop(long))}, []app.Event{EventTooLongString}},
		{"a name of the greatest length", []apptest.Message{down(v33), up(v33), down(u32(1)), up("\x00"), down(desktop(long[1:]))}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			txs := parsed(c.messages...).Txs()
			if got := txs[0].AppendEvents(nil); !slices.Equal(got, c.want) {
				t.Errorf("events %v, want %v", got, c.want)
			}
			if !txs[0].Complete(toServer) {
				t.Error("the handshake goes on")
			}
		})
	}
}

func TestAClientAloneIsNothingOdd(t *testing.T) {
	if s := parsed(up(v38), up("\x02"), down(v38)); len(s.Txs()) != 0 || s.due != over {
		t.Errorf("%d transactions", len(s.Txs()))
	}
}

func TestAHandshakeWithAHoleEnds(t *testing.T) {
	s := parsed(authenticated[:4]...)
	s.Parse(app.Input{Data: []byte(random), Dir: toClient, Gap: 3})
	if tx := s.Txs()[0]; !tx.Complete(toServer) || !tx.Complete(toClient) {
		t.Error("the handshake goes on")
	}
	s.Parse(app.Input{Data: []byte(cipher), Dir: toServer})
	if events := s.Txs()[0].AppendEvents(nil); len(events) > 0 || len(s.Txs()) != 1 {
		t.Errorf("what follows is read: %v", events)
	}
}

func TestWhatComesAfterTheEndOfASideIsRead(t *testing.T) {
	s := parsed(refused[:6]...)
	s.Parse(app.Input{Dir: toClient, EOF: true}) // what was not acknowledged comes then
	s.Parse(app.Input{Data: refused[6].Data, Dir: toClient, EOF: true})
	if got := apptest.RecordText(s.Txs()[0].(*Tx)); !strings.Contains(got, `server_security_failure_reason: "no"`) {
		t.Errorf("record %s", got)
	}
}

func TestMessagesAreFrames(t *testing.T) {
	want := []string{"pdu " + v38, "pdu \x02\x01\x02", "pdu " + random}
	p := NewParser()
	s := p.New().(*State)
	var log app.FrameLog
	s.MarkFrames(&log)
	var got []string
	offset := [2]uint64{}
	for _, m := range authenticated[:5] {
		in := app.Input{Data: m.Data, Dir: m.Dir}
		log.Begin(in, offset[m.Dir])
		s.Parse(in)
		offset[m.Dir] += uint64(len(m.Data))
		if !s.Ended() || s.Ended() {
			t.Error("a message did not end, or twice")
		}
	}
	frames := log.Frames(toClient)
	for i := range frames {
		if frames[i].Kind == framePDU {
			data, _, _, _ := log.Due(toClient, &frames[i])
			got = append(got, p.FrameNames()[frames[i].Kind-1]+" "+string(data))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("frames %q, want %q", got, want)
	}
}

func TestTheStartOfAFlowTells(t *testing.T) {
	d, err := app.NewDetector([]app.Candidate{{Parser: NewParser()}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, data string
		dir        decoders.Direction
		want       app.Answer
	}{
		{"a server's version", v38, toClient, app.Yes},
		{"a client's version", v38, toServer, app.Yes},
		{"half of it", "RF", toClient, app.Maybe},
		{"small letters", "rfb 003.008\n", toClient, app.No},
		{"HTTP", "HTTP/1.1 200 OK\r\n", toClient, app.No},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := app.Input{Data: []byte(c.data), Dir: c.dir}
			if got := d.Detect(in, app.TCP, app.Ports{Src: 4000, Dst: 1234}); got.Answer != c.want || got.Reversed {
				t.Errorf("answer %+v, want %d", got, c.want)
			}
			if got := NewParser().Probe(in); got != c.want {
				t.Errorf("the probe says %d, want %d", got, c.want)
			}
		})
	}
}
