package ssh

import (
	"bytes"
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

// packet is one of the transport layer, with 4 bytes of padding.
func packet(kind byte, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)+6))
	out = append(append(out, 4, kind), body...)
	return append(out, 0, 0, 0, 0)
}

// kexInit is a list of algorithms; the lists say what they are for.
func kexInit(side string) []byte {
	body := make([]byte, cookieLen)
	for _, list := range []string{"kex," + side, "host", "enc-cs", "enc-sc", "mac-cs", "mac-sc", "none", "zlib", "", ""} {
		body = binary.BigEndian.AppendUint32(body, uint32(len(list)))
		body = append(body, list...)
	}
	return packet(messageKexInit, append(body, 0, 0, 0, 0, 0))
}

func connection() []apptest.Message {
	client := slices.Concat([]byte("SSH-2.0-client_1 a comment\r\n"), kexInit("c"))
	server := slices.Concat([]byte("SSH-1.99-server\n"), kexInit("s"))
	return []apptest.Message{
		{Dir: toServer, Data: client},
		{Dir: toClient, Data: server},
		{Dir: toServer, Data: packet(30, make([]byte, 2000))},
		{Dir: toClient, Data: slices.Concat(packet(31, make([]byte, 300)), packet(messageNewKeys, nil), []byte("ciphertext"))},
		{Dir: toServer, Data: packet(messageNewKeys, nil)},
		{Dir: toServer, Data: bytes.Repeat([]byte{0}, 100)},
	}
}

func TestParserKeepsTheContract(t *testing.T) {
	long := "SSH-2.0-" + strings.Repeat("x", 3*maxBanner)
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "connection", Grows: true, Messages: connection()},
		{Name: "long banners", Grows: true, Messages: []apptest.Message{
			{Dir: toServer, Data: []byte(long + "\r\r\n" + string(packet(2, nil)))},
			{Dir: toClient, Data: []byte(long[:400] + "\r" + string(kexInit("s")))},
		}},
	})
}

func TestConnectionGivesWhatRulesAskFor(t *testing.T) {
	s := NewParser().New().(*State)
	for i, m := range connection() {
		if s.Encrypted() {
			t.Errorf("encrypted before message %d", i)
		}
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
		if i == 4 {
			break
		}
	}
	tx := s.Txs()[0]
	for b, want := range map[app.Buffer]string{
		app.SSHProto: "2.0", app.SSHProto.In(toClient): "1.99",
		app.SSHSoftware: "client_1", app.SSHSoftware.In(toClient): "server",
		app.SSHHasshString: "kex,c;enc-cs;mac-cs;none", app.SSHHasshServerString: "kex,s;enc-sc;mac-sc;zlib",
		// md5sum of the texts above
		app.SSHHassh: "484bdca63cb756a75451c1d9c90a1b2a", app.SSHHasshServer: "2521743d855a979726d8bbec5ea1b131",
	} {
		if got, ok := tx.Buffer(b, 0); !ok || string(got) != want {
			t.Errorf("buffer %d is %q, want %q", b, got, want)
		}
	}
	if !s.Encrypted() || !tx.Complete(toServer) || !tx.Complete(toClient) || !tx.(*Tx).Loggable(true) {
		t.Errorf("encrypted %v, complete %v %v", s.Encrypted(), tx.Complete(toServer), tx.Complete(toClient))
	}
}

func TestAskingForEverythingDoesNotAllocate(t *testing.T) {
	messages := connection()
	s := NewParser().New()
	once := func() {
		for _, m := range messages {
			s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
		}
		tx := s.Txs()[0].(*Tx)
		for b := app.BufferNone; b < app.BufferCount; b++ {
			tx.Buffer(b, 0)
		}
		if r := tx.Record(); r == nil || len(r.Client.Hassh) == 0 {
			t.Fatal("no record")
		}
		s.Reset()
	}
	once()
	if n := testing.AllocsPerRun(20, once); n != 0 {
		t.Errorf("%v allocations for a connection, want 0", n)
	}
}

