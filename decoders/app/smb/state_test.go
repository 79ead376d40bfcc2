package smb

import (
	"slices"
	"strings"
	"testing"

	"spanwatch/decoders"
	"spanwatch/decoders/app"
	"spanwatch/decoders/app/apptest"
)

func newParser() app.Parser { return NewParser() }

const (
	iface = "\x82\x06\xf7\x1f\x51\x0a\xe8\x30\x07\x6d\x74\x0b\xe8\xce\xe9\x8b"
	bind  = "\xb8\x10\xb8\x10\x00\x00\x00\x00\x01\x00\x00\x00" + "\x00\x00\x01\x00" + iface + "\x01\x00\x00\x00" + "12345678901234567890"
	ack   = "\xb8\x10\xb8\x10\x01\x00\x00\x00\x04\x00pip\x00\x00\x00" + "\x01\x00\x00\x00" + "\x00\x00\x00\x00" + "12345678901234567890"
	call1 = "\x00\x00\x00\x00\x00\x00\x05\x00stub"
)

// share2 is version 2 with a file written, read and closed.
func share2() []apptest.Message {
	return slices.Concat(
		[]apptest.Message{
			request2(v2Negotiate, 0, u16(36)+u16(2)+zeros(8)+guid(9)+zeros(8)+u16(0x0202)+u16(0x0311)),
			answer2(v2Negotiate, 0, 0, u16(65)+u16(1)+u16(0x0311)+u16(0)+guid(8)+zeros(4)+u32(1<<20)+u32(1<<21)+u32(1<<22)+zeros(20)),
			request2(v2SessionSetup, 1, u16(25)+zeros(10)+u16(headerV2+24)+u16(len(ntlm("DOM", "bob", "PC")))+zeros(8)+ntlm("DOM", "bob", "PC")),
			answer2(v2SessionSetup, 1, 0xc000006d, u16(9)+zeros(6)),
		},
		treeConnect2(2, `\\srv\data`, 1),
		create2(3, `dir\report.txt`, 1),
		[]apptest.Message{write2(4, 1, 0, "hello "), answer2(v2Write, 4, 0, u16(17)+zeros(14)), write2(5, 1, 6, strings.Repeat("x", 2000))},
		read2(6, 1, 0, "content"),
		close2(7, 1),
	)
}

// pipe2 is version 2 with remote calls.
func pipe2() []apptest.Message {
	return slices.Concat(
		treeConnect2(1, `\\srv\IPC$`, sharePipe),
		create2(2, "atsvc", 2),
		[]apptest.Message{write2(3, 2, 0, pdu(11, 3, 1, bind)), answer2(v2Write, 3, 0, u16(17)+zeros(14))},
		read2(4, 2, 0, pdu(12, 3, 1, ack)),
		ioctl2(5, 2, functionTransceive, pdu(0, 3, 2, call1), pdu(2, 3, 2, zeros(8)+"done")),
		ioctl2(6, 2, 0x00060194, "", ""),
		close2(7, 2),
	)
}

