package websocket

import (
	"bytes"
	"compress/flate"
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

// frame makes a frame; a mask that is not 0 is applied.
func frame(first byte, mask uint32, payload string) []byte {
	b := []byte{first}
	bit := byte(0)
	if mask != 0 {
		bit = 0x80
	}
	switch n := len(payload); {
	case n < 126:
		b = append(b, bit|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, bit|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, bit|127), uint64(n))
	}
	key := binary.BigEndian.AppendUint32(nil, mask)
	if mask != 0 {
		b = append(b, key...)
	}
	for i := range len(payload) {
		b = append(b, payload[i]^key[i&3])
	}
	return b
}

// compressor is a side that compresses its messages (RFC 7692).
type compressor struct {
	out bytes.Buffer
	w   *flate.Writer
}

func newCompressor() *compressor {
	c := new(compressor)
	c.w, _ = flate.NewWriter(&c.out, 9)
	return c
}

func (c *compressor) message(text string) string {
	c.out.Reset()
	c.w.Write([]byte(text))
	c.w.Flush()
	return strings.TrimSuffix(c.out.String(), string(tail))
}

func conversation() []apptest.Message {
	c := newCompressor()
	return []apptest.Message{
		{Dir: toServer, Data: frame(0x81, 0x12345678, "hello")},
		{Dir: toClient, Data: slices.Concat(frame(0x01, 0, "first, "), frame(0x89, 0, "ping"), frame(0x00, 0, "second, "), frame(0x80, 0, "third"))},
		{Dir: toServer, Data: slices.Concat(frame(0x8a, 1, "ping"), frame(0x82, 2, strings.Repeat("x", 300)))},
		{Dir: toClient, Data: slices.Concat(frame(0xc1, 0, c.message("compressed message")), frame(0xc1, 0, c.message("compressed message again")))},
		{Dir: toClient, Data: frame(0x88, 0, "\x03\xe8bye")},
	}
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	plain := conversation()
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "plain", Messages: append(slices.Clone(plain[:3]), plain[4]), Min: 8},
		{Name: "compressed", Messages: plain, Min: 10, Allocates: "a decompressor for each side that compresses"},
	})
}

func parsed(messages ...apptest.Message) (s *State, last app.Result) {
	s = newParser().New().(*State)
	for _, m := range messages {
		last = s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
	}
	return s, last
}

// payloads are those of all frames.
func payloads(s *State) (list []string) {
	for _, tx := range s.Txs() {
		b, _ := tx.Buffer(bufferPayload, 0)
		list = append(list, string(b))
	}
	return list
}

// detailed has the record that alerts have.
type detailed struct{ *Tx }

func (d detailed) AppendRecord(r *app.Record) bool {
	ok := d.Tx.AppendRecord(r)
	d.AppendDetails(r)
	return ok
}

func TestFramesAreToldOf(t *testing.T) {
	s, _ := parsed(conversation()...)
	want := []string{
		`{fin: true, mask: 305419896, opcode: "text"}`, `{fin: false, opcode: "text"}`, `{fin: true, opcode: "ping"}`,
		`{fin: false, opcode: "continuation"}`, `{fin: true, opcode: "continuation"}`, `{fin: true, mask: 1, opcode: "pong"}`,
		`{fin: true, mask: 2, opcode: "binary"}`, `{fin: true, opcode: "text"}`, `{fin: true, opcode: "text"}`, `{fin: true, opcode: "close"}`,
	}
	for i, tx := range s.Txs() {
		if got := apptest.RecordText(tx.(*Tx)); got != want[i] {
			t.Errorf("%d: %s, want %s", i, got, want[i])
		}
	}
	if got := apptest.RecordText(detailed{s.Txs()[0].(*Tx)}); got != `{fin: true, mask: 305419896, opcode: "text", payload_printable: "hello", payload_base64: "aGVsbG8="}` {
		t.Error(got)
	}
	s, _ = parsed(apptest.Message{Dir: toServer, Data: frame(0x8b, 0, "")})
	if got := apptest.RecordText(s.Txs()[0].(*Tx)); got != `{fin: true, opcode: "unknown-11"}` {
		t.Error(got)
	}
}

func TestTheLastFrameHasTheWholeMessage(t *testing.T) {
	s, _ := parsed(conversation()...)
	want := []string{"hello", "first, ", "ping", "second, ", "first, second, third", "ping", strings.Repeat("x", 300),
		"compressed message", "compressed message again", "\x03\xe8bye"}
	if got := payloads(s); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if !s.Ended() || s.Ended() {
		t.Error("messages ended, which is told once")
	}
}

func TestRulesAskForHeaders(t *testing.T) {
	p := NewParser()
	s, _ := parsed(conversation()...)
	for _, c := range []struct {
		tx    int
		field string
		want  string
		ok    bool
	}{
		{0, "websocket.opcode", "1", true}, {0, "websocket.mask", "305419896", true}, {0, "websocket.flags", "128", true},
		{1, "websocket.flags", "0", true}, {1, "websocket.mask", "0", false}, {2, "websocket.opcode", "9", true},
		{7, "websocket.flags", "192", true},
	} {
		tx := s.Txs()[c.tx]
		got, ok := apptest.Value(t, p, tx, tx.(*Tx).Direction(), c.field, 0)
		if got != c.want || ok != c.ok {
			t.Errorf("%s of %d: %s %v", c.field, c.tx, got, ok)
		}
		if _, ok := apptest.Value(t, p, tx, toServer, c.field, 1); ok {
			t.Errorf("%s of %d has a second instance", c.field, c.tx)
		}
	}
}

