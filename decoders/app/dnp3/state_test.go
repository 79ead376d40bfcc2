package dnp3

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

const toServer, toClient = decoders.ToServer, decoders.ToClient

func newParser() app.Parser { return NewParser() }

// withCRC appends the CRC of a block.
func withCRC(block []byte) []byte {
	var c uint16
	for _, b := range block {
		c = c>>8 ^ crcTable[byte(c)^b]
	}
	return binary.LittleEndian.AppendUint16(block, ^c)
}

// frame is a frame of user data: transport octet and segment.
func frame(dir decoders.Direction, data string) []byte {
	head := []byte{5, 0x64, byte(minLength + len(data)), 0xc4, 10, 0, 1, 0}
	if dir == toClient {
		head = []byte{5, 0x64, byte(minLength + len(data)), 0x44, 1, 0, 10, 0}
	}
	out := withCRC(head)
	for block := range slices.Chunk([]byte(data), blockLen) {
		out = append(out, withCRC(slices.Clone(block))...)
	}
	return out
}

func up(data string) apptest.Message {
	return apptest.Message{Dir: toServer, Data: frame(toServer, data)}
}
func down(data string) apptest.Message {
	return apptest.Message{Dir: toClient, Data: frame(toClient, data)}
}

// conversation: class data is read, answered in two segments, and an output
// operated.
func conversation() []apptest.Message {
	return []apptest.Message{
		up("\xc0\xc0\x01\x3c\x02\x06\x3c\x01\x06"),
		{Dir: toClient, Data: slices.Concat(
			frame(toClient, "\x40\xe0\x81\x90\x02\x01\x01\x00\x00\x09\xff\x02\x1e\x02\x17\x01\x05"),
			frame(toClient, "\x81\x01\xff\xff"))},
		up("\xc1\xc0\x00"),
		up("\xc2\xc1\x05\x0c\x01\x28\x01\x00\x07\x00\x03\x01\x64\x00\x00\x00\x64\x00\x00\x00\x00"),
		down("\xc2\xc1\x82\x00\x00\x1e\x05\x00\x00\x00\x01\x00\x00\xa0\xbf\x78\x01\x5b\x01\x09\x00\x01\x00\x00\x00\x02\x00\x03\x04z"),
	}
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, []apptest.Conversation{{Name: "session", Messages: conversation(), Min: 4, Grows: true}})
}

func FuzzConversation(f *testing.F) {
	var all, ops []byte
	for _, m := range conversation() {
		all, ops = append(all, m.Data...), append(ops, byte(min(len(m.Data)-1, 126))<<1|byte(m.Dir))
	}
	f.Add(all, ops)
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

// FuzzObjects reads what is behind the CRCs, which chance seldom gets right.
func FuzzObjects(f *testing.F) {
	for _, m := range conversation() {
		f.Add(m.Data[linkLen+1:])
	}
	for key := range layouts {
		f.Add([]byte{0xc0, 0x81, 0, 0, byte(key >> 8), byte(key), 0x5b, 2, 30, 0})
		f.Add([]byte{0xc0, 0x81, 0, 0, byte(key >> 8), byte(key), 0x17, 2, 30, 0})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p := NewParser()
		if len(data) < 4 {
			return
		}
		tx := &Tx{told: true, complete: true, dir: toClient, data: data, point: &p.point}
		tx.parseObjects(Config{MaxPoints: 64, MaxObjects: 16})
		if len(tx.objects) > 16 {
			t.Fatalf("%d objects", len(tx.objects))
		}
		apptest.RecordText(tx)
	})
}

// parsed is a state that has seen messages.
func parsed(t *testing.T, messages ...apptest.Message) app.State {
	t.Helper()
	s := newParser().New()
	for _, m := range messages {
		if r := s.Parse(app.Input{Data: m.Data, Dir: m.Dir}); r.Status == app.StatusError {
			t.Fatal("a message ends the parsing")
		}
	}
	return s
}