// share1 is version 1 with a file written, and a pipe.
func share1() []apptest.Message {
	create := func(message int, name string, fid int) []apptest.Message {
		words := alone + "\x00" + u16(2*len(name)) + zeros(28) + u32(5) + zeros(9)
		// The bytes begin at an even place, so that nothing stands before the name.
		return []apptest.Message{
			request1(v1NTCreateAndX, message, words, "\x00"+wide(name)),
			answer1(v1NTCreateAndX, message, 0, alone+"\x00"+u16(fid)+zeros(40)+u64(4096)+zeros(13), ""),
		}
	}
	tree := func(message int, path, service string) []apptest.Message {
		return []apptest.Message{
			request1(v1TreeConnect, message, alone+u16(0)+u16(1), "\x00"+wide(path)+"\x00\x00?????\x00"),
			answer1(v1TreeConnect, message, 0, alone+u16(1), service+"\x00"),
		}
	}
	write := func(message, fid int, data string) apptest.Message {
		const dataAt = headerV1 + 1 + 28 + 2
		return request1(v1WriteAndX, message, alone+u16(fid)+zeros(14)+u16(len(data))+u16(dataAt)+u32(0), data)
	}
	return slices.Concat(
		[]apptest.Message{
			{Dir: toServer, Data: []byte("\x81\x00\x00\x04abcd")},
			{Dir: toClient, Data: []byte("\x82\x00\x00\x00")},
			request1(v1Negotiate, 1, "", "\x02LANMAN1.0\x00\x02NT LM 0.12\x00"),
			answer1(v1Negotiate, 1, 0, u16(1)+zeros(32), guid(8)),
			request1(v1SessionSetup, 2, alone+zeros(10)+u16(len(ntlm("D", "u", "H")))+zeros(8), ntlm("D", "u", "H")+"\x00"+wide("Unix")+"\x00\x00"+wide("Samba")+"\x00\x00"),
			answer1(v1SessionSetup, 2, statusMore, alone+u16(0)+u16(0), "\x00"+wide("Windows")+"\x00\x00"+wide("LM")+"\x00\x00"),
		},
		tree(3, `\\srv\PUBLIC`, "A:"),
		create(4, `\eicar`, 0x4001),
		[]apptest.Message{write(5, 0x4001, "EICAR"), answer1(v1WriteAndX, 5, 0, alone+zeros(8), "")},
		[]apptest.Message{
			request1(v1Close, 6, u16(0x4001)+zeros(4), ""), answer1(v1Close, 6, 0, "", ""),
		},
		tree(7, `\\srv\IPC$`, "IPC"),
		create(8, "svcctl", 0x4002),
		[]apptest.Message{write(9, 0x4002, pdu(11, 3, 1, bind)), answer1(v1WriteAndX, 9, 0, alone+zeros(8), "")},
		[]apptest.Message{request1(0x2b, 10, u16(1), "ping"), answer1(0x2b, 10, 0x00050002, u16(1), "ping")},
	)
}

func conversations() []apptest.Conversation {
	return []apptest.Conversation{
		{Name: "files of version 2", Messages: share2(), Min: 7, Grows: true},
		{Name: "calls of version 2", Messages: pipe2(), Min: 6, Grows: true},
		{Name: "version 1 over NetBIOS", Messages: share1(), Min: 10, Grows: true},
	}
}

func TestParserKeepsTheContract(t *testing.T) {
	apptest.CheckDefinition(t, NewParser())
	apptest.Check(t, newParser, conversations())
}

func FuzzConversation(f *testing.F) {
	for _, c := range conversations() {
		var all, ops []byte
		for _, m := range c.Messages {
			for rest := m.Data; len(rest) > 0; {
				n := min(len(rest), 64)
				all, ops = append(all, rest[:n]...), append(ops, byte(n-1)<<1|byte(m.Dir))
				rest = rest[n:]
			}
		}
		f.Add(all, ops)
	}
	f.Fuzz(func(t *testing.T, data, ops []byte) { apptest.Fuzz(t, newParser, data, ops) })
}

func parsed(t *testing.T, messages []apptest.Message) app.State {
	t.Helper()
	s := newParser().New()
	for i, m := range messages {
		if r := s.Parse(app.Input{Data: m.Data, Dir: m.Dir}); r.Status != app.StatusOK {
			t.Fatalf("message %d: status %d", i, r.Status)
		}
	}
	return s
}

