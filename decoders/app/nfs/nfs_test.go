package nfs

import (
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
	"spanwatch/decoders/app/file"
)

func newParser() app.Parser { return NewParser() }

// session3 looks a file up, reads it in two, renames it, writes another one
// and synchronises it.
func session3(b builder) []apptest.Message {
	return slices.Concat(
		b.exchange(1, 3, v3Lookup, opaque("FOLDER")+opaque("notes.txt"), u32(0)+opaque("HANDLE")+u32(0)+u32(0)),
		b.exchange(2, 3, v3Read, read3Args("HANDLE", 0, 8192), read3Results(0, "hello ")),
		b.exchange(3, 3, v3Read, read3Args("HANDLE", 6, 8192), read3Results(1, "world")),
		b.exchange(4, 3, v3Rename, opaque("FOLDER")+opaque("notes.txt")+opaque("FOLDER")+opaque("old.txt"), u32(0)+zeros(16)),
		b.exchange(5, 3, v3Create, opaque("FOLDER")+opaque("new.txt")+u32(0), u32(0)+u32(1)+opaque("NEWHANDLE")+zeros(12)),
		b.exchange(6, 3, v3Write, write3Args("NEWHANDLE", 0, 0, "some "), write3Results()),
		b.exchange(7, 3, v3Write, write3Args("NEWHANDLE", 5, 0, "text"), write3Results()),
		b.exchange(8, 3, v3Commit, opaque("NEWHANDLE")+u64(0)+u32(0), u32(0)+zeros(16)),
		b.exchange(9, 3, v3Remove, opaque("FOLDER")+opaque("gone"), u32(2)+zeros(8)),
	)
}

func session4(b builder) []apptest.Message {
	open := u32(opOpen) + u32(1) + u32(1) + u32(0) + u64(7) + opaque("owner") + u32(0) + u32(0) + opaque("notes.txt")
	opened := done(opOpen, state, zeros(20), u32(0), u32(0), u32(0))
	return slices.Concat(
		b.exchange(1, 4, v4Compound, compound(u32(opPutrootfh), open, u32(opGetfh)), results(0, done(opPutrootfh), opened, done(opGetfh, opaque("HANDLE")))),
		b.exchange(2, 4, v4Compound, compound(putfh("HANDLE"), u32(opRead)+state+u64(0)+u32(4096)), results(0, done(opPutfh), done(opRead, u32(1), opaque("all of it")))),
		b.exchange(3, 4, v4Compound, compound(putfh("HANDLE"), write4Op(0, 0, "other"), u32(opGetattr)+u32(0)), results(0, done(opPutfh), done(opWrite, zeros(16)), done(opGetattr, u32(0), u32(0)))),
		b.exchange(4, 4, v4Compound, compound(putfh("HANDLE"), u32(opClose)+u32(1)+state), results(0, done(opPutfh), done(opClose, state))),
		b.exchange(5, 4, v4Compound, compound(u32(opPutrootfh), u32(opRemove)+opaque("gone")), results(2, done(opPutrootfh), u32(opRemove)+u32(2))),
		b.exchange(6, 4, v4Compound, compound(u32(opPutrootfh), u32(opCreate)+u32(2)+opaque("folder")+u32(0)+u32(0)), results(0, done(opPutrootfh), done(opCreate, zeros(20), u32(0)))),
	)
}

func session2(b builder) []apptest.Message {
	attributes := zeros(20) + u32(9) + zeros(44)
	handle := strings.Repeat("H", handle2)
	return slices.Concat(
		b.exchange(1, 2, 4, handle+opaque("name"), u32(0)+handle+attributes),
		b.exchange(2, 2, v2Read, handle+u32(0)+u32(8192)+u32(8192), u32(0)+attributes+opaque("from disk")),
		b.exchange(3, 2, v2Rename, handle+opaque("a")+handle+opaque("b"), u32(13)),
	)
}

// bulk3 reads and writes more than is waited for.
func bulk3(b builder) []apptest.Message {
	data := strings.Repeat("0123456789abcdef", 64)
	return slices.Concat(
		b.exchange(1, 3, v3Lookup, opaque("FOLDER")+opaque("big"), u32(0)+opaque("HANDLE")+u32(0)+u32(0)),
		b.exchange(2, 3, v3Read, read3Args("HANDLE", 0, 8192), read3Results(1, data)),
		b.exchange(3, 3, v3Write, write3Args("HANDLE", 0, 2, data+"x"), write3Results()),
	)
}

