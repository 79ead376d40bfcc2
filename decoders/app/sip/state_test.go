package sip

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

const description1 = "v=0\r\no=alice 1 2 IN IP4 192.0.2.1\r\ns=call\r\nc=IN IP4 192.0.2.1\r\nb=AS:64\r\nt=1 2\r\nr=7d 1h\r\n" +
	"a=sendrecv\r\na=second\r\nm=audio 4000 RTP/AVP 0\r\ni=voice\r\na=rtpmap:0 pcmu/8000\r\nm=video 4002 RTP/AVP 31\r\nk=prompt\r\n"

func request(body string) string {
	return "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a.example.com\r\nv:SIP/2.0/UDP b.example.com\r\n" +
		"From: Alice\r\n <sip:alice@example.com>\r\nt: <sip:bob@example.com>\r\nUSER-AGENT : phone 1\r\n" +
		"c: application/SDP; charset=x\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

const answer = "SIP/2.0 180 Ringing now\r\nTo: <sip:bob@example.com>\r\nContent-Length: 0\r\n\r\n"

func conversations() []apptest.Conversation {
	messages := []apptest.Message{
		{Dir: toServer, Data: []byte(request(description1))},
		{Dir: toClient, Data: []byte(answer)},
	}
	pipelined := []apptest.Message{
		{Dir: toServer, Data: []byte("\r\n\r\n" + request("") + "ACK sip:b SIP/2.0\n\n")},
		{Dir: toClient, Data: []byte("\r\n" + answer + answer)},
	}
	return []apptest.Conversation{
		{Name: "datagrams", Datagram: true, Messages: messages, Min: 2},
		{Name: "stream", Messages: messages, Min: 2},
		{Name: "several messages in a piece", Messages: pipelined, Min: 4},
	}
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, conversations())
}