func TestFragmentsAreToldOf(t *testing.T) {
	s := parsed(t, conversation()...)
	link := func(kind string, dir bool, src, dst int) string {
		return fmt.Sprintf(`type: %q, control: {dir: %v, pri: true, fcb: false, fcv: false, function_code: 4}, src: %d, dst: %d`, kind, dir, src, dst)
	}
	control := func(con bool, n int) string {
		return fmt.Sprintf(`control: {fir: true, fin: true, con: %v, uns: false, sequence: %d}`, con, n)
	}
	object := func(numbers ...int) string {
		names := []string{"group", "variation", "qualifier", "prefix_code", "range_code", "start", "stop", "count"}
		var parts []string
		for i, n := range numbers {
			parts = append(parts, fmt.Sprintf("%s: %d", names[i], n))
		}
		return strings.Join(parts, ", ")
	}
	var states []string
	for i := range 10 { // the second octet is 2
		state := 1
		if i == 8 {
			state = 0
		}
		states = append(states, fmt.Sprintf("{prefix: 0, index: %d, state: %d}", i, state))
	}
	const quality = "online: 1, restart: 0, comm_lost: 0, remote_forced: 0, local_forced: 0, over_range: 0, reference_err: 0, reserved0: 0"
	want := []string{
		"{" + link("request", true, 1, 10) + ", application: {" + control(false, 0) + ", function_code: 1, objects: [{" +
			object(60, 2, 6, 0, 6, 0, 0, 0) + "}, {" + object(60, 1, 6, 0, 6, 0, 0, 0) + "}], complete: true}}",
		"{" + link("response", false, 10, 1) + ", application: {" + control(true, 0) + ", function_code: 129, objects: [{" +
			object(1, 1, 0, 0, 0, 0, 9, 10) + ", points: [" + strings.Join(states, ", ") + "]}, {" +
			object(30, 2, 23, 1, 7, 0, 0, 1) + ", points: [{prefix: 5, index: 5, " + quality + ", value: -1}]}], complete: true}, " +
			`iin: {indicators: ["device_restart", "need_time", "object_unknown"]}}`,
		"{" + link("request", true, 1, 10) + ", application: {" + control(false, 1) + ", function_code: 5, objects: [{" +
			object(12, 1, 40, 2, 8, 0, 0, 1) + ", points: [{prefix: 7, index: 7, op_type: 3, qu: 0, cr: 0, tcc: 0, count: 1, ontime: 100, " +
			"offtime: 100, status_code: 0, reserved: 0}]}], complete: true}}",
		"{" + link("unsolicited_response", false, 10, 1) + ", application: {" + control(false, 1) + ", function_code: 130, objects: [{" +
			object(30, 5, 0, 0, 0, 0, 0, 1) + ", points: [{prefix: 0, index: 0, " + quality + ", value: -1.25}]}, {" +
			object(120, 1, 91, 5, 11, 0, 0, 1) + ", points: [{prefix: 9, index: 0, size: 9, csq: 1, usr: 2, mal: 3, reason: 4, " +
			"data->challenge_data: base64 7a}]}], complete: true}, iin: {}}",
	}
	if len(s.Txs()) != len(want) {
		t.Fatalf("%d fragments, want %d", len(s.Txs()), len(want))
	}
	for i, tx := range s.Txs() {
		if got := apptest.RecordText(tx.(*Tx)); got != want[i] {
			t.Errorf("record %d\n%s\nwant\n%s", i, got, want[i])
		}
		if events := tx.AppendEvents(nil); len(events) > 0 {
			t.Errorf("fragment %d has events %v", i, events)
		}
	}
}

func TestRulesAskForFunctionIndicationsAndObjects(t *testing.T) {
	s := parsed(t, conversation()...)
	keywords := map[string]func(string) (app.Condition, error){"func": parseFunction, "ind": parseIndications, "obj": parseObjectCondition}
	for option, want := range map[string]string{ // a letter for each fragment
		"func read":                             "r---",
		"func 129":                              "-a--",
		"func Direct_Operate":                   "--o-",
		"func unsolicited_response":             "---u",
		"func confirm":                          "----",
		"ind device_restart":                    "-a--",
		"ind local_control,object_unknown":      "-a--",
		"ind config_corrupt, already_executing": "----",
		"ind 0x1000":                            "-a--",
		"obj 60,1":                              "r---",
		"obj 30,2":                              "-a--",
		"obj 30, 05":                            "---u",
		"obj 60,3":                              "----",
	} {
		name, value, _ := strings.Cut(option, " ")
		c, err := keywords[name](value)
		if err != nil {
			t.Errorf("%s: %v", option, err)
			continue
		}
		for i, tx := range s.Txs() {
			if got := c.Match(tx, tx.(*Tx).dir); got != (want[i] != '-') {
				t.Errorf("%s matches fragment %d: %v", option, i, got)
			}
		}
	}
	for _, option := range []string{"func none", "func 256", "func", "ind some", "ind 65536", "ind ", "obj 1", "obj 1,256", "obj a,1"} {
		name, value, _ := strings.Cut(option, " ")
		if _, err := keywords[name](value); err == nil {
			t.Errorf("%s loads", option)
		}
	}
	data, ok := apptest.Value(t, NewParser(), s.Txs()[1], toClient, "dnp3.data", 0)
	if want := "\xe0\x81\x90\x02\x01\x01\x00\x00\x09\xff\x02\x1e\x02\x17\x01\x05\x01\xff\xff"; !ok || data != want {
		t.Errorf("dnp3.data is %q, want %q", data, want)
	}
}