// bulk4 does so in version 4.
func bulk4(b builder) []apptest.Message {
	data := strings.Repeat("0123456789abcdef", 64)
	return slices.Concat(
		b.exchange(1, 4, v4Compound, compound(putfh("HANDLE"), write4Op(0, 2, data), u32(opGetattr)+u32(0)), results(0, done(opPutfh), done(opWrite, zeros(16)))),
		b.exchange(2, 4, v4Compound, compound(putfh("HANDLE"), u32(opRead)+state+u64(0)+u32(8192)), results(0, done(opPutfh), done(opRead, u32(1), opaque(data)))),
	)
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	stream, datagrams := builder{}, builder{datagrams: true}
	apptest.Check(t, newParser, []apptest.Conversation{
		{Name: "version 3 in a stream", Messages: session3(stream), Min: 5, Grows: true},
		{Name: "version 3 in datagrams", Messages: session3(datagrams), Datagram: true, Min: 5},
		{Name: "version 4", Messages: session4(stream), Min: 4, Grows: true},
		{Name: "version 2", Messages: session2(datagrams), Datagram: true, Min: 3},
		{Name: "bulk of version 3", Messages: bulk3(stream), Min: 3, Grows: true},
		{Name: "bulk of version 4", Messages: bulk4(stream), Min: 2, Grows: true},
	})
}

func FuzzConversation(f *testing.F) {
	for _, b := range []builder{{}, {datagrams: true}} {
		for _, session := range [][]apptest.Message{session2(b), session3(b), session4(b), bulk3(b), bulk4(b)} {
			var all, ops []byte
			for _, m := range session {
				all, ops = append(all, m.Data...), append(ops, byte(min(len(m.Data)-1, 126)<<1)|byte(m.Dir))
			}
			f.Add(all, ops)
		}
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

func parsed(b builder, messages ...apptest.Message) app.State {
	s := newParser().New()
	for _, m := range messages {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir, Datagram: b.datagrams})
	}
	return s
}

func TestCallsAreToldOf(t *testing.T) {
	tail := `type: "response", status: "OK"`
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		want     []string
	}{
		{"version 3", session3(builder{}), []string{
			`{version: 3, procedure: "LOOKUP", filename: "notes.txt", hhash: "6178e75f", id: 1, file_tx: false, ` + tail + `}`,
			`{version: 3, procedure: "READ", filename: "notes.txt", hhash: "6178e75f", id: 2, file_tx: true, ` + tail + `, read: {first: true, last: true, last_xid: 3, chunks: 2}}`,
			`{version: 3, procedure: "RENAME", filename: "notes.txt", hhash: "1c5ace4b", id: 3, file_tx: false, ` + tail + `, rename: {from: "notes.txt", to: "old.txt"}}`,
			`{version: 3, procedure: "CREATE", filename: "new.txt", hhash: "1c5ace4b", id: 4, file_tx: false, ` + tail + `}`,
			`{version: 3, procedure: "WRITE", filename: "new.txt", hhash: "a7ec9177", id: 5, file_tx: true, ` + tail + `, write: {first: true, last: true, last_xid: 8, chunks: 2}}`,
			`{version: 3, procedure: "REMOVE", filename: "gone", hhash: "1c5ace4b", id: 6, file_tx: false, type: "response", status: "ERR_NOENT"}`,
		}},
		{"version 4", session4(builder{}), []string{
			`{version: 4, procedure: "READ", filename: "notes.txt", hhash: "6178e75f", id: 1, file_tx: true, ` + tail + `, read: {first: true, last: true, last_xid: 2, chunks: 0}}`,
			`{version: 4, procedure: "WRITE", filename: "notes.txt", hhash: "6178e75f", id: 2, file_tx: true, ` + tail + `, write: {first: true, last: true, last_xid: 4, chunks: 0}}`,
			`{version: 4, procedure: "REMOVE", filename: "gone", id: 3, file_tx: false, type: "response", status: "ERR_NOENT"}`,
			`{version: 4, procedure: "CREATE", filename: "folder", id: 4, file_tx: false, ` + tail + `}`,
		}},
		{"version 2", session2(builder{}), []string{
			`{version: 2, procedure: "LOOKUP", filename: "", id: 1, file_tx: false, ` + tail + `}`,
			`{version: 2, procedure: "READ", filename: "", hhash: "b936faf5", id: 2, file_tx: true, ` + tail + `, read: {first: true, last: true, last_xid: 2, chunks: 0}}`,
			`{version: 2, procedure: "RENAME", filename: "", id: 3, file_tx: false, type: "response", status: "ERR_ACCES", rename: {from: "", to: ""}}`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parsed(builder{}, c.messages...)
			if len(s.Txs()) != len(c.want) {
				t.Fatalf("%d transactions, want %d", len(s.Txs()), len(c.want))
			}
			for i, tx := range s.Txs() {
				if got := apptest.RecordText(tx.(*Tx)); got != c.want[i] {
					t.Errorf("record %d\n%s\nwant\n%s", i, got, c.want[i])
				}
				if !tx.Complete(toServer) || !tx.Complete(toClient) {
					t.Errorf("transaction %d is not complete", i)
				}
			}
		})
	}
}