func TestMalformedShapes(t *testing.T) {
	banner := "SSH-2.0-x\r\n"
	cases := []struct {
		name   string
		data   string
		status app.Status
		events []app.Event
	}{
		{"no banner", "HELO x\r\n", app.StatusError, []app.Event{app.EventSSHInvalidBanner}},
		{"a banner without software", "SSH-2.0\r\n", app.StatusError, []app.Event{app.EventSSHInvalidBanner}},
		{"a banner without version", "SSH--x\r\n", app.StatusError, []app.Event{app.EventSSHInvalidBanner}},
		{"a banner without end", "SSH-2.0-x", app.StatusIncomplete, nil},
		{"a banner whose end is half there", "SSH-2.0-x\r", app.StatusIncomplete, nil},
		{"a long banner", "SSH-2.0-" + strings.Repeat("x", longBanner) + "\n", app.StatusOK, []app.Event{app.EventSSHLongBanner}},
		{"a long line that is no banner", strings.Repeat("x", maxBanner), app.StatusError, []app.Event{app.EventSSHInvalidBanner}},
		{"a packet without length", banner + "\x00\x00\x00\x01\x00\x14", app.StatusError, []app.Event{app.EventSSHInvalidRecord}},
		{"a list of algorithms that is too long", banner + "\x00\x01\x00\x01\x00\x14", app.StatusOK, []app.Event{app.EventSSHLongKexRecord}},
		{"a packet of another kind may be long", banner + "\xff\xff\xff\xff\x00\x02", app.StatusOK, nil},
		{"a list of algorithms that is cut", banner + string(packet(messageKexInit, make([]byte, 40))), app.StatusOK, nil},
		{"a list longer than its packet", banner + string(packet(messageKexInit, bytes.Repeat([]byte{0xff}, 40))), app.StatusOK, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := NewParser().New()
			if r := s.Parse(app.Input{Data: []byte(c.data)}); r.Status != c.status {
				t.Errorf("status %d, want %d", r.Status, c.status)
			}
			tx := s.Txs()[0]
			if got := tx.AppendEvents(nil); !slices.Equal(got, c.events) {
				t.Errorf("events %v, want %v", got, c.events)
			}
			if _, ok := tx.Buffer(app.SSHHassh, 0); ok {
				t.Error("it has a fingerprint")
			}
		})
	}
}

func TestGaps(t *testing.T) {
	s := NewParser().New()
	s.Parse(app.Input{Data: []byte("SSH-2.0-x\n\x00\x00\x01\x02\x00\x02")})
	if r := s.Parse(app.Input{Data: make([]byte, 56), Gap: 200}); r.Status != app.StatusOK {
		t.Errorf("a gap in a packet: %+v", r)
	}
	if r := s.Parse(app.Input{Data: []byte("x"), Gap: 1}); r.Status != app.StatusError {
		t.Errorf("a gap between packets: %+v", r)
	}
}

func TestProbe(t *testing.T) {
	for data, want := range map[string]app.Answer{"SSH-2": app.Yes, "SS": app.Maybe, "HTTP": app.No, "": app.Maybe} {
		if got := NewParser().Probe(app.Input{Data: []byte(data)}); got != want {
			t.Errorf("%q: %d, want %d", data, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, m := range connection() {
		f.Add(m.Data, []byte{0, 1, 20, 31, 1})
	}
	f.Add([]byte("SSH-2.0-x\r\r\n\x00\x01\x00\x01\x00\x14"), []byte{0})
	f.Fuzz(func(t *testing.T, data, ops []byte) {
		apptest.Fuzz(t, newParser, data, ops)
	})
}

func BenchmarkConnection(b *testing.B) {
	messages := connection()
	s := NewParser().New()
	b.ReportAllocs()
	for b.Loop() {
		for _, m := range messages {
			s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
		}
		s.Reset()
	}
}