func TestOddities(t *testing.T) {
	read := "\xc0\xc0\x01\x3c\x02\x06"
	broken := func(at int) apptest.Message {
		m := up(read)
		m.Data[at] ^= 1
		return m
	}
	raw := func(data []byte) apptest.Message { return apptest.Message{Dir: toServer, Data: data} }
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		want     []app.Event
	}{
		{"a broken CRC of a header", []apptest.Message{broken(8)}, []app.Event{EventBadLinkCRC}},
		{"a broken CRC of data", []apptest.Message{broken(12)}, []app.Event{EventBadTransportCRC}},
		{"a broken CRC behind a good frame", []apptest.Message{up(read), broken(12)}, []app.Event{EventBadTransportCRC}},
		{"a length below the header's", []apptest.Message{raw(withCRC([]byte{5, 0x64, 4, 0xc4, 10, 0, 1, 0}))}, []app.Event{EventLenTooSmall}},
		{"user data without a function", []apptest.Message{up("\xc0\xc0")}, []app.Event{EventLenTooSmall}},
		{"a response without indications", []apptest.Message{down("\xc0\xc0\x81\x00")}, []app.Event{EventLenTooSmall}},
		{"an object that is not known", []apptest.Message{up("\xc0\xc0\x02\x63\x01\x00\x00\x00\x01")}, []app.Event{EventUnknownObject}},
		{"points that end early", []apptest.Message{up("\xc0\xc0\x02\x34\x02\x07\x02\x01\x00")}, []app.Event{EventUnknownObject}},
		{"points that are shorter than their object", []apptest.Message{up("\xc0\xc0\x02\x46\x05\x5b\x01\x07\x00\x01\x00\x00\x00\x02\x00\x00\x00")}, []app.Event{EventUnknownObject}},
		{"points of another prefix", []apptest.Message{up("\xc0\xc0\x02\x46\x05\x07\x01\x01\x00\x00\x00\x02\x00\x00\x00")}, []app.Event{EventUnknownObject}},
		{"more points than may be", []apptest.Message{up("\xc0\xc0\x02\x01\x01\x02\x00\x00\x00\x00\x00\x40\x00\x00\x00")}, []app.Event{EventTooManyPoints}},
		{"a range of no known kind", []apptest.Message{up("\xc0\xc0\x01\x3c\x02\x0f")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			txs := parsed(t, c.messages...).Txs()
			if got := txs[len(txs)-1].AppendEvents(nil); !slices.Equal(got, c.want) {
				t.Errorf("events %v, want %v", got, c.want)
			}
		})
	}
}