func TestTheRecordSaysWhoCalls(t *testing.T) {
	s := parsed(builder{}, session3(builder{})...)
	var r app.Record
	if name := s.Txs()[0].(*Tx).AppendCompanion(&r); name != "rpc" {
		t.Errorf("object %s", name)
	}
	want := []app.Item{
		{Kind: app.ItemUint, Name: "xid", Number: 1}, {Kind: app.ItemWord, Name: "status", Word: "ACCEPTED"},
		{Kind: app.ItemWord, Name: "auth_type", Word: "UNIX"}, {Kind: app.ItemObject, Name: "creds"},
		{Kind: app.ItemText, Name: "machine_name", Text: []byte("box")}, {Kind: app.ItemUint, Name: "uid", Number: 1000},
		{Kind: app.ItemUint, Name: "gid", Number: 100}, {Kind: app.ItemEnd},
	}
	if !slices.EqualFunc(r.Items(), want, func(a, b app.Item) bool {
		return a.Kind == b.Kind && a.Name == b.Name && a.Word == b.Word && a.Number == b.Number && string(a.Text) == string(b.Text)
	}) {
		t.Errorf("items %v", r.Items())
	}
}

func TestFilesAreFollowed(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 64)
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		gap      int // message of which some bytes are lost, plus one
		tx       int
		dir      decoders.Direction
		state    file.State
		size     int
		gaps     bool
		md5      string
	}{
		{"read in two", session3(builder{}), 0, 1, toClient, file.Closed, 11, false, "5eb63bbbe01eeed093cb22bb8f5acdc3"},
		{"written and synchronised", session3(builder{}), 0, 4, toServer, file.Closed, 9, false, "552e21cd4cd9918678e3c1a0df491bc3"},
		{"written and never synchronised", session3(builder{})[:14], 0, 4, toServer, file.Open, 9, false, ""},
		{"read in version 4", session4(builder{}), 0, 0, toClient, file.Closed, 9, false, "1eac3d201685bb617a85ea2ff672b5b3"},
		{"closed in version 4", session4(builder{}), 0, 1, toServer, file.Closed, 5, false, "795f3202b17cb6bc3d4b771d8c6c9eaf"},
		{"read in version 2", session2(builder{}), 0, 1, toClient, file.Closed, 9, false, ""},
		{"a lot read", bulk3(builder{}), 0, 1, toClient, file.Closed, len(big), false, ""},
		{"a lot written at once", bulk3(builder{}), 0, 2, toServer, file.Closed, len(big) + 1, false, ""},
		{"a lot read with a gap", bulk3(builder{}), 4, 1, toClient, file.Truncated, len(big), true, ""},
		{"a lot written in version 4", bulk4(builder{}), 0, 0, toServer, file.Closed, len(big), false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newParser().New()
			for i, m := range c.messages {
				if i+1 == c.gap {
					s.Parse(app.Input{Data: m.Data[:700], Dir: m.Dir})
					s.Parse(app.Input{Data: m.Data[900:], Dir: m.Dir, Gap: 200})
					continue
				}
				s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
			}
			f, dir := s.Txs()[c.tx].(*Tx).File(0)
			if f == nil || dir != c.dir || f.State != c.state || int(f.Size) != c.size || f.Gaps != c.gaps {
				t.Fatalf("file %+v in direction %v", f, dir)
			}
			if sum, _ := f.Hash(file.MD5); c.md5 != "" && string(sum) != c.md5 {
				t.Errorf("md5 %s", sum)
			}
		})
	}
}

func TestRulesSeeProceduresAndVersions(t *testing.T) {
	p := NewParser()
	s := parsed(builder{}, session3(builder{})...)
	for _, c := range []struct {
		tx    int
		field string
		want  []string
	}{
		{0, "nfs_procedure", []string{"3"}},
		{1, "nfs_procedure", []string{"6"}},
		{4, "nfs_procedure", []string{"7", "21"}},
		{4, "nfs.version", []string{"3"}},
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
			t.Errorf("%s of %d is %q, want %q", c.field, c.tx, got, c.want)
		}
	}
}