func TestTransactionsAreToldOf(t *testing.T) {
	const ok = `status: "STATUS_SUCCESS", status_code: "0x0", `
	for name, c := range map[string]struct {
		messages []apptest.Message
		want     []string
	}{
		"files of version 2": {share2(), []string{
			`{id: 1, dialect: "3.11", command: "SMB2_COMMAND_NEGOTIATE_PROTOCOL", ` + ok + `session_id: 0, tree_id: 0, client_dialects: ["2.02", "3.11"], ` +
				`client_guid: "00000009-0001-0002-0003-000400000005", server_guid: "00000008-0001-0002-0003-000400000005", max_read_size: 2097152, max_write_size: 4194304}`,
			`{id: 2, dialect: "3.11", command: "SMB2_COMMAND_SESSION_SETUP", status: "STATUS_LOGON_FAILURE", status_code: "0xc000006d", session_id: 77, tree_id: 5, ` +
				`ntlmssp: {domain: "DOM", user: "bob", host: "PC", version: "10.0 build 19041 rev 15"}}`,
			`{id: 3, dialect: "3.11", command: "SMB2_COMMAND_TREE_CONNECT", ` + ok + `session_id: 77, tree_id: 5, share: "\\\\srv\\data", share_type: "FILE"}`,
			`{id: 4, dialect: "3.11", command: "SMB2_COMMAND_CREATE", ` + ok + `session_id: 77, tree_id: 5, filename: "dir\\report.txt", disposition: "FILE_CREATE", ` +
				`access: "delete on close", created: 1, accessed: 1, modified: 1, changed: 1, size: 1234, fuid: "00000001-0001-0002-0003-000400000005"}`,
			`{id: 5, dialect: "3.11", command: "SMB2_COMMAND_WRITE", ` + ok + `session_id: 77, tree_id: 5, filename: "dir\\report.txt", share: "\\\\srv\\data", fuid: "00000001-0001-0002-0003-000400000005"}`,
			`{id: 6, dialect: "3.11", command: "SMB2_COMMAND_READ", ` + ok + `session_id: 77, tree_id: 5, filename: "dir\\report.txt", share: "\\\\srv\\data", fuid: "00000001-0001-0002-0003-000400000005"}`,
			`{id: 7, dialect: "3.11", command: "SMB2_COMMAND_CLOSE", ` + ok + `session_id: 77, tree_id: 5}`,
		}},
		"calls of version 2": {pipe2(), []string{
			`{id: 1, dialect: "unknown", command: "SMB2_COMMAND_TREE_CONNECT", ` + ok + `session_id: 77, tree_id: 5, named_pipe: "\\\\srv\\IPC$", share_type: "PIPE"}`,
			`{id: 2, dialect: "unknown", command: "SMB2_COMMAND_CREATE", ` + ok + `session_id: 77, tree_id: 5, filename: "atsvc", disposition: "FILE_CREATE", ` +
				`access: "delete on close", created: 1, accessed: 1, modified: 1, changed: 1, size: 1234, fuid: "00000002-0001-0002-0003-000400000005"}`,
			`{id: 3, dialect: "unknown", command: "SMB2_COMMAND_WRITE", ` + ok + `session_id: 77, tree_id: 5, dcerpc: {request: "BIND", response: "BINDACK", ` +
				`interfaces: [{uuid: "1ff70682-0a51-30e8-076d-740be8cee98b", version: "1.0", ack_result: 0, ack_reason: 0}], call_id: 1}}`,
			`{id: 4, dialect: "unknown", command: "SMB2_COMMAND_IOCTL", ` + ok + `session_id: 77, tree_id: 5, dcerpc: {request: "REQUEST", response: "RESPONSE", opnum: 5, ` +
				`req: {frag_cnt: 1, stub_data_size: 4}, interfaces: [{uuid: "1ff70682-0a51-30e8-076d-740be8cee98b", version: "1.0"}], res: {frag_cnt: 1, stub_data_size: 4}, call_id: 2}}`,
			`{id: 5, dialect: "unknown", command: "SMB2_COMMAND_IOCTL", ` + ok + `session_id: 77, tree_id: 5, function: "FSCTL_DFS_GET_REFERRALS"}`,
			`{id: 6, dialect: "unknown", command: "SMB2_COMMAND_CLOSE", ` + ok + `session_id: 77, tree_id: 5}`,
		}},
		"version 1": {share1(), []string{
			`{id: 1, dialect: "NT LM 0.12", command: "SMB1_COMMAND_NEGOTIATE_PROTOCOL", ` + ok + `session_id: 0, tree_id: 0, client_dialects: ["LANMAN1.0", "NT LM 0.12"], ` +
				`server_guid: "00000008-0001-0002-0003-000400000005"}`,
			`{id: 2, dialect: "NT LM 0.12", command: "SMB1_COMMAND_SESSION_SETUP_ANDX", status: "STATUS_MORE_PROCESSING_REQUIRED", status_code: "0xc0000016", session_id: 7, tree_id: 5, ` +
				`ntlmssp: {domain: "D", user: "u", host: "H", version: "10.0 build 19041 rev 15"}, request: {native_os: "Unix", native_lm: "Samba"}, response: {native_os: "Windows", native_lm: "LM"}}`,
			`{id: 3, dialect: "NT LM 0.12", command: "SMB1_COMMAND_TREE_CONNECT_ANDX", ` + ok + `session_id: 7, tree_id: 5, share: "\\srv\\PUBLIC", service: {request: "?????", response: "A:"}}`,
			`{id: 4, dialect: "NT LM 0.12", command: "SMB1_COMMAND_NT_CREATE_ANDX", ` + ok + `session_id: 7, tree_id: 5, filename: "\\eicar", disposition: "FILE_OVERWRITE_IF", ` +
				`access: "normal", created: 0, accessed: 0, modified: 0, changed: 0, size: 4096, fuid: "4001"}`,
			`{id: 5, dialect: "NT LM 0.12", command: "SMB1_COMMAND_WRITE_ANDX", session_id: 0, tree_id: 0, filename: "\\eicar", share: "\\srv\\PUBLIC", fuid: "4001"}`,
			`{id: 6, dialect: "NT LM 0.12", command: "SMB1_COMMAND_CLOSE", ` + ok + `session_id: 7, tree_id: 5}`,
			`{id: 7, dialect: "NT LM 0.12", command: "SMB1_COMMAND_TREE_CONNECT_ANDX", ` + ok + `session_id: 7, tree_id: 5, named_pipe: "\\srv\\IPC$", service: {request: "?????", response: "IPC"}}`,
			`{id: 8, dialect: "NT LM 0.12", command: "SMB1_COMMAND_NT_CREATE_ANDX", ` + ok + `session_id: 7, tree_id: 5, filename: "svcctl", disposition: "FILE_OVERWRITE_IF", ` +
				`access: "normal", created: 0, accessed: 0, modified: 0, changed: 0, size: 4096, fuid: "4002"}`,
			`{id: 9, dialect: "NT LM 0.12", command: "SMB1_COMMAND_WRITE_ANDX", ` + ok + `session_id: 7, tree_id: 5, dcerpc: {request: "BIND", response: "UNREPLIED", ` +
				`interfaces: [{uuid: "1ff70682-0a51-30e8-076d-740be8cee98b", version: "1.0", ack_result: 0, ack_reason: 0}], call_id: 1}}`,
			`{id: 10, dialect: "NT LM 0.12", command: "SMB1_COMMAND_ECHO", status: "UNKNOWN", status_code: "0x50002", session_id: 7, tree_id: 5}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			txs := parsed(t, c.messages).Txs()
			if len(txs) != len(c.want) {
				t.Errorf("%d transactions, want %d", len(txs), len(c.want))
			}
			for i, tx := range txs[:min(len(txs), len(c.want))] {
				if got := apptest.RecordText(tx.(*Tx)); got != c.want[i] {
					t.Errorf("record %d\n%s\nwant\n%s", i, got, c.want[i])
				}
			}
		})
	}
}

func TestFilesAreFollowed(t *testing.T) {
	txs := parsed(t, share2()).Txs()
	for _, c := range []struct {
		tx   int
		dir  decoders.Direction
		size uint64
		text string
	}{{4, toServer, 2006, "hello xx"}, {5, toClient, 7, "content"}} {
		tx := txs[c.tx].(*Tx)
		f, dir := tx.File(0)
		if f == nil || dir != c.dir || f.Size != c.size || f.State.String() != "CLOSED" || string(f.Name()) != `dir\report.txt` {
			t.Fatalf("file of transaction %d: %+v, %v", c.tx, f, dir)
		}
		piece, ok := tx.Stream(app.FileData.In(c.dir), 0)
		if !ok || !piece.EOF || !strings.HasPrefix(string(piece.Data), c.text) {
			t.Errorf("file.data %v %.20q", ok, piece.Data)
		}
		if name, ok := tx.Buffer(app.FileName.In(c.dir), 0); !ok || string(name) != `dir\report.txt` {
			t.Errorf("file.name %q", name)
		}
		if n, ok := tx.Integer(app.FileSize.In(c.dir), 0); !ok || n != c.size {
			t.Errorf("filesize %d", n)
		}
	}
	if f, _ := txs[0].(*Tx).File(0); f != nil {
		t.Error("a negotiation is a file")
	}
}

func TestBytesThatComeAgainAreAnOddityAndMissingOnesAGap(t *testing.T) {
	again := parsed(t, slices.Concat(create2(1, "a", 1), []apptest.Message{write2(2, 1, 0, "abcdef"), write2(3, 1, 4, "EFgh")})).Txs()
	tx := again[1].(*Tx)
	if f, _ := tx.File(0); f.Size != 8 || f.Gaps || !tx.HasEvent(EventFileOverlap) {
		t.Errorf("size %d, gaps %v, events %v", f.Size, f.Gaps, tx.AppendEvents(nil))
	}
	if piece, _ := tx.Stream(app.FileData, 0); string(piece.Data) != "abcdefgh" {
		t.Errorf("content %q", piece.Data)
	}
	left := parsed(t, slices.Concat(create2(1, "a", 1), []apptest.Message{write2(2, 1, 100, "late")}, close2(3, 1))).Txs()
	if f, _ := left[1].(*Tx).File(0); f.Size != 104 || !f.Gaps {
		t.Errorf("size %d, gaps %v", f.Size, f.Gaps)
	}
}

func TestFilesGoOnBehindLostBytes(t *testing.T) {
	s := parsed(t, create2(1, "a", 1))
	long := write2(2, 1, 0, strings.Repeat("x", 100000)).Data
	for _, in := range []app.Input{
		{Data: long[:1000], Dir: toServer},
		{Data: long[50000:], Dir: toServer, Gap: 49000},
		{Data: write2(3, 1, 100000, "end").Data, Dir: toServer},
	} {
		if r := s.Parse(in); r.Status != app.StatusOK {
			t.Fatalf("status %d", r.Status)
		}
	}
	if f, _ := s.Txs()[1].(*Tx).File(0); f.Size != 100003 || !f.Gaps {
		t.Errorf("size %d, gaps %v", f.Size, f.Gaps)
	}
	if r := s.Parse(app.Input{Data: long, Dir: toServer, Gap: 1}); r.Status != app.StatusError {
		t.Error("bytes of a header that are missing do not end the parsing")
	}
}

func TestTransactionsGiveWhatRulesAskFor(t *testing.T) {
	p := NewParser()
	files, calls, old := parsed(t, share2()).Txs(), parsed(t, pipe2()).Txs(), parsed(t, share1()).Txs()
	for _, c := range []struct {
		tx    app.Tx
		field string
		want  string
	}{
		{files[2], "smb.share", `\\srv\data`}, {files[2], "smb.named_pipe", ""}, {calls[0], "smb.named_pipe", `\\srv\IPC$`}, {calls[0], "smb.share", ""},
		{files[1], "smb.ntlmssp_user", "bob"}, {files[1], "smb.ntlmssp_domain", "DOM"}, {files[0], "smb.ntlmssp_user", ""},
		{files[3], "smb.version", "2"}, {old[3], "smb.version", "1"},
	} {
		if got, ok := apptest.Value(t, p, c.tx, toServer, c.field, 0); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%s of transaction %d is %q, want %q", c.field, c.tx.ID(), got, c.want)
		}
	}
	if _, ok := calls[2].Buffer(app.DCEInterface, 0); ok {
		t.Error("a bind is a call")
	}
	if b, ok := calls[3].Buffer(app.DCEInterface, 0); !ok || b[17] != 1 {
		t.Errorf("interface %x", b)
	}
	if n, ok := calls[3].Integer(app.DCEOpnum, 0); !ok || n != 5 {
		t.Errorf("operation %d", n)
	}
	if b, ok := calls[3].Buffer(app.DCEStubData, 0); !ok || string(b) != "stub" {
		t.Errorf("stub data %q", b)
	}
}

func TestWhatIsNoMessage(t *testing.T) {
	for _, c := range []struct {
		name string
		data string
		want app.Status
	}{
		{"an unknown type of record", "\x01\x00\x00\x05hello", app.StatusError},
		{"a record with another protocol", "\x00\x00\x00\x05hello", app.StatusError},
		{"a header that is too short", "\x00\x00\x00\x08\xfeSMBabcd", app.StatusError},
		{"a message that ends before its header does", string(record(strings.Replace(v2(false, v2Create, 0, 0, zeros(80)), u32(0)+u64(0)+u32(0)+u32(5), u32(48)+u64(0)+u32(0)+u32(5), 1))), app.StatusError},
		{"an encrypted message", "\x00\x00\x00\x08\xfdSMBabcd", app.StatusOK},
		{"a keep-alive", "\x85\x00\x00\x00", app.StatusOK},
		{"the start of a record", "\x00\x00\x01\x00\xfeSMB", app.StatusIncomplete},
	} {
		t.Run(c.name, func(t *testing.T) {
			if r := newParser().New().Parse(app.Input{Data: []byte(c.data)}); r.Status != c.want {
				t.Errorf("status %d, want %d", r.Status, c.want)
			}
		})
	}
}

func TestWhatIsWrittenToAPipeIsNoFile(t *testing.T) {
	messages := slices.Concat(
		treeConnect2(1, `\\srv\IPC$`, sharePipe),
		create2(2, "PSEXESVC", 2),
		[]apptest.Message{write2(3, 2, 0, "not a remote call"), answer2(v2Write, 3, 0, u16(17)+zeros(14))},
		read2(4, 2, 0, "nor this one"),
	)
	for _, tx := range parsed(t, messages).Txs() {
		if f, _ := tx.(*Tx).File(0); f != nil {
			t.Errorf("a file %q of %d bytes", f.Name(), f.Size)
		}
	}
}

// negotiate2 has the server allow maxRead and maxWrite bytes at a time.
func negotiate2(maxRead, maxWrite int) []apptest.Message {
	return []apptest.Message{
		request2(v2Negotiate, 0, u16(36)+u16(1)+zeros(32)+u16(0x0210)),
		answer2(v2Negotiate, 0, 0, u16(65)+u16(1)+u16(0x0210)+u16(0)+zeros(16)+u32(0)+u32(1<<20)+u32(maxRead)+u32(maxWrite)),
	}
}

func limited() *Parser {
	c := DefaultConfig()
	c.MaxReadSize, c.MaxWriteSize = 1000, 1000
	c.MaxReadQueueSize, c.MaxWriteQueueSize, c.MaxReadQueueCount, c.MaxWriteQueueCount = 3000, 3000, 3, 3
	c.MaxTransactions = 4
	return NewParserWith(c)
}

func TestWhatGoesBeyondTheLimitsIsAnEvent(t *testing.T) {
	open := slices.Concat(negotiate2(1000, 500), treeConnect2(1, `\\srv\data`, 1), create2(2, "a", 1))
	long := strings.Repeat("x", 900)
	requests := func(n int) (m []apptest.Message) {
		for i := range n {
			m = append(m, request2(v2Create+100, 50+i, zeros(8)))
		}
		return m
	}
	for _, c := range []struct {
		name     string
		messages []apptest.Message
		want     []app.Event
	}{
		{"agreed sizes within them", open, nil},
		{"agreed sizes", negotiate2(1001, 1001), []app.Event{EventNegotiateMaxReadSizeTooLarge, EventNegotiateMaxWriteSizeTooLarge}},
		{"a write larger than agreed on", slices.Concat(open, []apptest.Message{write2(3, 1, 0, strings.Repeat("x", 501))}), []app.Event{EventWriteRequestTooLarge}},
		{"a write as large as agreed on", slices.Concat(open, []apptest.Message{write2(3, 1, 0, strings.Repeat("x", 500))}), nil},
		{"an answer larger than allowed", slices.Concat(create2(2, "a", 1), []apptest.Message{
			request2(v2Read, 3, u16(49)+zeros(2)+u32(10)+u64(0)+guid(1)+zeros(16)),
			answer2(v2Read, 3, 0, u16(17)+string([]byte{readV2, 0})+u32(1001)+zeros(8)+strings.Repeat("x", 1001)),
		}), []app.Event{EventReadResponseTooLarge}},
		{"a request to read more than allowed", []apptest.Message{
			request2(v2Close, 2, zeros(24)), request2(v2Read, 3, u16(49)+zeros(2)+u32(1001)+u64(0)+guid(1)+zeros(16)),
		}, []app.Event{EventReadRequestTooLarge}},
		{"pieces that wait", slices.Concat(open, []apptest.Message{
			write2(3, 1, 10, "a"), write2(4, 1, 20, "b"), write2(5, 1, 30, "c"), write2(6, 1, 40, "d"),
		}), []app.Event{EventWriteQueueCntExceeded}},
		{"bytes that wait", slices.Concat(create2(2, "a", 1), read2(3, 1, 1000, long), read2(4, 1, 2000, long), read2(5, 1, 3000, long), read2(6, 1, 4000, long)),
			[]app.Event{EventReadQueueSizeExceeded}},
		{"as many transactions", requests(4), nil},
		{"transactions", requests(5), []app.Event{EventTooManyTransactions}},
		{"a request from the server", []apptest.Message{{Dir: toClient, Data: request2(v2Close, 3, zeros(24)).Data}}, []app.Event{EventRequestToClient}},
		{"an answer from the client", []apptest.Message{{Dir: toServer, Data: answer2(v2Close, 3, 0, zeros(60)).Data}}, []app.Event{EventResponseToServer}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := limited().New()
			for _, m := range c.messages {
				if r := s.Parse(app.Input{Data: m.Data, Dir: m.Dir}); r.Status != app.StatusOK && c.name != "transactions" {
					t.Fatalf("status %d", r.Status)
				}
			}
			var got []app.Event
			for _, tx := range s.Txs() {
				got = tx.AppendEvents(got)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("events %v, want %v", got, c.want)
			}
		})
	}
}

func TestPiecesOfAFileMayComeInAnyOrder(t *testing.T) {
	p := NewParser()
	s := p.New()
	for _, m := range slices.Concat(create2(1, "a", 1), []apptest.Message{
		write2(2, 1, 0, "one "), write2(3, 1, 8, "three "), write2(4, 1, 14, "four"), write2(5, 1, 4, "two "),
	}) {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
	}
	tx := s.Txs()[1].(*Tx)
	if piece, _ := tx.Stream(app.FileData, 0); string(piece.Data) != "one two three four" || tx.content.Gaps || tx.events != 0 {
		t.Errorf("content %q, gaps %v, events %v", piece.Data, tx.content.Gaps, tx.AppendEvents(nil))
	}
	if p.queued != 0 {
		t.Errorf("%d bytes wait", p.queued)
	}
}

func TestPiecesThatWaitAreForgottenWithTheFlow(t *testing.T) {
	p := NewParser()
	s := p.New()
	for _, m := range slices.Concat(create2(1, "a", 1), []apptest.Message{write2(2, 1, 100, "late"), write2(3, 1, 300, "later")}) {
		s.Parse(app.Input{Data: m.Data, Dir: m.Dir})
	}
	if p.queued != 9 {
		t.Errorf("%d bytes wait", p.queued)
	}
	s.Reset()
	if p.queued != 0 {
		t.Errorf("%d bytes wait behind the end of the flow", p.queued)
	}
}