func TestCompressedMessagesInFrames(t *testing.T) {
	c := newCompressor()
	text := c.message("one message in two frames")
	s, _ := parsed(apptest.Message{Data: slices.Concat(frame(0x41, 0, text[:5]), frame(0x8a, 0, "p"), frame(0x80, 0, text[5:]))})
	if got := payloads(s)[2]; got != "one message in two frames" {
		t.Errorf("%q", got)
	}
	var ended bytes.Buffer
	w, _ := flate.NewWriter(&ended, 1)
	w.Write([]byte("a message that ends its data"))
	w.Close()
	s, _ = parsed(apptest.Message{Data: slices.Concat(frame(0xc1, 0, ended.String()), frame(0xc1, 0, newCompressor().message("the next")))})
	if got := payloads(s); !slices.Equal(got, []string{"a message that ends its data", "the next"}) {
		t.Errorf("%q", got)
	}
}

func TestWhatIsNotAsItShouldBe(t *testing.T) {
	long := strings.Repeat("y", 1<<16)
	bomb := newCompressor().message(strings.Repeat("z", 2*maxInflated))
	for _, c := range []struct {
		name   string
		data   []byte
		status app.Status
		txs    int
		events []app.Event // of all frames
		last   int         // length of the last payload
	}{
		{"reserved bits at the start", []byte{0xa1, 0}, app.StatusError, 0, nil, 0},
		{"reserved bits later", slices.Concat(frame(0x81, 0, "a"), frame(0xa1, 0, "bc")), app.StatusOK, 2, nil, 2},
		{"a frame longer than is kept", append(frame(0x82, 0, long), frame(0x81, 0, "next")...), app.StatusOK, 2, []app.Event{EventSkipEndOfPayload}, 4},
		{"a length beyond all reason", append([]byte{0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, long...), app.StatusOK, 1, []app.Event{EventSkipEndOfPayload}, maxPayload},
		{"a message longer than is kept", slices.Concat(frame(0x02, 0, long[:60000]), frame(0x00, 0, long[:60000]), frame(0x80, 0, "end")), app.StatusOK, 3,
			[]app.Event{EventReassemblyLimitReached}, maxPayload},
		{"what is not compressed rightly, with the end that a receiver adds", frame(0xc1, 0, "\xff\xff\xff"), app.StatusOK, 1, nil, 7},
		{"a bomb", frame(0xc1, 0, bomb), app.StatusOK, 1, nil, maxPayload},
		{"half a header", []byte{0x81}, app.StatusIncomplete, 0, nil, 0},
	} {
		s, last := parsed(apptest.Message{Data: c.data})
		var events []app.Event
		for _, tx := range s.Txs() {
			events = tx.AppendEvents(events)
		}
		if last.Status != c.status || len(s.Txs()) != c.txs || !slices.Equal(events, c.events) {
			t.Errorf("%s: %+v, %d frames, events %v", c.name, last, len(s.Txs()), events)
			continue
		}
		if all := payloads(s); c.txs > 0 && len(all[c.txs-1]) != c.last {
			t.Errorf("%s: the last payload has %d bytes, want %d", c.name, len(all[c.txs-1]), c.last)
		}
	}
	if s, r := parsed(apptest.Message{}); s.Parse(app.Input{Datagram: true}).Status != app.StatusError || r.Status != app.StatusOK {
		t.Error("a datagram is no WebSocket, nothing is fine")
	}
}

func TestGaps(t *testing.T) {
	long := frame(0x82, 0, strings.Repeat("y", 1<<17))
	s, _ := parsed(apptest.Message{Data: long[:70000]})
	if r := s.Parse(app.Input{Data: long[80000:], Gap: 10000}); r.Status != app.StatusOK {
		t.Errorf("a gap in what is passed over: %+v", r)
	}
	if r := s.Parse(app.Input{Data: frame(0x81, 0, "a"), Gap: 1}); r.Status != app.StatusError {
		t.Errorf("a gap before a frame: %+v", r)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := newParser().New().(*State)
	many := bytes.Repeat(frame(0x81, 0, ""), maxTxs+10)
	r := s.Parse(app.Input{Data: many})
	if r.Status != app.StatusIncomplete || len(s.Txs()) != maxTxs {
		t.Fatalf("%+v, %d frames", r, len(s.Txs()))
	}
	for _, tx := range s.Txs() {
		tx.State().Logged, tx.State().Done = true, [2]bool{true, true}
	}
	s.Release()
	if r := s.Parse(app.Input{Data: many[r.Consumed:]}); r.Status != app.StatusOK || len(s.Txs()) != 10 {
		t.Errorf("%+v, %d frames", r, len(s.Txs()))
	}
	s.Parse(app.Input{Data: frame(0x01, 0, strings.Repeat("y", 60000))})
	s.Reset()
	if cap(s.sides[0].message.data) > 4<<10 || s.sides[0].message.open || s.sides[0].begun {
		t.Errorf("after Reset: %+v", s.sides[0])
	}
}

func TestProbe(t *testing.T) {
	p := NewParser()
	for data, want := range map[string]app.Answer{"": app.Maybe, "\x81": app.Yes, "\xc1": app.Yes, "\x91": app.No, "\x20": app.No} {
		if got := p.Probe(app.Input{Data: []byte(data)}); got != want {
			t.Errorf("%q: %d, want %d", data, got, want)
		}
	}
	if p.Probe(app.Input{Data: []byte("\x81"), Datagram: true}) != app.No {
		t.Error("a datagram is no WebSocket")
	}
}

func FuzzConversation(f *testing.F) {
	var all, ops []byte
	for _, m := range conversation() {
		all, ops = append(all, m.Data...), append(ops, byte(m.Dir))
		f.Add(m.Data, []byte{byte(m.Dir)})
	}
	f.Add(all, ops)
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}