func TestOddMessages(t *testing.T) {
	b := builder{}
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		txs      int
		events   []app.Event
	}{
		{"arguments that end early", []apptest.Message{b.call(1, 3, v3Lookup, u32(100))}, 1, []app.Event{EventMalformedData}},
		{"a version that there is not", []apptest.Message{b.call(1, 5, 1, "")}, 1, []app.Event{EventMalformedData}},
		{"a reply to nothing", []apptest.Message{b.reply(9, u32(0))}, 0, nil},
		{"a call that is refused", []apptest.Message{b.call(1, 3, v3Lookup, opaque("H")+opaque("n")), b.message(toClient, u32(1)+u32(rpcReply)+u32(replyDenied)+u32(1)+u32(1))}, 1, nil},
		{"another program", []apptest.Message{b.message(toServer, u32(1)+u32(rpcCall)+u32(2)+u32(100005)+u32(3)+u32(1)+zeros(16))}, 0, nil},
		{"another version of RPC", []apptest.Message{b.message(toServer, u32(1)+u32(rpcCall)+u32(3)+u32(programNFS)+u32(3)+u32(1)+zeros(16))}, 1, []app.Event{EventMalformedData}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parsed(b, c.messages...)
			if len(s.Txs()) != c.txs {
				t.Fatalf("%d transactions, want %d", len(s.Txs()), c.txs)
			}
			if c.txs > 0 {
				if got := s.Txs()[c.txs-1].AppendEvents(nil); !slices.Equal(got, c.events) {
					t.Errorf("events %v, want %v", got, c.events)
				}
			}
		})
	}
}

func TestTooManyCallsEndTheOldest(t *testing.T) {
	s := newParser().New()
	for xid := range maxTxs + 1 {
		s.Parse(app.Input{Data: builder{}.call(xid+1, 3, 19, opaque("H")).Data, Dir: toServer})
	}
	first, last := s.Txs()[0], s.Txs()[maxTxs]
	if !first.Complete(toClient) || !last.HasEvent(EventTooManyTransactions) || last.Complete(toClient) {
		t.Errorf("the first is complete %v, the last %v", first.Complete(toClient), last.Complete(toClient))
	}
}

func TestFragmentsBehindTheFirstArePassedOver(t *testing.T) {
	s := newParser().New()
	call := builder{}.call(1, 3, v3Lookup, opaque("H")+opaque("n")).Data
	open := slices.Clone(call)
	open[0] &^= 0x80
	rest := []byte("\x80\x00\x00\x05abcde")
	if r := s.Parse(app.Input{Data: slices.Concat(open, rest, call), Dir: toServer}); r.Status != app.StatusOK || len(s.Txs()) != 2 {
		t.Errorf("status %d, %d transactions", r.Status, len(s.Txs()))
	}
}

func TestTheStartOfAFlowTells(t *testing.T) {
	stream, datagrams := builder{}, builder{datagrams: true}
	call, reply := stream.call(1, 3, 1, ""), stream.reply(1, u32(0))
	for _, c := range []struct {
		name     string
		data     []byte
		datagram bool
		want     app.Answer
		dir      decoders.Direction
	}{
		{"a call", call.Data, false, app.Yes, toServer},
		{"a reply", reply.Data, false, app.Yes, toClient},
		{"a call in a datagram", datagrams.call(1, 2, 1, "").Data, true, app.Yes, toServer},
		{"the mark", call.Data[:4], false, app.Maybe, toServer},
		{"half a call", call.Data[:30], false, app.Maybe, toServer},
		{"a datagram that asks whether the server is there", []byte(u32(1) + u32(0) + u32(2) + u32(programNFS) + u32(3) + zeros(20)), true, app.No, toServer},
		{"half a datagram", datagrams.call(1, 2, 1, "").Data[:30], true, app.No, toServer},
		{"another program", stream.message(toServer, u32(1)+u32(0)+u32(2)+u32(100005)+zeros(40)).Data, false, app.No, toServer},
		{"text", []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), false, app.No, toServer},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := app.Input{Data: c.data, Datagram: c.datagram, Dir: toServer}
			if got := NewParser().Probe(in); got != c.want {
				t.Errorf("answer %d, want %d", got, c.want)
			}
			if got := NewParser().Direction(in); c.want == app.Yes && got != c.dir {
				t.Errorf("direction %v, want %v", got, c.dir)
			}
		})
	}
}