func FuzzConversation(f *testing.F) {
	for _, c := range conversations() {
		for _, m := range c.Messages {
			f.Add(m.Data, []byte{byte(m.Dir)})
		}
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

func TestMessagesGiveWhatRulesAskFor(t *testing.T) {
	p := NewParser()
	s := p.New()
	s.Parse(app.Input{Data: []byte(request(description1)), Dir: toServer, Datagram: true})
	s.Parse(app.Input{Data: []byte(answer), Dir: toClient, Datagram: true})
	for _, c := range []struct {
		tx    int
		field string
		want  []string
	}{
		{0, "sip.method", []string{"INVITE"}},
		{0, "sip.uri", []string{"sip:bob@example.com"}},
		{0, "sip.protocol", []string{"SIP/2.0"}},
		{0, "sip.request_line", []string{"INVITE sip:bob@example.com SIP/2.0"}},
		{0, "sip.via", []string{"SIP/2.0/UDP a.example.com", "SIP/2.0/UDP b.example.com"}},
		{0, "sip.from", []string{"Alice\r\n <sip:alice@example.com>"}},
		{0, "sip.to", []string{"<sip:bob@example.com>"}},
		{0, "sip.user_agent", []string{"phone 1"}},
		{0, "sip.content_type", []string{"application/SDP; charset=x"}},
		{0, "sip.stat_code", nil},
		{0, "sip.response_line", nil},
		{0, "sdp.origin", []string{"alice 1 2 IN IP4 192.0.2.1"}},
		{0, "sdp.attribute", []string{"sendrecv", "second"}},
		{0, "sdp.session_info", nil},
		{0, "sdp.media.media", []string{"audio 4000 RTP/AVP 0", "video 4002 RTP/AVP 31"}},
		{0, "sdp.media.media_info", []string{"voice"}},
		{0, "sdp.media.encryption_key", []string{"prompt"}},
		{1, "sip.stat_code", []string{"180"}},
		{1, "sip.stat_msg", []string{"Ringing now"}},
		{1, "sip.response_line", []string{"SIP/2.0 180 Ringing now"}},
		{1, "sip.method", nil},
		{1, "sip.content_length", []string{"0"}},
	} {
		var got []string
		for i := 0; ; i++ {
			v, ok := apptest.Value(t, p, s.Txs()[c.tx], toServer, c.field, i)
			if !ok {
				break
			}
			got = append(got, v)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s of message %d is %q, want %q", c.field, c.tx, got, c.want)
		}
	}
}

func TestRecordsTellOfMessages(t *testing.T) {
	s := NewParser().New()
	s.Parse(app.Input{Data: []byte(request(description1)), Dir: toServer, Datagram: true})
	s.Parse(app.Input{Data: []byte(answer), Dir: toClient, Datagram: true})
	want := []string{
		`{method: "INVITE", uri: "sip:bob@example.com", version: "SIP/2.0", sdp: {origin: "alice 1 2 IN IP4 192.0.2.1", ` +
			`session_name: "call", connection_data: "IN IP4 192.0.2.1", bandwidths: ["AS:64"], ` +
			`time_descriptions: [{time: "1 2", repeat_time: "7d 1h"}], attributes: ["sendrecv", "second"], ` +
			`media_descriptions: [{media: "audio 4000 RTP/AVP 0", media_info: "voice", attributes: ["rtpmap:0 pcmu/8000"]}, ` +
			`{media: "video 4002 RTP/AVP 31", encryption_key: "prompt"}]}, request_line: "INVITE sip:bob@example.com SIP/2.0"}`,
		`{version: "SIP/2.0", code: "180", reason: "Ringing now", response_line: "SIP/2.0 180 Ringing now"}`,
	}
	for i, tx := range s.Txs() {
		if got := apptest.RecordText(tx.(*Tx)); got != want[i] {
			t.Errorf("record\n%s\nwant\n%s", got, want[i])
		}
	}
}

func TestWhatIsNoMessage(t *testing.T) {
	for _, c := range []struct {
		name     string
		data     string
		dir      decoders.Direction
		datagram bool
		want     app.Status
	}{
		{"an answer to the server", answer, toServer, true, app.StatusError},
		{"a request to the client", request(""), toClient, true, app.StatusError},
		{"a datagram without end of head", "INVITE sip:b SIP/2.0\r\nTo: x\r\n", toServer, true, app.StatusError},
		{"another version of another protocol", "OPTIONS * HTTP/1.1\r\n\r\n", toServer, false, app.StatusError},
		{"a length that is no number", "ACK sip:b SIP/2.0\r\nContent-Length: 1x\r\n\r\n", toServer, false, app.StatusError},
		{"a head without end", "ACK sip:b SIP/2.0\r\nTo: " + strings.Repeat("x", maxHead), toServer, false, app.StatusError},
		{"the start of a head", "ACK sip:b SIP/2.0\r\nTo:", toServer, false, app.StatusIncomplete},
		{"a body longer than is read", "ACK sip:b SIP/2.0\r\nl: 200000\r\n\r\nxx", toServer, false, app.StatusOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := NewParser().New().Parse(app.Input{Data: []byte(c.data), Dir: c.dir, Datagram: c.datagram})
			if r.Status != c.want {
				t.Errorf("status %d, want %d", r.Status, c.want)
			}
		})
	}
}

func TestStreamGoesOnBehindALongBody(t *testing.T) {
	s := NewParser().New()
	s.Parse(app.Input{Data: []byte("INFO sip:b SIP/2.0\r\nl: 200000\r\n\r\n"), Dir: toServer})
	if r := s.Parse(app.Input{Data: make([]byte, 100000), Dir: toServer, Gap: 50000}); r.Status != app.StatusOK {
		t.Fatalf("a gap in a body that is passed over: status %d", r.Status)
	}
	if r := s.Parse(app.Input{Data: []byte(strings.Repeat("x", 50000) + request("")), Dir: toServer}); r.Status != app.StatusOK {
		t.Fatalf("status %d", r.Status)
	}
	if n := len(s.Txs()); n != 2 {
		t.Errorf("%d messages, want 2", n)
	}
	if r := s.Parse(app.Input{Data: []byte(request("")), Dir: toServer, Gap: 1}); r.Status != app.StatusError {
		t.Errorf("a gap elsewhere: status %d", r.Status)
	}
}

func TestProbeTellsSIPFromItsRelatives(t *testing.T) {
	for text, want := range map[string]app.Answer{
		"OPTIONS sip:x SIP/2.0\r\n": app.Yes, "OPTIONS * HTTP/1.1\r\n": app.No, "OPTIONS rtsp://x RTSP/1.0\r\n": app.No,
		"SIP/2.0 200 OK\r\n": app.Yes, "SIP/2.0 \r\n": app.No, "INVITE si": app.Maybe, strings.Repeat("x", maxLine): app.No,
	} {
		if got := NewParser().Probe(app.Input{Data: []byte(text)}); got != want {
			t.Errorf("%.30q: %d, want %d", text, got, want)
		}
	}
}

func TestFramesAreMarked(t *testing.T) {
	s := NewParser().New().(*State)
	log := new(app.FrameLog)
	s.MarkFrames(log)
	const head, body = "INFO sip:b SIP/2.0\r\nTo: x\r\nl: 4\r\n\r\n", "body"
	in := app.Input{Data: []byte("\r\n" + head + body), Dir: toServer}
	log.Begin(in, 0)
	s.Parse(in)
	got := map[string][2]int64{}
	for _, f := range log.Frames(toServer) {
		if f.Kind != app.FrameStream {
			got[NewParser().FrameNames()[f.Kind-1]] = [2]int64{int64(f.Start), f.Len}
		}
	}
	want := map[string][2]int64{
		"pdu": {2, int64(len(head + body))}, "request.line": {2, 20}, "request.headers": {22, int64(len(head)) - 22},
		"request.body": {2 + int64(len(head)), 4},
	}
	if !maps.Equal(got, want) {
		t.Errorf("frames %v, want %v", got, want)
	}
}