func TestFragmentsAreBounded(t *testing.T) {
	t.Run("objects", func(t *testing.T) {
		p := NewParserWith(Config{MaxTransactions: 32, MaxPoints: 8, MaxObjects: 2})
		s := p.New()
		s.Parse(app.Input{Data: frame(toServer, "\xc0\xc0\x01\x3c\x01\x06\x3c\x02\x06\x3c\x03\x06")})
		if tx := s.Txs()[0].(*Tx); !tx.HasEvent(EventTooManyObjects) || len(tx.objects) != 2 {
			t.Errorf("%d objects, events %v", len(tx.objects), tx.AppendEvents(nil))
		}
	})
	t.Run("length", func(t *testing.T) {
		s := newParser().New()
		for n := range 80 {
			transport := byte(n & transportMask)
			if n == 0 {
				transport |= transportFirst
			}
			s.Parse(app.Input{Data: frame(toServer, string(transport)+"\xc0\x02"+strings.Repeat("x", 240))})
		}
		tx := s.Txs()[0].(*Tx)
		if !tx.HasEvent(EventTooLongReassembly) || !tx.complete || len(tx.data) > maxFragment || len(s.Txs()) != 1 {
			t.Errorf("%d octets, events %v", len(tx.data), tx.AppendEvents(nil))
		}
	})
	t.Run("fragments", func(t *testing.T) {
		s := newParser().New()
		for range 2 * hardTxs {
			s.Parse(app.Input{Data: frame(toServer, "\x40\xc0\x01\x3c\x02\x06")})
		}
		if n := len(s.Txs()); n != hardTxs {
			t.Fatalf("%d transactions, want %d", n, hardTxs)
		}
		limit := DefaultConfig().MaxTransactions
		for i, tx := range s.Txs() {
			if tx.HasEvent(EventFlooded) != (i == limit) || tx.Complete(toServer) != (i < hardTxs-limit) {
				t.Fatalf("transaction %d: flooded %v, complete %v", i, tx.HasEvent(EventFlooded), tx.Complete(toServer))
			}
		}
	})
}

func TestSegmentsAreJoinedInSequence(t *testing.T) {
	s := parsed(t, up("\x7f\xc0\x01\x3c"), up("\x81\xff\xff"), up("\x80\x01\x06"), up("\x81\x3c\x02"))
	if n := len(s.Txs()); n != 1 {
		t.Fatalf("%d fragments, want 1", n)
	}
	if tx := s.Txs()[0].(*Tx); string(tx.data) != "\xc0\x01\x3c\x01\x06" || !tx.complete || !tx.parsed {
		t.Errorf("the fragment is %q, whole %v", tx.data, tx.complete)
	}
	if s := parsed(t, up("\x40\xc0\x01\x3c")); apptest.RecordText(s.Txs()[0].(*Tx)) != "" {
		t.Error("a fragment without end is told of")
	}
}

func TestFramesAreFoundAgain(t *testing.T) {
	good := frame(toServer, "\xc0\xc0\x01\x3c\x02\x06")
	bad := slices.Clone(good)
	bad[9] ^= 1
	s := parsed(t, apptest.Message{Dir: toServer, Data: slices.Concat(bad, good)},
		apptest.Message{Dir: toClient, Data: []byte("Welcome to DNP3\r\n")}, apptest.Message{Dir: toClient, Data: frame(toClient, "\xc0\xc0\x81\x00\x00")})
	if n := len(s.Txs()); n != 3 || !s.Txs()[0].HasEvent(EventBadLinkCRC) {
		t.Errorf("%d transactions, want an event, a request and a response", n)
	}
	s = newParser().New()
	if r := s.Parse(app.Input{Data: []byte("nothing of the kind")}); r.Status != app.StatusError {
		t.Error("what is no frame does not end the parsing")
	}
	if r := newParser().New().Parse(app.Input{Data: good, Gap: 1}); r.Status != app.StatusError {
		t.Error("bytes that are missing do not end the parsing")
	}
}

func TestDNP3IsToldByItsStart(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want app.Answer
		dir  decoders.Direction
	}{
		"a request":         {string(frame(toServer, "\xc0\xc0\x01")), app.Yes, toServer},
		"a response":        {string(frame(toClient, "\xc0\xc0\x81\x00\x00")), app.Yes, toClient},
		"a banner":          {"Welcome to DNP3\r\n", app.Yes, toClient},
		"a part":            {"\x05\x64\x05", app.Maybe, 0},
		"nothing":           {"", app.Maybe, 0},
		"a length too low":  {"\x05\x64\x04\xc4\x0a\x00\x01\x00\x00\x00", app.No, 0},
		"text":              {"GET / HTTP/1.1\r\n", app.No, 0},
		"binary with DNP3 ": {"\x00\x01DNP3\x00\x00\x00\x00\x00", app.No, 0},
	} {
		in := app.Input{Data: []byte(c.data)}
		p := NewParser()
		got := p.Probe(in)
		if got != c.want || got == app.Yes && p.Direction(in) != c.dir {
			t.Errorf("%s: %d", name, got)
		}
	}
}
